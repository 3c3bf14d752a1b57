"""Work of many sockets committed together: what waits while one commit is on its way to the disk shares the next.

A commit that is durable takes milliseconds of waiting for the disk. Each message alone would pay them, and the next
would stand behind it; under load they pay once for all. A message that comes alone is committed alone, and at once.
A thread of its own does it, with a connection that it keeps: messages wait neither for pages nor for a pool.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from django.db import connection, transaction

from .posting import Refused

PATIENCE = 10.0  # seconds, after which nobody else's message waits for one that breaks the transaction
MOST = 32  # in one transaction, which holds their conversations until it ends

T = TypeVar("T")


@dataclass
class Job:
    work: Callable[[], Any]
    key: str
    done: asyncio.Future[Any]


async def together(work: Callable[[], T], *, key: str) -> T:
    """Does `work` in a transaction, with what else waits, and returns what it returned, or raises what it raised, once
    that is committed. The works of one key keep their order.

    `work` has written nothing when it raises Refused, and may be done again: a transaction that another work broke, or
    that a cut connection left in doubt, is repeated. (A message is known by its client_id.)"""
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
        loop = asyncio.get_running_loop()
        outcomes = await loop.run_in_executor(_writer, _write, [job.work for job in jobs])
    except Exception as error:  # the database is away, and with it all that it was to hold
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


_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")


def _write(works: list[Callable[[], Any]]) -> list[Outcome]:
    """In one transaction, without those that break it; once more if the database has cut the connection meanwhile."""
    left, broken, cut = dict(enumerate(works)), dict[int, Outcome](), False
    end = time.monotonic() + PATIENCE
    while True:
        before, done = connection.connection, dict[int, Outcome]()
        at: int | None = None
        try:
            with transaction.atomic():
                for at, work in left.items():
                    done[at] = _unless_refused(work)
            return [(broken | done)[number] for number in range(len(works))]
        except Exception as error:
            if before is not None and connection.connection is not before and not cut:
                cut = True
            elif at is None or at in done or time.monotonic() > end:
                raise  # it did not begin, or the commit failed: nobody's own fault
            else:
                broken[at] = Failed(error)
                del left[at]


def _unless_refused(work: Callable[[], Any]) -> Outcome:
    try:
        return Worked(work())
    except Refused as refusal:
        return Failed(refusal)
