"""Waiting without sleeping for luck: ask again and again, within a bound."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE = 0.02


def wait_until(condition: Callable[[], T], seconds: float = 10, what: str = "") -> T:
    """What `condition` says, as soon as it says something true; an AssertionError where it has not in time."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"{what or 'it'} has not happened within {seconds} s"
        time.sleep(PAUSE)
    return answer


async def wait_until_async(condition: Callable[[], Awaitable[T]], seconds: float = 10, what: str = "") -> T:
    end = time.monotonic() + seconds
    while not (answer := await condition()):
        assert time.monotonic() < end, f"{what or 'it'} has not happened within {seconds} s"
        await asyncio.sleep(PAUSE)
    return answer
