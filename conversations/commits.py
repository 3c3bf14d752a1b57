"""Work of many sockets committed together: what waits while one commit is on its way to the disk shares the next.

A commit that is durable takes milliseconds of waiting for the disk. Each message alone would pay them, and the next
would stand behind it; under load they pay once for all. A message that comes alone is committed alone, and at once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import transaction

MOST = 32  # in one transaction, which holds their conversations until it ends

T = TypeVar("T")


@dataclass
class Job:
    work: Callable[[], Any]
    key: str
    done: asyncio.Future[Any]


async def together(work: Callable[[], T], *, key: str) -> T:
    """Does `work` in a transaction, with what else waits, and returns what it returned, or raises what it raised, once
    that is committed. The works of one key keep their order."""
    loop = asyncio.get_running_loop()
    desk = _desks.setdefault(loop, Desk())
    job = Job(work, key, loop.create_future())
    desk.waiting.append(job)
    if desk.busy is None:
        desk.busy = loop.create_task(desk.serve())
    return cast("T", await job.done)


class Desk:
    """Where the works of one event loop wait."""

    def __init__(self) -> None:
        self.waiting: list[Job] = []
        self.busy: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        try:
            while self.waiting:
                jobs, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
                await _settle(jobs)
        finally:
            self.busy = None


_desks: WeakKeyDictionary[asyncio.AbstractEventLoop, Desk] = WeakKeyDictionary()


async def _settle(jobs: list[Job]) -> None:
    # In the order of their keys: two processes that lock the same conversations lock them in the same order.
    jobs.sort(key=lambda job: job.key)
    outcomes: list[Outcome]
    try:
        outcomes = await database_sync_to_async(_do)([job.work for job in jobs])
    except Exception as error:  # the commit failed, and with it all that it was to hold
        outcomes = [Failed(error)] * len(jobs)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.done.done():
            continue  # whoever waited for it has gone
        if isinstance(outcome, Failed):
            job.done.set_exception(outcome.error)
        else:
            job.done.set_result(outcome.value)


@dataclass(frozen=True)
class Worked:
    value: Any


@dataclass(frozen=True)
class Failed:
    error: Exception


Outcome = Worked | Failed


def _do(works: list[Callable[[], Any]]) -> list[Outcome]:
    if len(works) == 1:
        return [_attempt(works[0])]
    with transaction.atomic():
        return [_attempt(work) for work in works]


def _attempt(work: Callable[[], Any]) -> Outcome:
    """In a transaction, or a savepoint of the common one: what fails is undone, and the others go on."""
    try:
        with transaction.atomic():
            return Worked(work())
    except Exception as error:  # raised where somebody waits for it
        return Failed(error)
