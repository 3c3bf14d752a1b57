"""The line: who stands where in it, how long that will take, and what its customer is told."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Any, Self
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from conversations import live
from conversations.lifecycle import Status
from conversations.models import Conversation

from .models import OPEN, Agent, Handoff, HandoffEvent, HandoffSettings, Reason
from .priority import aged, ageing_reason

LATELY = (timedelta(hours=2), timedelta(weeks=3))  # the shortest span that holds enough claims tells the pace
ENOUGH = 5  # claims
NEWEST = 200  # claims that are looked at
REPEATED = timedelta(minutes=1)
UNKNOWN = (60.0, 300.0)  # the pace of a desk without a history: a wide range, because nobody knows


# --- How long it takes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pace:
    """What a round of the line takes, in seconds, at best and at worst; a round serves as many as there are agents."""

    low: float
    high: float
    agents: int

    @classmethod
    def of(cls, as_of: datetime) -> Self:
        """The pace of the last claims: of ten customers, one was served sooner and one later. While no agent is there,
        nobody knows when one will be, so no range is told that is closer than the one for a desk without a history."""
        agents = Agent.objects.there(as_of).count()
        at_least = (0.0, 0.0) if agents else UNKNOWN
        for span in LATELY:
            rounds = list(_rounds(as_of - span, as_of))
            if len(rounds) >= ENOUGH:
                tenths = statistics.quantiles(rounds, n=10, method="inclusive")
                return cls(max(tenths[0], at_least[0]), max(tenths[-1], at_least[1]), agents)
        return cls(*UNKNOWN, agents)

    def wait(self, position: int) -> dict[str, int]:
        """From now on, for whoever stands there; rounded, because it is not known to the second."""
        rounds = _rounds_until(position, self.agents)
        return {"low": floor(self.low * rounds / 30) * 30, "high": max(1, ceil(self.high * rounds / 60)) * 60}

    def place(self, position: int) -> "Place":
        return Place(position, self.wait(position), self.agents)


def _rounds(since: datetime, until: datetime) -> Iterable[float]:
    """What a round took, by each claim. Nobody waited for an agent who stepped in."""
    claims = Handoff.objects.filter(claimed_at__gt=since, claimed_at__lte=until).exclude(reason=Reason.AGENT_STEPPED_IN)
    newest = claims.order_by("-claimed_at").values_list("created_at", "claimed_at", "place", "agents_there")[:NEWEST]
    for created_at, claimed_at, place, agents in newest:
        assert claimed_at is not None
        yield (claimed_at - created_at).total_seconds() / _rounds_until(place or 1, agents or 1)


def _rounds_until(position: int, agents: int) -> int:
    return ceil(position / max(1, agents))


# --- Who stands where ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    position: int  # 1 is served next
    wait: dict[str, int]
    agents: int  # who are there


def place_of(handoff: Handoff, as_of: datetime) -> Place | None:
    """Where the waiting `handoff` stands; None if it does not wait."""
    queue = list(Handoff.objects.waiting().in_order(as_of).values_list("pk", flat=True))
    if handoff.pk not in queue:
        return None
    position = queue.index(handoff.pk) + 1
    return Pace.of(as_of).place(position)


def queue_version() -> str:
    """Differs whenever the queue does: each verb leaves an event, and who has ended her conversation waits no more."""
    return f"{HandoffEvent.objects.aggregate(newest=Max('pk'))['newest'] or 0}.{Handoff.objects.waiting().count()}"


def handoff_of(conversation: Conversation, *, for_staff: bool, placed: bool = True) -> dict[str, Any] | None:
    """What is told about the conversation's newest handoff; conversations.serializers.HandoffOf."""
    handoff = conversation.handoffs.select_related("agent").order_by("-created_at").first()
    if handoff is None:
        return None
    now = timezone.now()
    over = conversation.status != Status.ESCALATED and handoff.status in OPEN  # the row does not say so yet
    waits = handoff.status == Handoff.Status.WAITING and not over
    shape = told(handoff, place_of(handoff, now) if waits and placed else None, now)
    if over:
        shape["status"] = Handoff.Status.ENDED
    return shape | for_agents(handoff, now) if for_staff else shape


def told(handoff: Handoff, place: Place | None, as_of: datetime) -> dict[str, Any]:
    """A handoff as its customer may know it."""
    shape: dict[str, Any] = {
        "id": str(handoff.pk),
        "ticket": handoff.ticket,
        "status": handoff.status,
        "priority": priority_of(handoff, as_of),
        "position": place.position if place else None,
        "estimated_wait": place.wait if place else None,
    }
    if place:
        shape["agents_there"] = place.agents
    if handoff.agent:
        shape["agent"] = handoff.agent.name
    return shape


def for_agents(handoff: Handoff, as_of: datetime) -> dict[str, Any]:
    """What only agents are told besides."""
    return {
        "reason": handoff.get_reason_display(),
        "reason_code": handoff.reason,
        "priority_reasons": priority_reasons(handoff, as_of),
        "evidence": handoff.evidence,
        "context": handoff.context,
        "summary": handoff.summary,
        "summary_engine": handoff.summary_engine,
        "waited_seconds": int(waited_by(handoff, as_of).total_seconds()),
    }


def priority_of(handoff: Handoff, as_of: datetime) -> int:
    known: int | None = getattr(handoff, "aged_priority", None)
    return aged(handoff.base_priority, waited_by(handoff, as_of), _ageing_step()) if known is None else known


def priority_reasons(handoff: Handoff, as_of: datetime) -> list[str]:
    """Each step of the priority, those of the wait included."""
    ageing = ageing_reason(handoff.base_priority, waited_by(handoff, as_of), _ageing_step())
    return [*handoff.priority_reasons, *ageing]


def waited_by(handoff: Handoff, as_of: datetime) -> timedelta:
    """How long she has waited for an agent to take over, or waited until one did."""
    waits = handoff.status == Handoff.Status.WAITING
    return max(timedelta(0), (as_of if waits else handoff.claimed_at or handoff.ended_at or as_of) - handoff.created_at)


def _ageing_step() -> timedelta:
    return timedelta(minutes=HandoffSettings.current().ageing_minutes)


def refresh_line() -> None:
    """The queue changed: tells everybody in it, after the commit, where she stands now."""
    transaction.on_commit(tell_line, robust=True)


#: What this process told each conversation in line last, and when.
_told: dict[UUID, tuple[dict[str, Any], datetime]] = {}


def tell_line(as_of: datetime | None = None, *, only_news: bool = False) -> None:
    """Announces to everybody in line where she stands. With `only_news` to those for whom that differs from what this
    process told them last, and once a minute to all, since it may have been lost, or another process told otherwise."""
    global _told
    as_of = as_of or timezone.now()
    queue = list(Handoff.objects.waiting().in_order(as_of).select_related("agent"))
    pace = Pace.of(as_of)
    places = enumerate(queue, start=1)
    shapes = {row.conversation_id: told(row, pace.place(number), as_of) for number, row in places}
    kept = {pk: (shape, at) for pk, (shape, at) in _told.items() if shapes.get(pk) == shape and as_of - at < REPEATED}
    news = {pk: shape for pk, shape in shapes.items() if not (only_news and pk in kept)}
    _told = kept | {pk: (shape, as_of) for pk, shape in news.items()}
    for conversation_id, shape in news.items():
        live.announce_status(conversation_id, status=Status.ESCALATED, handoff=shape)
