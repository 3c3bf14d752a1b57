"""The stretch of time that figures are about: half-open, in a named time zone, cut into buckets that survive DST."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils import timezone

TIMEFRAMES = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30), "90d": timedelta(days=90)}
DEFAULT = "24h"
LONGEST = timedelta(days=5 * 366)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class BadTimeframe(Exception):
    """A timeframe that cannot be read; `field` is the parameter to correct."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class Step(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True)
class Bucket:
    """A local hour, day or week, cut to the timeframe. A day of a DST change has 23 or 25 hours."""

    since: datetime
    until: datetime
    whole: bool  # False where the timeframe begins or ends in its midst


@dataclass(frozen=True)
class Timeframe:
    """From `since` up to, but not including, `until`. Both are kept in UTC: within any other zone Python compares and
    subtracts by the clock on the wall, which DST turns back."""

    since: datetime
    until: datetime
    tz: ZoneInfo
    name: str = ""  # a key of TIMEFRAMES; "" for dates somebody chose

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.tz)

    def previous(self) -> "Timeframe":
        """The period before, of the same length; before whole days come as many whole days, whatever their hours."""
        first, last = self.local(self.since), self.local(self.until)
        if self.since == midnight(first.date(), self.tz) and self.until == midnight(last.date(), self.tz):
            since = midnight(first.date() - (last.date() - first.date()), self.tz)
        else:
            since = self.since - self.length
        return Timeframe(since, self.since, self.tz)

    @property
    def step(self) -> Step:
        if self.length <= timedelta(hours=48):
            return Step.HOUR
        return Step.DAY if self.length <= timedelta(days=100) else Step.WEEK

    @cached_property
    def buckets(self) -> list[Bucket]:
        edges = list(self._edges())
        return [
            Bucket(max(left, self.since), min(right, self.until), whole=left >= self.since and right <= self.until)
            for left, right in pairwise(edges)
        ]

    def _edges(self) -> Iterator[datetime]:
        """Every start of an hour, day or week from the one that `since` lies in to the first not before `until`."""
        first = self.local(self.since)
        if self.step is Step.HOUR:
            edge = self.since - timedelta(minutes=first.minute, seconds=first.second, microseconds=first.microsecond)
            while edge < self.until:
                yield edge
                edge += timedelta(hours=1)
            yield edge
            return
        day = first.date() - timedelta(first.weekday() if self.step is Step.WEEK else 0)
        while (edge := midnight(day, self.tz)) < self.until:
            yield edge
            day += timedelta(7 if self.step is Step.WEEK else 1)
        yield edge

    def hours(self, weekday: int, hour: int) -> Iterator[tuple[datetime, datetime]]:
        """Each stretch in it that is `hour` o'clock on a `weekday` (0 is Monday). An hour that DST repeats comes twice,
        one that it skips does not come."""
        day = self.local(self.since).date()
        day += timedelta((weekday - day.weekday()) % 7)
        while (start := midnight(day, self.tz)) < self.until:
            end = midnight(day + timedelta(1), self.tz)
            while start < end:
                left, right = max(start, self.since), min(start + QUARTER, self.until)
                if left < right and self.local(start).hour == hour:
                    yield left, right
                start += QUARTER
            day += timedelta(7)


QUARTER = timedelta(minutes=15)  # the grain of time zones: every local hour and day begins on one


def midnight(day: date, tz: tzinfo) -> datetime:
    """The moment a local day begins; where DST skips midnight, the first that exists."""
    return datetime.combine(day, time(), tz).astimezone(UTC)


# --- From the parameters of a request ------------------------------------------------------------------------------


def read(params: Mapping[str, str], now: datetime | None = None) -> Timeframe:
    """The timeframe that `timeframe`, or `since` with `until` or `through`, names in the zone `tz`."""
    now = (now or timezone.now()).astimezone(UTC)
    tz = zone(params.get("tz", ""))
    name = params.get("timeframe", "")
    dates = [field for field in ("since", "until", "through") if params.get(field)]
    if not dates:
        return rolling(name or DEFAULT, tz, now)
    if name:
        raise BadTimeframe("timeframe", f"Give either timeframe or {dates[0]}, not both.")
    if "since" not in dates:
        raise BadTimeframe("since", f"{dates[0]} needs a since.")
    if "until" in dates and "through" in dates:
        raise BadTimeframe("through", "Give either until (not included) or through (a day, included), not both.")
    since = moment(params, "since", tz)
    until = now
    if "until" in dates:
        until = moment(params, "until", tz)
    elif "through" in dates:
        until = midnight(day(params, "through") + timedelta(1), tz)
    return checked(Timeframe(since, until, tz))


def rolling(name: str, tz: ZoneInfo, now: datetime) -> Timeframe:
    if name not in TIMEFRAMES:
        raise BadTimeframe("timeframe", f"One of {', '.join(TIMEFRAMES)} is needed.")
    return Timeframe(now - TIMEFRAMES[name], now, tz, name)


def checked(timeframe: Timeframe) -> Timeframe:
    if not EARLIEST <= timeframe.since < LATEST:
        raise BadTimeframe("since", "A date between the years 2000 and 2200 is needed.")
    if timeframe.since >= timeframe.until:
        raise BadTimeframe("since", "This is not before the end of the timeframe.")
    if timeframe.length > LONGEST:
        raise BadTimeframe("since", "At most five years can be looked at together.")
    return timeframe


def zone(name: str) -> ZoneInfo:
    if not name:
        return ZoneInfo(timezone.get_default_timezone_name())
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, a path that leads out, a folder
        raise BadTimeframe("tz", "An IANA time zone such as Europe/Berlin is needed.") from None


def moment(params: Mapping[str, str], field: str, tz: ZoneInfo) -> datetime:
    """An ISO 8601 date (its midnight) or time; one without an offset is in `tz`."""
    # A + that was not escaped reaches us as a space.
    text = re.sub(r"(T.*) (\d\d:?\d\d)$", r"\1+\2", params[field].strip())
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=tz)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadTimeframe(field, "A date or time such as 2026-11-03 or 2026-11-03T14:30:00Z is needed.") from None


def day(params: Mapping[str, str], field: str) -> date:
    try:
        found = date.fromisoformat(params[field].strip())
    except ValueError:
        raise BadTimeframe(field, "A date such as 2026-11-03 is needed.") from None
    if found.year > LATEST.year:
        raise BadTimeframe(field, "A date between the years 2000 and 2200 is needed.")
    return found
