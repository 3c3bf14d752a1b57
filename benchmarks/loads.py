"""The three loads: a steady rate for the latency, all that goes for the throughput, and customers who only wait."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from .systems import System
from .tally import Tally
from .wires import Wire

TALKS, AGENTS = 50, 10
RATE = 50  # messages a second
WINDOW = 4  # messages a conversation that may be unacknowledged in a flood
WARM_UP = 2.0
DRAIN = 15.0

MakeWire = Callable[[Tally], Wire]


@dataclass(frozen=True)
class Latency:
    p50: float  # seconds
    p99: float
    lost: int
    twice: int


@dataclass(frozen=True)
class Flood:
    per_second: float
    sent: int
    lost: int
    twice: int


async def latency(make: MakeWire, seconds: float) -> Latency:
    """From the moment a customer's message is due until an agent's screen has it."""
    tally = Tally()
    wire = make(tally)
    await wire.open(TALKS, AGENTS)
    began, total = time.perf_counter(), int(RATE * seconds)
    # Message 0 is left out so that a number is never falsy.
    for number in range(1, total + 1):
        tally.due[number] = began + number / RATE
        await asyncio.sleep(max(0.0, tally.due[number] - time.perf_counter()))
        wire.say(number % TALKS, number)
    await _drain(tally)
    wire.close()
    steady = [delay for number, delay in tally.shown_after.items() if number > total // 10]  # the rest warmed it up
    if len(steady) < 2:
        raise RuntimeError(f"nearly nothing arrived; the desk said: {tally.errors[:3]}")
    return Latency(median(steady), quantiles(steady, n=100)[98], tally.lost, tally.twice)


async def flood(make: MakeWire, seconds: float) -> tuple[Flood, Wire]:
    """Each conversation keeps WINDOW messages under way. The wire stays open, to count what is stored."""
    tally = Tally()
    wire = make(tally)
    await wire.open(TALKS, AGENTS)
    flowing = True

    def send(talk: int) -> None:
        number = len(tally.due) + 1
        tally.due[number] = time.perf_counter()
        talks[number] = talk
        wire.say(talk, number)

    def refill(number: int) -> None:
        if flowing:
            send(talks[number])

    talks: dict[int, int] = {}
    tally.on_stored = refill
    for talk in range(TALKS):
        for _ in range(WINDOW):
            send(talk)
    await asyncio.sleep(WARM_UP)
    before, began = len(tally.stored_after), time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (len(tally.stored_after) - before) / (time.perf_counter() - began)
    flowing = False
    await _drain(tally)
    return Flood(rate, len(tally.due), tally.lost, tally.twice), wire


async def idle(make: MakeWire, customers: int, system: System) -> float:
    """What `customers` open chats add to the system's memory, in MiB, once the first few made it load what it needs."""
    first, wire = make(Tally()), make(Tally())
    await first.open(TALKS, 0)
    await asyncio.to_thread(system.rest)
    before = system.memory()
    await wire.open(customers, 0)
    await asyncio.to_thread(system.rest)
    after = system.memory()
    first.close()
    wire.close()
    return after - before


async def _drain(tally: Tally) -> None:
    end = time.monotonic() + DRAIN
    while not tally.settled and time.monotonic() < end:  # noqa: ASYNC110  # no wake-ups inside what is timed
        await asyncio.sleep(0.05)
