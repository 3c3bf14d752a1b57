"""FILTERS: what narrows a selection; parameters of the API, the dashboard and the lists behind its numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Exists, OuterRef, Q

from conversations.models import Customer, TurnRecord
from conversations.models.conversation import ConversationQuerySet
from handoff.models import Reason

from . import wording
from .facts import DURATION, REASON
from .timeframes import BadTimeframe, Timeframe


@dataclass(frozen=True)
class Filter:
    title: str
    apply: Callable[[ConversationQuerySet, str, Timeframe], ConversationQuerySet]
    word: Callable[[str], str]  # a value, as people read it


def by_intent(found: ConversationQuerySet, value: str, _: Timeframe) -> ConversationQuerySet:
    return found.filter(Exists(TurnRecord.objects.filter(conversation=OuterRef("pk"), intent=value)))


def by_reason(found: ConversationQuerySet, value: str, _: Timeframe) -> ConversationQuerySet:
    return found.alias(reason=REASON).filter(reason=one_of("reason", value, Reason.values))


def by_rating(found: ConversationQuerySet, value: str, _: Timeframe) -> ConversationQuerySet:
    return found.filter(rating=int(one_of("rating", value, ["1", "2", "3", "4", "5"])))


def by_tier(found: ConversationQuerySet, value: str, _: Timeframe) -> ConversationQuerySet:
    return found.filter(customer__tier=one_of("tier", value, Customer.Tier.values))


def by_duration(found: ConversationQuerySet, value: str, _: Timeframe) -> ConversationQuerySet:
    """`60-300`: from 60 up to, not including, 300 seconds; `300-`: from 300."""
    low, dash, high = value.partition("-")
    if not dash or not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in (low, high or "0")):
        raise BadTimeframe("duration", "Seconds such as 60-300 or 300- are needed.")
    bounds = Q(duration__gte=int(low)) & (Q(duration__lt=int(high)) if high else Q())
    return found.alias(duration=DURATION).filter(bounds)


def by_hour(found: ConversationQuerySet, value: str, period: Timeframe) -> ConversationQuerySet:
    """`0-14`: Mondays between 14:00 and 15:00, in the timeframe's zone."""
    weekday, _, hour = value.partition("-")
    one_of("hour", weekday, [str(number) for number in range(7)])
    one_of("hour", hour, [str(number) for number in range(24)])
    stretches = [Q(created_at__gte=a, created_at__lt=b) for a, b in period.hours(int(weekday), int(hour))]
    return found.filter(reduce(or_, stretches)) if stretches else found.none()


def one_of(field: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise BadTimeframe(field, f"One of {', '.join(known)} is needed.")
    return value


FILTERS: Final[dict[str, Filter]] = {
    "intent": Filter("Intent", by_intent, wording.intent),
    "reason": Filter("Reason", by_reason, lambda value: Reason(value).label),
    "rating": Filter("Rating", by_rating, lambda value: f"{value} of 5"),
    "tier": Filter("Tier", by_tier, lambda value: Customer.Tier(value).label),
    "duration": Filter("Duration", by_duration, wording.duration_range),
    "hour": Filter("Opened", by_hour, wording.weekly_hour),
}
