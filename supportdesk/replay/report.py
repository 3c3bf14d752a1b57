"""What a replay shows while it runs, and the table it closes with."""

import time
from collections import Counter
from collections.abc import Iterator
from statistics import quantiles
from typing import IO

from .dialogues import Script, Speaker
from .ledger import Account, Fault, delivered, latencies

WIDTH = 30
SHOWN_FAULTS = 20
BUTTON = "The customer pressed the button"


class Progress:
    """A bar on a terminal; elsewhere a line for each tenth."""

    def __init__(self, total: int, out: IO[str]) -> None:
        self.total, self.out, self.done, self.messages = total, out, 0, 0
        self.began = time.monotonic()
        self._bar = out.isatty()

    def step(self, account: Account) -> None:
        self.done += 1
        self.messages += len(account.sent)
        text = (
            f"{self.done}/{self.total} conversations, {self.messages} messages, {time.monotonic() - self.began:.0f} s"
        )
        if self._bar:
            filled = WIDTH * self.done // self.total
            end = "\n" if self.done == self.total else ""
            print(f"\r[{'█' * filled}{'·' * (WIDTH - filled)}] {text}", end=end, file=self.out, flush=True)
        elif self.done == self.total or self.done * 10 // self.total > (self.done - 1) * 10 // self.total:
            print(text, file=self.out, flush=True)


def table(script: Script, accounts: list[Account], faults: list[Fault], seconds: float) -> Iterator[str]:
    """The closing table, a line at a time."""
    sent = [one for account in accounts for one in account.sent]
    refused = sum(bool(one.refused) for one in sent)
    kept = {message.get("client_id") for account in accounts for message in account.stored}
    stored = sum(str(one.client_id) in kept for one in sent)
    yield _row("Conversations", f"{len(accounts)} in {seconds:.0f} s")
    yield _row("Messages sent", f"{len(sent)}" + (f" ({refused} refused)" if refused else ""))
    yield _row("… stored", f"{stored}, with what the desk said {sum(len(account.stored) for account in accounts)}")
    for speaker in Speaker:
        shown, due = map(sum, zip(*(delivered(account, speaker) for account in accounts), strict=True))
        yield _row(f"… on {speaker}s' screens", f"{shown} of {due}")
    kinds = Counter(fault.kind for fault in faults)
    for kind, name in (("lost", "Lost"), ("duplicate", "Duplicates"), ("gap", "Gaps"), ("disorder", "Out of order")):
        yield _row(name, str(kinds[kind]))
    yield _row("Broken off", str(sum(bool(account.failure) for account in accounts)))
    if script.skipped_turns or script.skipped_rows:
        yield _row("Skipped", f"{script.skipped_turns} turns with nothing to say, {script.skipped_rows} empty rows")
    yield from _escalations(accounts)
    yield from _counted("Intents", Counter(account.intent or "none" for account in accounts))
    yield _row("Delivery", _spread([seconds for account in accounts for seconds in latencies(account)]))


def complaints(accounts: list[Account], faults: list[Fault]) -> Iterator[str]:
    """What went wrong, conversation by conversation; the first of it, if it is much."""
    found = [f"{fault.kind}: {fault.conversation}: {fault.detail}" for fault in faults]
    found += [f"broken off: {account.name}: {account.failure}" for account in accounts if account.failure]
    yield from found[:SHOWN_FAULTS]
    if len(found) > SHOWN_FAULTS:
        yield f"… and {len(found) - SHOWN_FAULTS} more"


def _escalations(accounts: list[Account]) -> Iterator[str]:
    reasons = Counter(BUTTON if account.pressed_button else account.reason for account in accounts if account.reason)
    yield _row("Escalated", f"{reasons.total()} of {len(accounts)}")
    yield from _counted("", reasons)
    if others := sum(account.taken_by_others for account in accounts):
        yield _row("", f"{others} were taken by other agents, whose turns were left to them")


def _counted(title: str, counts: Counter[str]) -> Iterator[str]:
    for name, count in counts.most_common():
        yield _row(title, f"{count:5}  {name}")
        title = ""


def _spread(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "too few to tell"
    cuts = quantiles(seconds, n=20, method="inclusive")
    return f"p50 {cuts[9] * 1000:.1f} ms, p95 {cuts[18] * 1000:.1f} ms, over {len(seconds)} messages"


def _row(name: str, value: str) -> str:
    return f"  {name:<24} {value}"
