"""Who else looks at a conversation: what the other agents' sockets said of themselves, until they fall silent."""

from dataclasses import dataclass, field
from typing import Any

STILL_HERE_EVERY = 3  # pings
LASTS = 75.0  # seconds; one who has not said "still here" twice is gone


@dataclass
class Viewers:
    _heard: dict[str, tuple[str, float]] = field(default_factory=dict)  # name, and when heard of

    def names(self) -> list[str]:
        return sorted(name for name, _ in self._heard.values())

    def hear(self, event: dict[str, Any], now: float) -> bool:
        """What live.announce_viewer told; whether it changes who is here."""
        before = self.names()
        if event["state"] == "left":
            self._heard.pop(event["viewer"], None)
        else:
            self._heard[event["viewer"]] = event["name"], now
        return self.names() != before

    def forget_silent(self, now: float) -> bool:
        """Whether that changes who is here."""
        before = self.names()
        self._heard = {viewer: heard for viewer, heard in self._heard.items() if heard[1] > now - LASTS}
        return self.names() != before
