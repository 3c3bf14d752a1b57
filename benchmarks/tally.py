"""What became of each message of a load: one process holds all ends, so one clock times it."""

import time
from collections.abc import Callable


class Tally:
    BODY = "about one line of chat, as somebody might type it who would like to know where her parcel is"

    def __init__(self) -> None:
        self.due: dict[int, float] = {}  # when each was to be said: a queue before the sending counts as delay
        self.shown_after: dict[int, float] = {}
        self.stored_after: dict[int, float] = {}
        self.twice = 0
        self.errors: list[str] = []
        self.on_stored: Callable[[int], None] = lambda number: None

    def shown(self, number: int) -> None:
        """An agent's screen has it."""
        if number in self.shown_after:
            self.twice += 1
        self.shown_after.setdefault(number, time.perf_counter() - self.due[number])

    def stored(self, number: int) -> None:
        """Its sender was told that it is safe."""
        if number not in self.stored_after:
            self.stored_after[number] = time.perf_counter() - self.due[number]
            self.on_stored(number)

    @property
    def settled(self) -> bool:
        return len(self.shown_after) == len(self.stored_after) == len(self.due)

    @property
    def lost(self) -> int:
        return len(self.due) - len(self.shown_after.keys() & self.stored_after.keys())
