"""The conversations behind a number: a page at a time, or all of them as CSV, each with what is measured of it."""

import csv
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any, Final
from uuid import UUID

from channels.db import database_sync_to_async
from django.db.models import BooleanField, Case, Q, Value, When
from django.db.models.functions import Coalesce

from conversations.models import Conversation, TurnRecord
from conversations.models.conversation import ConversationQuerySet

from . import facts
from .measuring import Metric
from .selection import stamp
from .serializers import MeasuredSerializer
from .timeframes import BadTimeframe

PAGE: Final = 50
CSV_PAGE: Final = 1000


@dataclass(frozen=True)
class Row:
    """What is measured of one conversation."""

    conversation: Conversation
    resolved: bool
    reason: str  # of its first handoff
    intents: list[str]
    duration: float | None
    messages: int
    customer_messages: int
    wait: float | None
    first_response: float | None

    def as_json(self) -> dict[str, Any]:
        """As the API and the export give it: without names and words, which are nobody's statistics."""
        conversation = self.conversation
        return {
            "id": str(conversation.pk),
            "opened_at": stamp(conversation.created_at),
            "closed_at": stamp(conversation.closed_at) if conversation.closed_at else None,
            "status": conversation.status,
            "close_reason": conversation.close_reason,
            "resolved": self.resolved,
            "escalated": conversation.escalated_at is not None,
            "escalation_reason": self.reason,
            "intents": self.intents,
            "duration_seconds": self.duration,
            "messages": self.messages,
            "customer_messages": self.customer_messages,
            "satisfaction": conversation.rating,
            "wait_seconds": self.wait,
            "first_response_seconds": self.first_response,
        }


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    after: str  # the cursor of the next page; "" on the last


def page(conversations: ConversationQuerySet, after: str = "", size: int = PAGE) -> Page:
    """The newest first, cut by key: what is opened meanwhile shifts nothing."""
    keys = conversations.order_by("-created_at", "-pk").values_list("pk", "created_at")
    if after:
        created_at, pk = cursor(after)
        keys = keys.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
    found = list(keys[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(measured([pk for pk, _ in found]), f"{stamp(found[-1][1])}_{found[-1][0]}" if more else "")


def cursor(text: str) -> tuple[datetime, UUID]:
    created_at, _, pk = text.partition("_")
    try:
        return datetime.fromisoformat(created_at), UUID(pk)
    except ValueError:
        raise BadTimeframe("after", "This is not where a page ended.") from None


MEASURED: Final[dict[str, Any]] = {
    "resolved": Case(When(facts.RESOLVED, then=Value(True)), default=Value(False), output_field=BooleanField()),
    "reason": Coalesce(facts.REASON, Value("")),
    "duration": facts.DURATION,
    "said": facts.MESSAGES,
    "customer_messages": facts.CUSTOMER_MESSAGES,
    "wait": facts.WAIT,
    "first_response": facts.FIRST_RESPONSE,
}


def measured(keys: list[UUID]) -> list[Row]:
    """These conversations, the newest first."""
    found: Any = Conversation.objects.filter(pk__in=keys).select_related("customer").annotate(**MEASURED)
    intents = intents_of(keys)
    return [
        Row(
            one,
            resolved=one.resolved,
            reason=one.reason,
            intents=intents[one.pk],
            duration=one.duration,
            messages=one.said,
            customer_messages=one.customer_messages,
            wait=one.wait,
            first_response=one.first_response,
        )
        for one in found.order_by("-created_at", "-pk")
    ]


def intents_of(keys: list[UUID]) -> dict[UUID, list[str]]:
    """What routing detected in each conversation, each once, in the order it came up."""
    found: dict[UUID, list[str]] = defaultdict(list)
    turns = TurnRecord.objects.filter(conversation__in=keys).exclude(intent="").order_by("conversation", "seq")
    for pk, intent in turns.values_list("conversation", "intent"):
        if intent not in found[pk]:
            found[pk].append(intent)
    return found


# --- CSV -----------------------------------------------------------------------------------------------------------


async def as_csv(metric: Metric, conversations: ConversationQuerySet) -> AsyncIterator[str]:
    """All of them, read page by page while they are sent: neither the desk nor its memory waits for a long export."""
    part = await database_sync_to_async(page)(metric.behind(conversations), size=CSV_PAGE)
    yield line(MeasuredSerializer().fields)
    yield lines(part)
    while part.after:
        part = await database_sync_to_async(page)(metric.behind(conversations), part.after, CSV_PAGE)
        yield lines(part)


def lines(part: Page) -> str:
    return "".join(line(cell(value) for value in row.as_json().values()) for row in part.rows)


def cell(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value  # csv writes None as nothing


def line(cells: Iterable[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
