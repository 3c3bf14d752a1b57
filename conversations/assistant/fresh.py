"""What this process made of rows an admin may edit, made anew when they read differently."""

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Rows = TypeVar("Rows")
Made = TypeVar("Made")

SECONDS = 1.0  # how long an admin's edit may go unseen


class Fresh(Generic[Rows, Made]):
    """`make(read())`, kept. Reading a few hundred rows a second again costs less than any notice that every process
    would have to be sent, and cannot be missed."""

    def __init__(self, read: Callable[[], Rows], make: Callable[[Rows], Made]) -> None:
        self._read, self._make = read, make
        self._lock = threading.Lock()
        self._kept: tuple[Rows, Made] | None = None
        self._read_at = float("-inf")
        _all.append(self)

    def get(self, now: float | None = None) -> Made:
        now = time.monotonic() if now is None else now
        with self._lock:
            if self._kept is None or now - self._read_at >= SECONDS:
                rows = self._read()
                if self._kept is None or rows != self._kept[0]:
                    self._kept = rows, self._make(rows)
                self._read_at = now
            return self._kept[1]

    def expire(self) -> None:
        self._read_at = float("-inf")


_all: list[Fresh[Any, Any]] = []


def expire_all() -> None:
    """The next look reads the database again: for tests, whose database changes under the process."""
    for kept in _all:
        kept.expire()
