"""Real dialogues, held again through a running desk's own doors, with an account of every message."""
