"""The desk's secrets: from the environment, or made at the first start and kept in the data folder."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def kept_secret(name: str, folder: Path) -> str:
    """The secret called `name`. Raises ImproperlyConfigured rather than work with an empty one."""
    if value := os.environ.get(name, ""):
        return value
    path = folder / f"{name.lower()}.txt"
    if not path.exists():
        # Whole, and ours alone to read, before it has its name: nobody ever finds half of it.
        with tempfile.NamedTemporaryFile("w", dir=folder) as draft:
            draft.write(secrets.token_urlsafe(50))
            draft.flush()
            with suppress(FileExistsError):  # another process was quicker; its secret is everybody's
                os.link(draft.name, path)
    if not (value := path.read_text().strip()):
        raise ImproperlyConfigured(f"{path} is empty: remove it, or set {name}.")
    return value
