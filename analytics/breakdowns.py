"""How the conversations of a selection divide: by intent, by reason, by rating, by length, and over time."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db.models import Count

from conversations.models import TurnRecord
from conversations.models.conversation import ConversationQuerySet

from .facts import ESCALATED, RATED, REASON, RESOLVED, Quarter
from .timeframes import QUARTER, Bucket, Timeframe

Counted = list[tuple[str, int]]  # most first; ties by name, so that equal counts keep their places

#: The edges of the histogram of durations, in seconds; the last bin has no end.
DURATION_EDGES: Final = [0, 60, 300, 600, 1200, 1800, 3600, 7200, 14400, 86400]


def intents(conversations: ConversationQuerySet) -> Counted:
    """In how many conversations routing detected each intent, at least once."""
    turns = TurnRecord.objects.filter(conversation__in=conversations.values("pk")).exclude(intent="").order_by()
    return ranked(turns.values_list("intent").annotate(n=Count("conversation", distinct=True)))


def reasons(conversations: ConversationQuerySet) -> Counted:
    """How many conversations were first handed to a person for each reason."""
    found = conversations.filter(ESCALATED).annotate(reason=REASON).filter(reason__isnull=False).order_by()
    return ranked(found.values_list("reason").annotate(n=Count("pk")))


def ranked(counted: Iterable[tuple[str, int]]) -> Counted:
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))


def ratings(conversations: ConversationQuerySet) -> list[int]:
    """How many conversations were rated 1, 2, 3, 4, 5."""
    found = dict(conversations.filter(RATED).order_by().values_list("rating").annotate(n=Count("pk")))
    return [found.get(score, 0) for score in range(1, 6)]


def histogram(durations: list[float]) -> list[int]:
    """How many of the durations lie in each bin of DURATION_EDGES."""
    found = Counter(bisect_right(DURATION_EDGES, duration) - 1 for duration in durations)
    return [found[number] for number in range(len(DURATION_EDGES))]


# --- Over time -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quarterly:
    """What was opened in one quarter of an hour, and how much of that is resolved by now."""

    start: datetime
    opened: int
    resolved: int


def quarterly(conversations: ConversationQuerySet) -> list[Quarterly]:
    """Everything that charts over time need in one query. Days and hours of any zone are made of whole quarters, so
    the database needs to know nothing of zones, and a stored roll-up could stand in its place."""
    found = conversations.order_by().annotate(quarter=Quarter("created_at")).values_list("quarter")
    counted = found.annotate(opened=Count("pk"), resolved=Count("pk", filter=RESOLVED))
    length = int(QUARTER.total_seconds())
    return [Quarterly(datetime.fromtimestamp(q * length, UTC), opened, resolved) for q, opened, resolved in counted]


@dataclass
class Column:
    bucket: Bucket
    opened: int = 0
    resolved: int = 0


def columns(counts: list[Quarterly], timeframe: Timeframe) -> list[Column]:
    """The counts in each hour, day or week of the timeframe."""
    found = [Column(bucket) for bucket in timeframe.buckets]
    starts = [column.bucket.since for column in found]
    for count in counts:
        # The first quarter may begin before a timeframe that begins in its midst.
        column = found[max(bisect_right(starts, count.start) - 1, 0)]
        column.opened += count.opened
        column.resolved += count.resolved
    return found


def week(counts: list[Quarterly], timeframe: Timeframe) -> list[list[int]]:
    """What was opened on each weekday (0 is Monday) at each local hour."""
    found = [[0] * 24 for _ in range(7)]
    for count in counts:
        local = timeframe.local(count.start)
        found[local.weekday()][local.hour] += count.opened
    return found
