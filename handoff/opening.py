"""How a request for a person is made: its priority, what it carries for whoever takes it, and its place in line."""

import re
from datetime import datetime
from typing import Any

from conversations.assistant.signals import EMAIL, IDENTIFIER
from conversations.lifecycle import Reason as ConversationReason
from conversations.lifecycle import Status
from conversations.models import Conversation, Customer, Role, TurnRecord

from . import waits
from .matters import matter_of
from .models import CARRIED, OPEN, Agent, Handoff, HandoffEvent, HandoffSettings, Reason
from .priority import Facts, priority

BILLING = "billing_question"
LOOKED_AT = 40  # of her messages, for the orders and addresses she named
MOST_NAMED = 10


def open_handoff(
    conversation: Conversation,
    reason: Reason,
    evidence: dict[str, Any],
    *,
    now: datetime,
    intent: str = "",
    failed_attempts: int = 0,
    agent: Agent | None = None,
) -> Handoff:
    """Requests a person for a conversation whose row is locked; with `agent`, she has it at once and nobody waits.
    `intent` is that of a turn which is not on record yet."""
    end_left(conversation, now)
    intents = _intents(conversation, intent)
    level, steps = priority(_facts(conversation, intents, now), HandoffSettings.current())
    handoff = Handoff(
        conversation=conversation,
        episode=conversation.episode,
        reason=reason,
        evidence=evidence,
        base_priority=level,
        priority_reasons=steps,
        context=_context(conversation, intents, failed_attempts, now),
        trigger_seq=_last_carried(conversation, evidence["seq"]),
        brief_due_at=now,
        created_at=now,
    )
    if agent:
        handoff.status, handoff.agent, handoff.claimed_at = Handoff.Status.ASSIGNED, agent, now
    handoff.save(force_insert=True)
    HandoffEvent.objects.create(handoff=handoff, kind=HandoffEvent.Kind.REQUESTED, agent=agent, at=now)
    if agent is None:
        _foretell(handoff, now)
    return handoff


def _last_carried(conversation: Conversation, seen_in: int | None) -> int:
    newest = conversation.last_public_seq
    return newest if seen_in is None else min(newest, seen_in + CARRIED - 1)


def end_left(conversation: Conversation, now: datetime) -> int:
    """Ends the handoffs that the conversation has left behind, as the move by which it left them says. None of its open
    rows may be of the stay that begins now."""
    ended = 0
    for handoff in conversation.handoffs.filter(status__in=OPEN).select_related("agent"):
        left = conversation.transitions.filter(old=Status.ESCALATED, at__gte=handoff.created_at)
        move = left.order_by("at", "pk").first()
        status, kind, at = (*_ends_as(move.reason), move.at) if move else (*_ends_as(""), now)
        if conversation.handoffs.filter(pk=handoff.pk, status__in=OPEN).update(status=status, ended_at=at):
            HandoffEvent.objects.create(handoff=handoff, kind=kind, agent=handoff.agent, at=at)
            ended += 1
    return ended


def _ends_as(reason: str) -> tuple[Handoff.Status, HandoffEvent.Kind]:
    match reason:
        case ConversationReason.RESOLVED:
            return Handoff.Status.RESOLVED, HandoffEvent.Kind.RESOLVED
        case ConversationReason.RETURNED:
            return Handoff.Status.RETURNED, HandoffEvent.Kind.RETURNED
    return Handoff.Status.ENDED, HandoffEvent.Kind.ENDED


def _intents(conversation: Conversation, newest: str) -> list[str]:
    """What she has wanted in this episode, the newest last."""
    routed = TurnRecord.objects.filter(conversation=conversation, episode=conversation.episode)
    return [*filter(None, [*routed.order_by("seq").values_list("intent", flat=True), newest])]


def _facts(conversation: Conversation, intents: list[str], now: datetime) -> Facts:
    return Facts(
        premium=conversation.customer.tier == Customer.Tier.PREMIUM,
        billing=matter_of(intents) == BILLING,
        age=now - conversation.opened_at,
    )


def _context(conversation: Conversation, intents: list[str], failed_attempts: int, now: datetime) -> dict[str, Any]:
    """What whoever takes over should not have to ask again."""
    customer = conversation.customer
    hers = conversation.messages.filter(role=Role.CUSTOMER, created_at__gte=conversation.opened_at)
    said = "\n".join(hers.order_by("-seq").values_list("body", flat=True)[:LOOKED_AT][::-1])
    return {
        "customer": {"name": customer.name, "email": customer.email, "verified": customer.verified},
        "tier": customer.tier,
        "intents": list(dict.fromkeys(reversed(intents)))[::-1],  # each once, the newest last
        "identifiers": _named(IDENTIFIER, EMAIL.sub(" ", said)),
        "emails": _named(EMAIL, said),
        "age_seconds": int((now - conversation.opened_at).total_seconds()),
        "failed_attempts": failed_attempts,
    }


def _named(kind: re.Pattern[str], said: str) -> list[str]:
    return list(dict.fromkeys(kind.findall(said)))[:MOST_NAMED]


def _foretell(handoff: Handoff, now: datetime) -> None:
    """Keeps what she is told about the wait."""
    place = waits.place_of(handoff, now)
    assert place is not None, "a handoff in no line: its conversation is not escalated"
    handoff.place, handoff.agents_there = place.position, place.agents
    handoff.estimate_low, handoff.estimate_high = place.wait["low"], place.wait["high"]
    handoff.save(update_fields=["place", "agents_there", "estimate_low", "estimate_high"])
