"""The conversations that figures are about: those opened within a timeframe, narrowed by filters."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet

from . import timeframes
from .filters import FILTERS
from .timeframes import Timeframe


@dataclass(frozen=True)
class Selection:
    timeframe: Timeframe
    filters: Mapping[str, str] = field(default_factory=dict)  # names are keys of FILTERS

    def conversations(self) -> ConversationQuerySet:
        period = self.timeframe
        found = Conversation.objects.filter(created_at__gte=period.since, created_at__lt=period.until).order_by()
        for name, value in self.filters.items():
            found = FILTERS[name].apply(found, value, period)
        return found

    def previous(self) -> "Selection":
        return replace(self, timeframe=self.timeframe.previous())

    def within(self, since: datetime, until: datetime) -> "Selection":
        return replace(self, timeframe=Timeframe(since, until, self.timeframe.tz))

    def without(self, name: str) -> "Selection":
        return replace(self, filters={other: value for other, value in self.filters.items() if other != name})

    def query(self, **more: object) -> str:
        """Its parameters for a link that opens exactly these conversations, now and later."""
        period = self.timeframe
        return encode(
            {"since": stamp(period.since), "until": stamp(period.until), "tz": period.tz.key}, self.filters, more
        )

    def rolling_query(self, name: str = "", **more: object) -> str:
        """Its parameters for a link that moves on with the time: of the timeframe called `name`, or of its own."""
        if not (name := name or self.timeframe.name):
            return self.query(**more)
        return encode({"timeframe": name, "tz": self.timeframe.tz.key}, self.filters, more)


def read(params: Mapping[str, str], now: datetime | None = None) -> Selection:
    """The selection that a request's parameters name; raises BadTimeframe with the parameter to correct."""
    filters = {name: params[name] for name in FILTERS if params.get(name)}
    selection = Selection(timeframes.read(params, now), filters)
    selection.conversations()  # a filter that cannot be read says so here
    return selection


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def encode(*parameters: Mapping[str, object]) -> str:
    return urlencode({name: str(value) for some in parameters for name, value in some.items()})
