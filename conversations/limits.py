"""How often somebody may do something: token buckets in this process's memory, which no outage takes away.

With several web processes each counts for itself, so the limit is at most that many times as generous.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from django.conf import settings

MAX_KEYS = 20_000  # the longest unused are forgotten first; a forgotten bucket is a full one


@dataclass
class Limit:
    """`burst` at once, and `per_minute` in the long run, for each key."""

    per_minute: float
    burst: int
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)

    def take(self, key: str, now: float | None = None) -> float:
        """Takes one; returns 0, or the seconds to wait before the next may be taken."""
        if not settings.RATE_LIMITS:
            return 0.0
        now = time.monotonic() if now is None else now
        left, at = self._buckets.pop(key, (float(self.burst), now))
        left = min(self.burst, left + (now - at) * self.per_minute / 60)
        wait = 0.0 if left >= 1 else (1 - left) * 60 / self.per_minute
        self._buckets[key] = (left - 1 if not wait else left, now)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)
        return wait


OPENINGS = Limit(per_minute=10, burst=10)  # conversations an address
MESSAGES = Limit(per_minute=40, burst=15)  # messages a conversation, for each side
VERBS = Limit(per_minute=20, burst=20)  # what a customer does to a conversation, other than speak
SIGN_INS = Limit(per_minute=10, burst=10)  # tries to sign in, for an address and a name
FRAMES = Limit(per_minute=600, burst=100)  # frames a socket
ALL = (OPENINGS, MESSAGES, VERBS, SIGN_INS, FRAMES)
