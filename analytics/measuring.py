"""What a metric is: which conversations stand behind it, and how one number comes out of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import floor
from typing import Any, Final

from django.db.models import Aggregate, Avg, Count, FloatField, Q
from django.db.models.expressions import Combinable

from conversations.models.conversation import ConversationQuerySet


class Unit(StrEnum):
    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"  # 0 to 1
    MESSAGES = "messages"
    SCORE = "score"  # 1 to 5


class How(StrEnum):
    """How one number comes out of many conversations."""

    COUNT = "count"
    SHARE = "share"  # those with `where` among those with `of`
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"


PERCENTILES: Final = {How.MEDIAN: 0.5, How.P90: 0.9}
EVERYTHING: Final = Q()


@dataclass(frozen=True)
class Metric:
    key: str
    title: str
    definition: str
    unit: Unit
    how: How
    where: Q = EVERYTHING
    of: Q = EVERYTHING  # with a value: exactly those that have one
    value: Combinable | None = None  # of one conversation
    good: int = 0  # 1: more is better, -1: less is better, 0: neither

    def behind(self, conversations: ConversationQuerySet) -> ConversationQuerySet:
        """The conversations that the number is made of; each with its `value`, where it is a number of values."""
        found = conversations.filter(self.of & self.where)
        return found if self.value is None else found.annotate(value=self.value)

    def aggregates(self) -> dict[str, Aggregate]:
        """What the database counts for it."""
        hits = Count("pk", filter=self.of & self.where)
        match self.how:
            case How.COUNT:
                return {f"{self.key}__n": hits}
            case How.SHARE:
                return {f"{self.key}__n": Count("pk", filter=self.of), f"{self.key}__hits": hits}
            case How.MEAN:
                assert self.value is not None
                return {
                    f"{self.key}__n": Count("pk", filter=self.of),
                    f"{self.key}__mean": Avg(self.value, filter=self.of, output_field=FloatField()),
                }
        return {}

    def figure(self, counted: dict[str, Any], samples: "Samples") -> "Figure":
        """Its number, out of what the database counted, or out of its sorted values where it is a percentile."""
        if self.how in PERCENTILES:
            values = samples.of(self)
            return Figure(percentile(values, PERCENTILES[self.how]), len(values))
        n: int = counted[f"{self.key}__n"]
        match self.how:
            case How.COUNT:
                return Figure(n, n)
            case How.SHARE:
                return Figure(counted[f"{self.key}__hits"] / n if n else None, n)
        return Figure(counted[f"{self.key}__mean"], n)


@dataclass(frozen=True)
class Figure:
    """A number and how many conversations it rests on; None where there is no data."""

    value: float | None
    n: int


def percentile(values: list[float], share: float) -> float | None:
    """Between the two values nearest to the rank, in proportion, as spreadsheets do. `values` are sorted."""
    if not values:
        return None
    rank = (len(values) - 1) * share
    below = values[floor(rank)]
    above = values[min(floor(rank) + 1, len(values) - 1)]
    return below + (above - below) * (rank - floor(rank))


def measure(metrics: Iterable[Metric], conversations: ConversationQuerySet) -> dict[str, Figure]:
    """Each metric's figure over these conversations, by key."""
    return measured_with(Samples(conversations), metrics)


def measured_with(samples: "Samples", metrics: Iterable[Metric]) -> dict[str, Figure]:
    """One aggregate query for all metrics, and one column for each value that percentiles are taken of."""
    metrics = list(metrics)
    aggregates = {name: count for metric in metrics for name, count in metric.aggregates().items()}
    counted = samples.conversations.aggregate(**aggregates)
    return {metric.key: metric.figure(counted, samples) for metric in metrics}


class Samples:
    """The values of conversations, sorted; each column is read once."""

    def __init__(self, conversations: ConversationQuerySet) -> None:
        self.conversations = conversations
        self._columns: dict[Combinable, list[float]] = {}

    def of(self, metric: "Metric") -> list[float]:
        assert metric.value is not None
        if metric.value not in self._columns:
            found = self.conversations.filter(metric.of).values_list(metric.value)
            self._columns[metric.value] = sorted(value for (value,) in found.iterator(5000))
        return self._columns[metric.value]
