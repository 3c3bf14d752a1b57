"""The composition root: it wires, it never decides."""

from .celery import app as celery_app

__all__ = ["celery_app"]
