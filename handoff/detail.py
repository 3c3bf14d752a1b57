"""What stands around a thread: whose it is, why a person is needed, who she is, and what happened between the words."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db.models import Case, Count, Q, QuerySet, Value, When

from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Customer, Intent, Order, Transition, TurnRecord

from .lists import Row
from .models import OPEN, Agent, Handoff, HandoffEvent

EARLIER = 5  # conversations and orders in the side panel

Kind = HandoffEvent.Kind
TOLD: Final = (Kind.REQUESTED, Kind.TRANSFERRED, Kind.RETURNED, Kind.RESOLVED)  # of the others a message tells


class Hold(StrEnum):
    """Who has a conversation, seen from one agent: it decides what she can do with it."""

    ASSISTANT = "assistant"
    WAITING = "waiting"
    MINE = "mine"
    OTHER = "other"
    CLOSED = "closed"


@dataclass(frozen=True)
class Line:
    """Something that happened between the words, told quietly in the thread."""

    at: datetime
    text: str


def hold_of(row: Row, me: Agent) -> Hold:
    if row.conversation.status == Status.CLOSED:
        return Hold.CLOSED
    if row.handoff is None or row.conversation.status != Status.ESCALATED or row.handoff.status not in OPEN:
        return Hold.ASSISTANT
    if row.handoff.status == Handoff.Status.WAITING:
        return Hold.WAITING
    return Hold.MINE if row.handoff.agent_id == me.pk else Hold.OTHER


def lines_of(conversation: Conversation) -> list[Line]:
    """The moves that no message in the thread tells of already."""
    told = {Reason.OPENED: "Conversation opened", Reason.SILENT: "Silent for long"}
    moves = Transition.objects.filter(conversation=conversation, reason__in=told)
    events = HandoffEvent.objects.filter(handoff__conversation=conversation, kind__in=TOLD)
    lines = [Line(move.at, told[Reason(move.reason)]) for move in moves]
    lines += [_line(event) for event in events.select_related("handoff", "agent", "to_agent")]
    return sorted(lines, key=lambda line: line.at)


def _line(event: HandoffEvent) -> Line:
    who, to = event.agent or "The desk", event.to_agent or "the queue"
    match Kind(event.kind):
        case Kind.REQUESTED:
            return Line(event.at, event.handoff.get_reason_display())
        case Kind.TRANSFERRED:
            return Line(event.at, f"{who} passed it to {to}")
        case Kind.RETURNED:
            return Line(event.at, f"{who} gave it back to the assistant")
        case _:
            return Line(event.at, f"{who} resolved it")


def intents_of(conversation: Conversation) -> list[tuple[str, int]]:
    """What she wanted, by the assistant's reading, with how often; the most frequent first."""
    seen = TurnRecord.objects.filter(conversation=conversation).exclude(intent="").values_list("intent")
    counted = list(seen.annotate(times=Count("pk")).order_by("-times", "intent"))
    titles = dict(Intent.objects.filter(name__in=[name for name, _ in counted]).values_list("name", "title"))
    return [(titles.get(name, name), times) for name, times in counted]


def earlier_of(conversation: Conversation) -> QuerySet[Conversation]:
    others = Conversation.objects.filter(customer=conversation.customer_id).exclude(pk=conversation.pk)
    return others.order_by("-created_at")[:EARLIER]


def orders_of(customer: Customer) -> QuerySet[Order]:
    """Orders placed with the e-mail she gave. Unless that is verified it is only her word, and the page says so."""
    orders = Order.objects.filter(email__iexact=customer.email) if customer.email else Order.objects.none()
    return orders.order_by("-placed_at")[:EARLIER]


def receivers(row: Row, *, as_of: datetime) -> QuerySet[Agent]:
    """To whom a conversation may be passed: who is there first, and of those who holds fewest."""
    holds = Q(handoffs__status=Handoff.Status.ASSIGNED, handoffs__conversation__status=Status.ESCALATED)
    there = Case(When(pk__in=Agent.objects.there(as_of).values("pk"), then=Value(True)), default=Value(False))
    agents = Agent.objects.filter(user__is_active=True).annotate(holds=Count("handoffs", filter=holds), there=there)
    if row.handoff and row.handoff.agent_id:
        agents = agents.exclude(pk=row.handoff.agent_id)
    return agents.order_by("-there", "holds", "name")
