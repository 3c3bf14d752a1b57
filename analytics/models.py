"""What is kept of what was counted."""
