"""What Celery runs for conversations; supportdesk/celery.py says how often."""

from celery import shared_task
from django.utils import timezone

from . import idle


@shared_task
def sweep_idle() -> None:
    idle.sweep(timezone.now())
