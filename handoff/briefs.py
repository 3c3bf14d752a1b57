"""The brief for whoever takes over: written after the handoff, which never waits for it."""

import logging
import threading
import time
from datetime import datetime, timedelta

from django.db.models import F

from conversations import live
from conversations.assistant import summaries

from .matters import matters
from .models import OPEN, Handoff

log = logging.getLogger(__name__)

AT_ONCE = 5  # briefs a sweep
LEASE = timedelta(seconds=60)  # longer than a brief may take; a process that dies over one delays it by this
MOST_ATTEMPTS = 3


_at_work = threading.Lock()


def write_due(as_of: datetime) -> int:
    """Writes the briefs that are due, and returns how many it wrote: none while an earlier sweep of this process is at
    it still, because a slow model must not take the threads of the other sweeps."""
    if not _at_work.acquire(blocking=False):
        return 0
    try:
        return _write_due(as_of)
    finally:
        _at_work.release()


def _write_due(as_of: datetime) -> int:
    began = time.monotonic()
    Handoff.objects.filter(brief_due_at__lte=as_of).exclude(status__in=OPEN).update(
        brief_due_at=None
    )  # nobody reads it
    due = Handoff.objects.filter(brief_due_at__lte=as_of).select_related("conversation__customer")
    # Each lease runs from its own beginning: those before it may have taken long.
    return sum(
        _write(handoff, as_of + timedelta(seconds=time.monotonic() - began))
        for handoff in due.order_by("brief_due_at")[:AT_ONCE]
    )


def _write(handoff: Handoff, as_of: datetime) -> bool:
    # Compare and set: of two sweeps one writes it.
    mine = Handoff.objects.filter(pk=handoff.pk, brief_due_at=handoff.brief_due_at)
    if not mine.update(brief_due_at=as_of + LEASE, brief_attempts=F("brief_attempts") + 1):
        return False
    try:
        text, engine = summaries.brief(
            handoff.conversation,
            handoff.carried(),
            reason=handoff.get_reason_display(),
            intents=matters(handoff.context.get("intents", [])),
        )
    except Exception:  # whatever it was, the handoff goes on, and the sweep comes back to it
        log.exception("the brief of %s was not written", handoff)
        if handoff.brief_attempts + 1 >= MOST_ATTEMPTS:
            _give_up(handoff)
        return False
    _keep(handoff, text, engine)
    return True


def _keep(handoff: Handoff, text: str, engine: str) -> None:
    Handoff.objects.filter(pk=handoff.pk).update(summary=text, summary_engine=engine, brief_due_at=None)
    live.announce_handoff(handoff.conversation_id)
    live.announce_queue()


def _give_up(handoff: Handoff) -> None:
    """The evidence stands in the brief's place; the agent has the messages too."""
    seen = "; ".join(handoff.evidence.get("seen", []))
    _keep(handoff, f"Why: {handoff.get_reason_display()}. {seen}".strip(), "local")
