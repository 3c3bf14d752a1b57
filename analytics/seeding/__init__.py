"""A history that never happened, for demonstrations and measurements; `manage.py seed` writes it."""
