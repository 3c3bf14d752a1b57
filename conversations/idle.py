"""Silence and age: the sweep that reminds, closes and marks overdue, as of a moment it is told."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from . import endings, live
from .lifecycle import Reason, Status
from .models import Conversation, DeskSettings, Role, Transition
from .models.conversation import ConversationQuerySet
from .posting import append

log = logging.getLogger(__name__)

BATCH = 200  # conversations of a kind that one sweep takes; the next one comes soon


def sweep(as_of: datetime) -> dict[str, int]:
    """Does what silence and age ask for, and returns how often each. Safe to run twice, and beside another."""
    desk = DeskSettings.current()
    quiet_since = as_of - timedelta(minutes=desk.idle_after_minutes)
    opened_by = as_of - timedelta(hours=desk.max_age_hours)
    found = Conversation.objects.all()
    closing = partial(endings.end, actor=Transition.SYSTEM, now=as_of)
    return {
        "overdue": _each(found.kept_waiting_since(opened_by), partial(_mark_overdue, now=as_of)),
        "too_old": _each(found.past_their_time(opened_by, quiet_since), partial(closing, reason=Reason.MAX_AGE)),
        "left": _each(found.unanswered_reminder_since(quiet_since), partial(closing, reason=Reason.INACTIVITY)),
        "reminded": _each(found.silent_since(quiet_since), partial(_remind, text=desk.reminder, now=as_of)),
    }


def _each(due: ConversationQuerySet, act: Callable[[Conversation], None]) -> int:
    """Acts on each conversation that is due, in a transaction of its own: one that fails does not stop the others."""
    done = 0
    for pk in due.order_by("last_activity_at").values_list("pk", flat=True)[:BATCH]:
        try:
            with transaction.atomic():
                # Asked again under its lock: she may have written since.
                conversation = due.select_for_update().filter(pk=pk).first()
                if conversation is not None:
                    act(conversation)
                    done += 1
        except Exception:
            log.exception("the idle sweep failed at conversation %s", pk)
    return done


def _remind(conversation: Conversation, *, text: str, now: datetime) -> None:
    append(conversation, role=Role.SYSTEM, body=text, now=now)
    conversation.move(Status.IDLE, reason=Reason.SILENT, actor=Transition.SYSTEM, now=now)


def _mark_overdue(conversation: Conversation, *, now: datetime) -> None:
    conversation.overdue_at = now
    conversation.save(update_fields=["overdue_at"])
    live.announce_queue()
