"""The inbox's lists: which conversations a view holds, in what order, a page at a time, and how many there are."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.core import signing
from django.db import models
from django.db.models import Count, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from conversations.actors import Actor
from conversations.assistant.shipped import HUMAN
from conversations.lifecycle import Status
from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet

from .matters import matter_of
from .models import OPEN, Agent, Handoff, HandoffQuerySet

PAGE = 40  # rows
SEARCH = "search"
MAX_ROWS = 200  # that one refresh brings; who has scrolled further sees the first 200 change
RECENTLY = timedelta(days=3)
OPEN_STATUSES: Final = tuple(status for status in Status if status is not Status.CLOSED)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
TICKET = re.compile(r"(?:sd-?)?([0-9a-f]{4,8})", re.IGNORECASE)


class View(models.TextChoices):
    QUEUE = "queue", "Queue"
    MINE = "mine", "Mine"
    OPEN = "open", "All open"
    OVERDUE = "overdue", "Overdue"
    CLOSED = "closed", "Closed recently"


@dataclass(frozen=True)
class Row:
    """One conversation as the list shows it, with its newest handoff."""

    conversation: Conversation
    handoff: Handoff | None

    @property
    def needs_person(self) -> bool:
        return self.conversation.status == Status.ESCALATED and self.handoff is not None

    @property
    def matter(self) -> str:
        """What it is about: where she asked for a person last, what she wants that person for."""
        latest = self.conversation.intent
        if latest != HUMAN or self.handoff is None:
            return latest
        return matter_of(self.handoff.context.get("intents", [])) or latest

    @property
    def priority(self) -> int | None:
        """As it is served while she waits in line; as it began once somebody has her."""
        if self.handoff is None or not self.needs_person:
            return None
        if self.handoff.status == Handoff.Status.WAITING:
            return int(getattr(self.handoff, "aged_priority", self.handoff.base_priority))
        return self.handoff.base_priority

    @property
    def priority_reasons(self) -> list[str]:
        """Why the priority is what it is: the steps it began with, and what the wait has added."""
        if self.handoff is None or self.priority is None:
            return []
        gained = self.handoff.base_priority - self.priority
        return [*self.handoff.priority_reasons, *([f"Waiting in line: −{gained}"] if gained else [])]

    @property
    def unread(self) -> bool:
        """Whether whoever has it has not seen her newest words; those who wait in line nobody has."""
        held = self.needs_person and self.handoff is not None and self.handoff.status == Handoff.Status.ASSIGNED
        return held and self.conversation.last_customer_seq > self.conversation.agent_seen_seq


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    next: str  # the cursor behind the last row; empty at the end


@dataclass(frozen=True)
class Order:
    """An order whose last field is unique, all in one direction, so that a page can begin behind a row's key."""

    fields: tuple[str, ...]
    newest_first: bool = False

    def cut(self, rows: QuerySet[Any], key: list[str] | None, count: int) -> tuple[list[Any], list[str] | None]:
        """The next `count` rows behind `key`, and the key of the last one if there are more."""
        if key is not None:
            rows = rows.filter(self._behind(key))
        ordered = rows.order_by(*(f"-{field}" if self.newest_first else field for field in self.fields))
        found = list(ordered[: count + 1])
        if len(found) <= count:
            return found, None
        return found[:count], [str(attrgetter(field.replace("__", "."))(found[count - 1])) for field in self.fields]

    def _behind(self, key: list[str]) -> Q:
        than, behind = ("lt" if self.newest_first else "gt"), Q()
        for place, field in enumerate(self.fields):
            ties = dict(zip(self.fields[:place], key, strict=False))
            behind |= Q(**ties, **{f"{field}__{than}": key[place]})
        return behind


SERVED = Order(("aged_priority", "created_at", "pk"))  # as HandoffQuerySet.in_order
LONGEST_WAIT = Order(("waits_since", "created_at", "pk"))
ACTIVITY = Order(("last_activity_at", "pk"), newest_first=True)
CLOSING = Order(("closed_at", "pk"), newest_first=True)


def page(view: View, me: Agent, *, now: datetime, cursor: str = "", count: int = PAGE) -> Page:
    """A page of `view` as `me` sees it. Raises signing.BadSignature for a cursor that is not ours."""
    as_of, key = _read(cursor, view, now)
    rows, order = _view(view, me, as_of)
    found, last = order.cut(rows, key, min(count, MAX_ROWS))
    return Page([_row(one) for one in found], _cursor(as_of, view, last))


def _view(view: View, me: Agent, as_of: datetime) -> tuple[QuerySet[Any], Order]:
    match view:
        case View.QUEUE:
            return _held(as_of).waiting(), SERVED
        case View.MINE:
            return _held(as_of).held_by(me), LONGEST_WAIT
        case View.OVERDUE:
            return _held(as_of).filter(conversation__overdue_at__isnull=False), LONGEST_WAIT
        case View.OPEN:
            return _talks(as_of).filter(status__in=OPEN_STATUSES), ACTIVITY
        case View.CLOSED:
            return _talks(as_of).filter(status=Status.CLOSED, closed_at__gte=as_of - RECENTLY), CLOSING


def search(words: str, *, now: datetime, cursor: str = "", count: int = PAGE) -> Page:
    """Conversations, closed ones too, whose customer's name or e-mail holds `words`, or whose ticket begins so."""
    as_of, key = _read(cursor, SEARCH, now)
    fits = Q(customer__name__icontains=words) | Q(customer__email__icontains=words)
    if ticket := TICKET.fullmatch(words):
        start, end = (UUID(hex=ticket[1].ljust(32, filler)) for filler in "0f")
        fits |= Q(pk__in=Handoff.objects.filter(pk__gte=start, pk__lte=end).values("conversation"))
    found, last = ACTIVITY.cut(_talks(as_of).filter(fits), key, min(count, MAX_ROWS))
    return Page([_row(one) for one in found], _cursor(as_of, SEARCH, last))


def counts(user: AbstractUser) -> dict[str, int]:
    """How many conversations each view holds, and how many of `user`'s own wait for words, in one query."""
    escalated = Q(status=Status.ESCALATED)
    mine = escalated & Q(handoffs__status=Handoff.Status.ASSIGNED, handoffs__agent__user=user)
    many = {
        View.QUEUE: escalated & Q(handoffs__status=Handoff.Status.WAITING),
        View.MINE: mine,
        View.OPEN: Q(),
        View.OVERDUE: escalated & Q(handoffs__status__in=OPEN, overdue_at__isnull=False),
        "unanswered": mine & Q(waiting_since__isnull=False),
    }
    totals = {str(name): Count("pk", filter=which, distinct=True) for name, which in many.items()}
    return Conversation.objects.filter(status__in=OPEN_STATUSES).aggregate(**totals)


def row_of(conversation_id: UUID, actor: Actor, *, now: datetime) -> Row | None:
    conversation = _talks(now).visible_to(actor).filter(pk=conversation_id).first()
    return _row(conversation) if conversation else None


def unanswered(me: Agent) -> UUID | None:
    """Of the conversations `me` has, the one that has waited longest for her words."""
    waits = Handoff.objects.held_by(me).filter(conversation__waiting_since__isnull=False)
    return waits.order_by("conversation__waiting_since").values_list("conversation_id", flat=True).first()


def _held(as_of: datetime) -> HandoffQuerySet:
    waits_since = Coalesce("conversation__waiting_since", Value(NEVER, output_field=models.DateTimeField()))
    handoffs = Handoff.objects.open().in_order(as_of).annotate(waits_since=waits_since)
    return handoffs.select_related("conversation__customer", "agent")


def _talks(as_of: datetime) -> ConversationQuerySet:
    handoffs = Handoff.objects.in_order(as_of).order_by("-created_at").select_related("agent")
    newest = Prefetch("handoffs", handoffs, to_attr="handoffs_newest_first")
    return Conversation.objects.select_related("customer").prefetch_related(newest)


def _row(found: Conversation | Handoff) -> Row:
    if isinstance(found, Handoff):
        return Row(found.conversation, found)
    handoffs: Iterable[Handoff] = getattr(found, "handoffs_newest_first", ())
    return Row(found, next(iter(handoffs), None))


def _cursor(as_of: datetime, of: str, key: list[str] | None) -> str:
    """Where the next page begins. It carries the time too: priorities age, and the pages of one list must agree."""
    return signing.dumps([as_of.isoformat(), *key], salt=f"inbox.{of}") if key else ""


def _read(cursor: str, of: str, now: datetime) -> tuple[datetime, list[str] | None]:
    if not cursor:
        return now, None
    as_of, *key = signing.loads(cursor, salt=f"inbox.{of}")  # of another list it is none of ours
    return datetime.fromisoformat(as_of), key
