"""Two web processes and two workers on one port: nobody notices which of them she is with, nor that one is gone."""

import asyncio
from collections.abc import Callable

import psutil
import pytest

from tests.running import Desk

from .seat import Seat, cleo_at, seated, stored

NewDesk = Callable[..., Desk]

pytestmark = pytest.mark.timeout(300)

TABS = 8


def process_of(desk: Desk, tab: Seat) -> str:
    """The web process that holds the other end of her socket."""
    assert tab.wire is not None
    port = tab.wire.local_address[1]
    for name in ("web", "web-2"):
        ends = psutil.Process(desk.pids()[name]).net_connections("tcp")
        if any(getattr(end.raddr, "port", 0) == port for end in ends):
            return name
    raise AssertionError(f"nobody holds the socket at {port}")


async def test_what_she_says_in_one_process_is_seen_in_the_other_and_outlives_it(new_desk: NewDesk) -> None:
    desk = new_desk("--no-demo", "--web", "2", "--worker", "2").start()
    assert {"web", "web-2", "worker", "worker-2", "beat"} <= set(desk.pids())
    first, talk = cleo_at(desk)
    tabs = [first, *(Seat(first.url, first.hello) for _ in range(TABS - 1))]
    async with seated(*tabs):
        places = [process_of(desk, tab) for tab in tabs]
        assert set(places) == {"web", "web-2"}, "both take callers"
        for number, tab in enumerate(tabs):
            await tab.write(f"from tab {number}")
        await first.until(lambda: all(len(tab.said_by("customer")) == TABS for tab in tabs), 20, "all on every screen")
        desk.kill("web-2")
        refused = [status for _ in range(20) if (status := (await asyncio.to_thread(desk.get, "/healthz"))[0]) != 200]
        assert not refused, "the other one answers meanwhile"
        await first.write("and one more")
        done = "what was said then on every screen, those of the dead process too"
        await first.until(lambda: all(len(tab.said_by("customer")) == TABS + 1 for tab in tabs), 30, done)
    kept = stored(desk, talk)
    assert all(tab.shown == kept[: len(tab.shown)] for tab in tabs)
