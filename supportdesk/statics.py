"""Collects the pages' static files, hashed and compressed, when any of them changed since the last time."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

UNUSED = ["redoc", "rest_framework"]  # pages of packages that the desk does not show


def collect() -> None:
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    now = fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=UNUSED)
    stamp.write_text(now)


def fingerprint() -> str:
    """Names, sizes and times of every source: cheap to take, and different when a file is, or how they are named."""
    digest = hashlib.sha256(Path(__file__).with_name("storage.py").read_bytes())
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
