"""Nobody waits for nobody: what a dead process, a departed agent or another way out has left is put right."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef

from conversations import live
from conversations.actors import ANSWER
from conversations.lifecycle import Status
from conversations.models import Conversation, Transition
from conversations.posting import Refused

from . import inbox
from .escalation import Evidence, tell_connecting
from .models import OPEN, Agent, Handoff, HandoffSettings, Reason
from .opening import end_left, open_handoff
from .waits import tell_line

log = logging.getLogger(__name__)

AT_ONCE = 100  # of each kind a sweep


def tidy(as_of: datetime, *, up_since: datetime | None = None) -> int:
    """Puts right what does not fit together, and tells the line where everybody stands by now. Returns how much there
    was to put right; a second sweep at the same time finds nothing more to do. Agents have been heard since the desk
    is up, from `up_since` on (None: always)."""
    orphaned, deserted = _each(_orphaned(), _free, as_of), _each(_deserted(as_of, up_since), _free_deserted, as_of)
    count = _each(_left(), _end_left, as_of) + orphaned + deserted + _each(_forgotten(), _connect, as_of)
    if count:
        live.announce_queue()
    tell_line(as_of, only_news=True)
    return count


def _each(found: Iterable[UUID], put_right: Callable[[UUID, datetime], bool], as_of: datetime) -> int:
    """Puts each right by itself: one that fails does not stop the others."""
    done = 0
    for pk in list(islice(found, AT_ONCE)):
        try:
            done += put_right(pk, as_of)
        except Exception:
            log.exception("%s could not be put right", pk)
    return done


# --- Handoffs that their conversation has left: its customer ended it, or its age did ------------------------------


def _left() -> Iterable[UUID]:
    left = Handoff.objects.filter(status__in=OPEN).exclude(conversation__status=Status.ESCALATED)
    return left.values_list("conversation_id", flat=True)


def _end_left(conversation_id: UUID, as_of: datetime) -> bool:
    with transaction.atomic():
        conversation = Conversation.objects.lock(conversation_id)
        return conversation.status != Status.ESCALATED and end_left(conversation, as_of) > 0


# --- Handoffs whose agent is gone: deleted, deactivated, or without the right to answer ------------------------------


def _orphaned() -> Iterable[UUID]:
    answering = User.objects.with_perm(ANSWER, backend="django.contrib.auth.backends.ModelBackend")
    assigned = Handoff.objects.open().filter(status=Handoff.Status.ASSIGNED)
    return assigned.exclude(agent__in=Agent.objects.filter(user__in=answering)).values_list("pk", flat=True)


def _free(handoff_id: UUID, as_of: datetime) -> bool:
    try:
        inbox.free(handoff_id, now=as_of)
    except Refused:
        return False  # it ended meanwhile
    return True


# --- Handoffs whose agent has vanished, her inbox with her, while the customer waits for words -----------------------


def _deserted(as_of: datetime, up_since: datetime | None) -> Iterable[UUID]:
    if up_since and up_since > _absent_since(as_of):
        return ()  # after an outage inboxes need a moment to be back: nobody could be seen meanwhile
    return Handoff.objects.deserted(_absent_since(as_of)).values_list("pk", flat=True)


def _free_deserted(handoff_id: UUID, as_of: datetime) -> bool:
    return inbox.free_deserted(handoff_id, absent_since=_absent_since(as_of), now=as_of)


def _absent_since(as_of: datetime) -> datetime:
    return as_of - timedelta(minutes=HandoffSettings.current().absent_after_minutes)


# --- Conversations that wait for a person whom nobody has asked for: there should be none ----------------------------


def _forgotten() -> Iterable[UUID]:
    requested = Handoff.objects.filter(conversation=OuterRef("pk"), status__in=OPEN)
    forgotten = Conversation.objects.filter(~Exists(requested), status=Status.ESCALATED)
    return forgotten.values_list("pk", flat=True)


def _connect(conversation_id: UUID, as_of: datetime) -> bool:
    with transaction.atomic():
        conversation = Conversation.objects.lock(conversation_id)
        if conversation.status != Status.ESCALATED or conversation.handoffs.filter(status__in=OPEN).exists():
            return False
        evidence = Evidence(["It waited for a person, but nobody had been asked for"], conversation.last_public_seq)
        reason = _reason_of(conversation)
        tell_connecting(open_handoff(conversation, reason, asdict(evidence), now=as_of), as_of)
        return True


def _reason_of(conversation: Conversation) -> Reason:
    """Why it was escalated, as its last move says."""
    move = Transition.objects.filter(conversation=conversation, new=Status.ESCALATED).last()
    return Reason(move.reason) if move and move.reason in Reason.values else Reason.ASSISTANT_UNAVAILABLE
