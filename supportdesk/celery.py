"""The Celery app and its whole beat schedule. Sweeps own the work: a tick that is lost is made up by the next."""

import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")

from celery import Celery

app = Celery("supportdesk", include=["supportdesk.health"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["conversations", "handoff", "analytics"])


def every(seconds: float, task: str) -> dict[str, object]:
    # A tick that waited in the queue for longer than its period is stale; the next does its work.
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5)}}


app.conf.beat_schedule = {
    "show that work is done": every(5, "supportdesk.health.heartbeat"),
    "remind the silent": every(10, "conversations.tasks.sweep_idle"),
    "retake lost turns": every(5, "handoff.tasks.retake_turns"),
    "write briefs": every(2, "handoff.tasks.write_briefs"),
    "tidy the queue": every(5, "handoff.tasks.tidy_queue"),
}


def in_one_line(record: logging.LogRecord) -> bool:
    """Beat logs two stacks for each tick that the broker did not take; one line says as much."""
    if record.exc_info and record.exc_info[1]:
        record.msg, record.args, record.exc_info = "a tick was not sent: %s", (record.exc_info[1],), None
    return True


logging.getLogger("celery.beat").addFilter(in_one_line)
