"""RULES: the first that objects to the assistant going on wins, and leaves its evidence.

A rule is a function of the turn and the thresholds; a new one is written here and put into RULES with its reason.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Final

from django.db.models import Max
from django.utils import timezone

from conversations import live
from conversations.assistant import signals
from conversations.assistant.shipped import HUMAN
from conversations.assistant.turn import Outcome, Turn
from conversations.lifecycle import Status
from conversations.models import DeskSettings, Message, Role, Transition
from conversations.posting import append

from .models import Handoff, HandoffSettings, Reason
from .opening import open_handoff
from .waits import refresh_line

CONNECTING = "I'm connecting you with a human agent. Please wait…"


@dataclass(frozen=True)
class Evidence:
    """What a rule saw; stored with the handoff and shown to the agent."""

    seen: list[str]
    seq: int | None  # of the message it was seen in, the newest of them; None: in none, somebody pressed a button
    value: float | None = None  # with what it is compared …
    threshold: float | None = None  # … and what calls a person


Rule = Callable[[Turn, HandoffSettings], Evidence | None]


def asked_for_person(turn: Turn, settings: HandoffSettings) -> Evidence | None:
    if turn.asked:
        pressed = f"{turn.asked_by} asked for a person" if turn.asked_by else "Pressed the button for a person"
        return Evidence([pressed], None)
    for message in reversed(_unanswered(turn)):
        if phrase := _extra_phrase(message.body, settings):
            return Evidence([f"Said “{phrase}”"], message.seq)
        signal = signals.asks_for_person(message.body)
        if signal.score >= signals.YES:
            return Evidence(signal.evidence, message.seq, signal.score, signals.YES)
    routing, floor = turn.routing, DeskSettings.current().confidence_floor
    if routing and routing.handler == HUMAN and routing.confidence >= floor:
        understood = f"Understood as asking for a person ({routing.confidence:.2f})"
        return Evidence([understood], turn.seq, routing.confidence, floor)
    return None


def failed_repeatedly(turn: Turn, settings: HandoffSettings) -> Evidence | None:
    failed, most = turn.failed_attempts, settings.failed_attempts
    if failed < most:
        return None
    return Evidence([f"{failed} answers in a row did not help"], turn.seq, failed, most)


def frustrated(turn: Turn, settings: HandoffSettings) -> Evidence | None:
    hers = [message for message in turn.history if message.role == Role.CUSTOMER]
    felt = [(message, signals.frustration(message.body)) for message in hers[-settings.frustration_window :]]
    felt = [(message, signal) for message, signal in felt if signal.score >= signals.YES]
    if len(felt) < settings.frustrated_messages:
        return None
    seen = [f"Message {message.seq}: {', '.join(signal.evidence)}" for message, signal in felt]
    return Evidence(seen, felt[-1][0].seq, len(felt), settings.frustrated_messages)


def too_complex(turn: Turn, settings: HandoffSettings) -> Evidence | None:
    signal = signals.complexity(turn)
    if signal.score <= settings.complexity:
        return None
    return Evidence(signal.evidence, turn.seq, signal.score, settings.complexity)


def assistant_failed(turn: Turn, settings: HandoffSettings) -> Evidence | None:
    if turn.draft is None or turn.draft.outcome is not Outcome.FAILED:
        return None
    return Evidence([turn.draft.error or "The assistant failed"], turn.seq)


def assistant_handed_over(turn: Turn, settings: HandoffSettings) -> Evidence | None:
    if turn.draft is None or turn.draft.outcome is not Outcome.HAND_OVER:
        return None
    return Evidence([str(turn.draft.data.get("why") or "The assistant asked for a person")], turn.seq)


RULES: Final[tuple[tuple[Reason, Rule], ...]] = (
    (Reason.HUMAN_REQUESTED, asked_for_person),
    (Reason.FAILED_ATTEMPTS, failed_repeatedly),
    (Reason.FRUSTRATION, frustrated),
    (Reason.COMPLEXITY, too_complex),
    (Reason.ASSISTANT_UNAVAILABLE, assistant_failed),
    (Reason.HANDED_OVER, assistant_handed_over),
)


def escalate(turn: Turn) -> bool:
    """Hands the conversation to a person if a rule objects; conversations.turns.Escalate says when it is called."""
    if turn.conversation.status == Status.ESCALATED:
        return True  # a person has it, or it stands in line
    if (objection := first_objection(turn)) is None:
        return False
    connect(turn, *objection)
    return True


def first_objection(turn: Turn) -> tuple[Reason, Evidence] | None:
    settings, turn = HandoffSettings.current(), _since_last_person(turn)
    for reason, rule in RULES:
        if evidence := rule(turn, settings):
            return reason, evidence
    return None


def connect(turn: Turn, reason: Reason, evidence: Evidence) -> Handoff:
    """Puts the conversation in line, and tells its customer and the inbox."""
    now, conversation = timezone.now(), turn.conversation
    actor = Transition.CUSTOMER if reason is Reason.HUMAN_REQUESTED else Transition.ASSISTANT
    if turn.asked_by:
        actor = Transition.AGENT
    conversation.move(Status.ESCALATED, reason=reason, actor=actor, user=turn.asked_by, now=now)
    handoff = open_handoff(
        conversation,
        reason,
        asdict(evidence),
        intent=turn.routing.intent if turn.routing else "",
        failed_attempts=turn.failed_attempts,
        now=now,
    )
    tell_connecting(handoff, now)
    return handoff


def tell_connecting(handoff: Handoff, now: datetime) -> None:
    data = {
        "ticket": handoff.ticket,
        "position": handoff.place,
        "estimated_wait": {"low": handoff.estimate_low, "high": handoff.estimate_high},
    }
    append(handoff.conversation, role=Role.SYSTEM, body=CONNECTING, data=data, now=now)
    live.announce_queue()
    refresh_line()


def _since_last_person(turn: Turn) -> Turn:
    """The turn without what an earlier episode, or an agent who handed back, has dealt with: it calls nobody again."""
    conversation = turn.conversation
    dealt_with = conversation.handoffs.aggregate(at=Max("ended_at"))["at"]
    since = max(filter(None, (dealt_with, conversation.opened_at)))
    since_then = replace(turn, history=[message for message in turn.history if message.created_at >= since])
    return replace(since_then, text="\n".join(message.body for message in _unanswered(since_then)))


def _unanswered(turn: Turn) -> list[Message]:
    """What she has said since the last reply, oldest first."""
    hers = takewhile(lambda message: message.role == Role.CUSTOMER, reversed(turn.history))
    return list(hers)[::-1]


def _extra_phrase(text: str, settings: HandoffSettings) -> str | None:
    """The admin's phrase that `text` holds, as whole words."""
    said = f" {_plain(text)} "
    phrases = filter(None, map(_plain, settings.extra_phrases.splitlines()))
    return next((phrase for phrase in phrases if f" {phrase} " in said), None)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))
