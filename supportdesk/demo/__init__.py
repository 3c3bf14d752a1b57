"""Fernwhistle, a woollen mill that never was: a shop to try the desk with. Its words are in the files beside this."""
