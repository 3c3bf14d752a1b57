"""The conversations that figures are about: those opened within a timeframe, narrowed by filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from itertools import chain
from operator import or_
from typing import Final
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q

from conversations.models import Conversation, Customer, TurnRecord
from conversations.models.conversation import ConversationQuerySet
from handoff.models import Reason

from . import timeframes
from .facts import DURATION, REASON
from .timeframes import BadTimeframe, Timeframe


@dataclass(frozen=True)
class Selection:
    timeframe: Timeframe
    filters: Mapping[str, str] = field(default_factory=dict)  # names are keys of FILTERS

    def conversations(self) -> ConversationQuerySet:
        period = self.timeframe
        found = Conversation.objects.filter(created_at__gte=period.since, created_at__lt=period.until).order_by()
        for name, value in self.filters.items():
            found = FILTERS[name](found, value, period)
        return found

    def previous(self) -> "Selection":
        return replace(self, timeframe=self.timeframe.previous())

    def within(self, since: datetime, until: datetime) -> "Selection":
        return replace(self, timeframe=Timeframe(since, until, self.timeframe.tz))

    def query(self, **more: object) -> str:
        """Its parameters for a link that opens exactly these conversations, now and later."""
        period = self.timeframe
        dates = {"since": stamp(period.since), "until": stamp(period.until), "tz": period.tz.key}
        return urlencode({**dates, **self.filters, **{name: str(value) for name, value in more.items()}})


def read(params: Mapping[str, str], now: datetime | None = None) -> Selection:
    """The selection that a request's parameters name; raises BadTimeframe with the parameter to correct."""
    filters = {name: params[name] for name in FILTERS if params.get(name)}
    selection = Selection(timeframes.read(params, now), filters)
    selection.conversations()  # a filter that cannot be read says so here
    return selection


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


# --- Filters: parameters of the API, the dashboard and the lists ---------------------------------------------------

Filter = Callable[[ConversationQuerySet, str, Timeframe], ConversationQuerySet]


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
    one_of("hour", weekday, [str(n) for n in range(7)])
    one_of("hour", hour, [str(n) for n in range(24)])
    stretches = (Q(created_at__gte=a, created_at__lt=b) for a, b in period.hours(int(weekday), int(hour)))
    return found.filter(reduce(or_, chain(stretches), Q(pk__in=[])))


def one_of(field: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise BadTimeframe(field, f"One of {', '.join(known)} is needed.")
    return value


FILTERS: Final[dict[str, Filter]] = {
    "intent": by_intent,
    "reason": by_reason,
    "rating": by_rating,
    "tier": by_tier,
    "duration": by_duration,
    "hour": by_hour,
}
