"""The sweeps that see to it that nobody waits for nobody; the schedule is in supportdesk/celery.py."""

from datetime import datetime

from celery import shared_task
from django.utils import timezone

from conversations import turns

from .briefs import write_due
from .escalation import escalate
from .rescue import tidy

UP_SINCE = timezone.now()  # this worker, and with it, as a rule, the desk


@shared_task
def retake_turns(as_of: datetime | None = None) -> None:
    turns.retake(as_of or timezone.now(), escalate=escalate)


@shared_task
def write_briefs(as_of: datetime | None = None) -> None:
    write_due(as_of or timezone.now())


@shared_task
def tidy_queue(as_of: datetime | None = None) -> None:
    tidy(as_of or timezone.now(), up_since=UP_SINCE)
