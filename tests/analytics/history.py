"""Conversations that were, made row by row, so that a test knows what every figure over them must be."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from typing import Any

from django.core.management import call_command

from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Customer, Message, Role, Transition, TurnRecord
from handoff.models import Handoff
from handoff.models import Reason as HandoffReason

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)  # a Friday, in working hours
ROLES = {
    "c": Role.CUSTOMER,
    "a": Role.ASSISTANT,
    "?": Role.ASSISTANT,  # says that it does not know
    "p": Role.AGENT,
    "s": Role.SYSTEM,
    "n": Role.NOTE,
}
_tokens = count()


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def opened(
    at: datetime = NOW - timedelta(hours=1),
    *,
    said: str = "",
    intents: tuple[str, ...] = (),
    closed_after: float | None = None,
    reason: Reason = Reason.RESOLVED,
    rating: int | None = None,
    **fields: Any,
) -> Conversation:
    """A conversation opened `at`, in which `said` was said ("cap": the customer, the assistant, a person), closed after
    so many minutes."""
    customer = Customer.objects.create(name="Cleo")
    conversation = Conversation.objects.create(
        customer=customer,
        token_hash=f"none-{next(_tokens)}",
        token_expires_at=at,
        created_at=at,
        opened_at=at,
        last_activity_at=at,
        rating=rating,
        last_seq=len(said),
        last_public_seq=len(said),
        last_customer_seq=said.rfind("c") + 1,
        **fields,
    )
    moved(conversation, "", Status.ACTIVE, Reason.OPENED, at)
    for seq, letter in enumerate(said, start=1):
        Message.objects.create(conversation=conversation, seq=seq, role=ROLES[letter], body="Hello", created_at=at)
        if letter in "a?":
            outcome = TurnRecord.Outcome.ANSWERED if letter == "a" else TurnRecord.Outcome.FALLBACK
            TurnRecord.objects.create(
                conversation=conversation, seq=said.rfind("c", 0, seq) + 1, outcome=outcome, created_at=at
            )
    for number, intent in enumerate(intents):
        TurnRecord.objects.create(
            conversation=conversation, seq=100 + number, intent=intent, outcome="answered", created_at=at
        )
    if closed_after is not None:
        closed(conversation, at + minutes(closed_after), reason)
    return conversation


def closed(conversation: Conversation, at: datetime, reason: Reason = Reason.RESOLVED) -> None:
    old = conversation.status
    conversation.status, conversation.closed_at, conversation.close_reason = Status.CLOSED, at, reason
    conversation.save()
    moved(conversation, old, Status.CLOSED, reason, at)


def reopened(conversation: Conversation, at: datetime) -> None:
    conversation.status, conversation.closed_at, conversation.close_reason = Status.ACTIVE, None, ""
    conversation.episode += 1
    conversation.opened_at = at
    conversation.save()
    moved(conversation, Status.CLOSED, Status.ACTIVE, Reason.REOPENED, at)


def handed_off(
    conversation: Conversation,
    *,
    after: float = 0,
    reason: HandoffReason = HandoffReason.HUMAN_REQUESTED,
    claimed_after: float | None = None,
    answered_after: float | None = None,
    told: tuple[int, int] | None = None,
) -> Handoff:
    """A person was asked for `after` minutes; an agent took it, and spoke, so many minutes after that."""
    at = conversation.created_at + minutes(after)
    conversation.escalated_at = conversation.escalated_at or at
    conversation.save()
    return Handoff.objects.create(
        conversation=conversation,
        status=Handoff.Status.RESOLVED,
        reason=reason,
        trigger_seq=1,
        created_at=at,
        claimed_at=None if claimed_after is None else at + minutes(claimed_after),
        first_reply_at=None if answered_after is None else at + minutes(answered_after),
        estimate_low=told and told[0],
        estimate_high=told and told[1],
    )


def moved(conversation: Conversation, old: str, new: str, reason: str, at: datetime) -> None:
    Transition.objects.create(
        conversation=conversation,
        episode=conversation.episode,
        old=old,
        new=new,
        reason=reason,
        actor=Transition.SYSTEM,
        at=at,
    )


def seed(**options: Any) -> str:
    """400 conversations of the five days before NOW, unless something else is asked for; returns what it says."""
    out = StringIO()
    call_command("seed", stdout=out, **{"conversations": 400, "days": 5, "until": NOW.isoformat(), **options})
    return out.getvalue()
