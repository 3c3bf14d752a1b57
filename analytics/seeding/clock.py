"""When people write: more by day than at night, more on a Monday than on a Sunday, a little more every week."""

import random
from bisect import bisect_left
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

HOURS = (2, 1, 1, 1, 1, 2, 5, 11, 20, 30, 33, 32, 28, 29, 31, 30, 28, 27, 26, 27, 25, 18, 10, 5)
WEEKDAYS = (1.15, 1.1, 1.0, 1.0, 0.95, 0.6, 0.5)
GROWTH = 0.35  # more at the end of the stretch than at its beginning


def arrivals(count: int, days: int, until: datetime, tz: ZoneInfo, dice: random.Random) -> list[datetime]:
    """`count` moments of the `days` before `until`, in order."""
    hours = [until - timedelta(hours=number + 1) for number in range(days * 24)][::-1]
    totals = list(accumulate(_weight(hour.astimezone(tz), place / len(hours)) for place, hour in enumerate(hours)))
    drawn = (bisect_left(totals, dice.random() * totals[-1]) for _ in range(count))
    return sorted(hours[number] + timedelta(hours=dice.random()) for number in drawn)


def _weight(local: datetime, share: float) -> float:
    return HOURS[local.hour] * WEEKDAYS[local.weekday()] * (1 + GROWTH * share)


def at_work(local: datetime) -> bool:
    """Whether agents answer quickly at this hour."""
    return 8 <= local.hour < 21
