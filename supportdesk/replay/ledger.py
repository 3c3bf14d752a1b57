"""The account of a replay: what was sent, stored and shown, and whether they agree. It trusts nobody's sequence but
the stored one, and holds every screen against that."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .dialogues import Speaker

NOTE = "note"


@dataclass
class Sent:
    """A message that somebody here said."""

    client_id: UUID
    speaker: Speaker
    body: str
    at: float
    seq: int | None = None  # as acknowledged
    refused: str = ""  # the desk would not take it, and said so


@dataclass
class Screen:
    """What one person saw, in the order she saw it."""

    opened_at: float
    shown: list[int] = field(default_factory=list)
    at: dict[int, float] = field(default_factory=dict)  # when each was first seen

    @property
    def last(self) -> int:
        return max(self.shown, default=0)

    def show(self, seq: int, at: float) -> None:
        self.shown.append(seq)
        self.at.setdefault(seq, at)


@dataclass
class Account:
    """One conversation: `stored` is all of it as the desk tells staff."""

    name: str
    sent: list[Sent] = field(default_factory=list)
    screens: dict[Speaker, Screen] = field(default_factory=dict)
    stored: list[dict[str, Any]] = field(default_factory=list)
    intent: str = ""
    reason: str = ""  # of the handoff; empty where there was none
    pressed_button: bool = False
    taken_by_others: bool = False
    failure: str = ""  # the play broke off

    def public(self) -> list[int]:
        return [message["seq"] for message in self.stored if message["role"] != NOTE]

    def accepted(self) -> list[Sent]:
        return [sent for sent in self.sent if not sent.refused]


@dataclass(frozen=True)
class Fault:
    kind: str  # lost, duplicate, gap, disorder
    conversation: str
    detail: str


def audit(account: Account) -> list[Fault]:
    """Everything that is wrong with one conversation."""
    found = [*_sending(account), *_storing(account)]
    for speaker, screen in account.screens.items():
        found += _showing(account, speaker, screen)
    return [Fault(kind, account.name, detail) for kind, detail in found]


def _sending(account: Account) -> Iterable[tuple[str, str]]:
    copies: dict[str, list[dict[str, Any]]] = {}
    for message in account.stored:
        copies.setdefault(message.get("client_id", ""), []).append(message)
    for sent in account.accepted():
        mine, what = copies.get(str(sent.client_id), []), f"the {sent.speaker}'s message {sent.client_id}"
        if not mine:
            yield "lost", f"{what} is not stored (acknowledged: {'yes' if sent.seq else 'no'})"
        elif any(message["body"] != sent.body for message in mine):
            yield "lost", f"{what} is stored with other words"
        elif sent.seq not in (None, *(message["seq"] for message in mine)):
            yield "disorder", f"{what} was acknowledged as {sent.seq} and is stored as {mine[0]['seq']}"
        if len(mine) > 1:
            yield "duplicate", f"{what} is stored {len(mine)} times"


def _storing(account: Account) -> Iterable[tuple[str, str]]:
    seqs = [message["seq"] for message in account.stored]
    for seq, count in Counter(seqs).items():
        if count > 1:
            yield "duplicate", f"number {seq} is stored {count} times"
    if missing := sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs)):
        yield "gap", f"no message has the number {missing[0]}" + (f", nor {len(missing) - 1} more" * (len(missing) > 1))
    for speaker in Speaker:
        said = [str(sent.client_id) for sent in account.accepted() if sent.speaker is speaker]
        kept = [message["client_id"] for message in account.stored if message.get("client_id") in said]
        if list(dict.fromkeys(kept)) != [key for key in said if key in kept]:
            yield "disorder", f"the {speaker}'s messages are stored in another order than they were sent"


def _showing(account: Account, speaker: Speaker, screen: Screen) -> Iterable[tuple[str, str]]:
    stored, times = account.public(), Counter(screen.shown)
    for seq in stored:
        if not times[seq]:
            yield "lost", f"the {speaker}'s screen never showed number {seq}"
    for seq, count in times.items():
        if count > 1:
            yield "duplicate", f"the {speaker}'s screen showed number {seq} {count} times"
    for before, after in zip(screen.shown, screen.shown[1:], strict=False):
        if after < before:
            yield "disorder", f"the {speaker}'s screen showed {after} after {before}"
        elif any(before < seq < after for seq in stored):
            yield "gap", f"the {speaker}'s screen went from {before} to {after}"


def delivered(account: Account, speaker: Speaker) -> tuple[int, int]:
    """How many of the stored messages `speaker`'s screen showed, and how many it should have."""
    screen = account.screens.get(speaker)
    if screen is None:
        return 0, 0
    public = account.public()
    return sum(seq in screen.at for seq in public), len(public)


def latencies(account: Account) -> list[float]:
    """Seconds from the sending of each message to the screen of who was there to read it."""
    seqs = {message.get("client_id"): message["seq"] for message in account.stored}
    found = []
    for sent in account.accepted():
        reader = account.screens.get(Speaker.AGENT if sent.speaker is Speaker.CUSTOMER else Speaker.CUSTOMER)
        seen = reader.at.get(seqs.get(str(sent.client_id), 0)) if reader else None
        if reader and seen is not None and reader.opened_at <= sent.at:
            found.append(seen - sent.at)
    return found
