"""What many customers say at once, committed together: what waits while one commit is on its way to the disk shares
the next.

A commit that is durable takes milliseconds of waiting for the disk. Each message alone would pay them, and the next
would stand behind it; under load they pay once for all. A message that comes alone is committed alone, and at once.
A thread of its own does it, with a connection that it keeps: messages wait neither for pages nor for a pool.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import connection, transaction
from django.utils import timezone

from . import live, posting
from .actors import Action, Actor
from .models import Conversation, statements
from .posting import Draft, Posted, Refused

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds, after which nobody else's message waits for one that breaks the transaction
MOST = 256  # in one transaction, which holds their conversations until it ends
MOST_WAITING = 2000  # before a message is refused, rather than kept waiting for longer than its sender does


Outcome = Posted | Exception


@dataclass(frozen=True, slots=True)
class Job:
    draft: Draft
    by: Actor
    then: Callable[[Outcome], None]


def post(draft: Draft, *, by: Actor, then: Callable[[Outcome], None]) -> None:
    """Posts what a person wrote, with what else waits. `then` is called on the event loop, with what was posted once it
    is committed, or with why it was not: Refused (`not_yours`, and as `posting.post`) or a DatabaseError. One who posts
    several without waiting has them posted in that order.

    Raises Refused (`unavailable`)."""
    loop = asyncio.get_running_loop()
    writer = _writers.get(loop)
    if writer is None:
        writer = _writers[loop] = Writer(loop)
    writer.put(Job(draft, by, then))


class Writer:
    """The messages of one event loop, in the order in which they came."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiting: deque[Job] = deque()
        self._busy = False
        self._lock = threading.Lock()

    def put(self, job: Job) -> None:
        with self._lock:
            if len(self.waiting) >= MOST_WAITING:
                raise Refused("unavailable", "Too many are writing at this moment. Try again.", retry_after=2)
            self.waiting.append(job)
            if self._busy:
                return
            self._busy = True
        _thread.submit(self._serve)

    def _serve(self) -> None:
        while jobs := self._next():
            outcomes = commit(jobs)
            # The answers first: whoever wrote learns that it is kept before she sees it come back.
            with suppress(RuntimeError):  # the loop has been closed, and nobody waits any more
                self.loop.call_soon_threadsafe(_answer, jobs, outcomes)
            with live.committed():
                for outcome in outcomes:
                    if isinstance(outcome, Posted):
                        posting.tell(outcome)

    def _next(self) -> list[Job]:
        with self._lock:
            jobs = [self.waiting.popleft() for _ in range(min(MOST, len(self.waiting)))]
            self._busy = bool(jobs)
        return jobs


_writers: WeakKeyDictionary[asyncio.AbstractEventLoop, Writer] = WeakKeyDictionary()
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")


def _answer(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        try:
            job.then(outcome)
        except Exception:  # one socket's own trouble is not the others'
            log.exception("an outcome was not told")


def commit(jobs: Sequence[Job]) -> list[Outcome]:
    """In one transaction; once more if the database has cut the connection meanwhile. (A message whose commit was done
    already is then known by its client_id.) If one of them breaks it, each gets its own."""
    end = time.monotonic() + PATIENCE
    try:
        return _tried_twice(jobs)
    except Exception as error:
        if len(jobs) == 1 or connection.connection is None:  # the database is away, and so it is for each
            return [error] * len(jobs)
        failed = error
    return [_alone(job) if time.monotonic() < end else failed for job in jobs]


def _alone(job: Job) -> Outcome:
    try:
        return _tried_twice([job])[0]
    except Exception as error:
        return error


def _tried_twice(jobs: Sequence[Job]) -> list[Outcome]:
    before = connection.connection
    try:
        return _commit_all(jobs)
    except Exception:
        if connection.connection is before and connection.is_usable():
            raise
        connection.close()
    return _commit_all(jobs)


def _commit_all(jobs: Sequence[Job]) -> list[Outcome]:
    with statements.one_trip(), transaction.atomic():
        asked = statements.hold(Conversation, {job.draft.conversation_id for job in jobs}, posting.COLUMNS)
        asked_known = posting.ask_known([job.draft for job in jobs])
        rows, known = {conversation.pk: conversation for conversation in asked()}, asked_known()
        now = timezone.now()
        outcomes = [_decided(job, rows, known, now) for job in jobs]
        posting.write([outcome for outcome in outcomes if isinstance(outcome, Posted) and outcome.new])
    return outcomes


def _decided(job: Job, rows: dict[UUID, Conversation], known: posting.Known, now: datetime) -> Outcome:
    conversation, key = rows.get(job.draft.conversation_id), (job.draft.conversation_id, job.draft.client_id)
    if conversation is None or not job.by.may(Action.SPEAK, conversation):
        return Refused("not_yours", "This conversation is not yours.")
    try:
        posted = posting.decide(conversation, job.draft, known.get(key), now)
    except Refused as refusal:
        return refusal
    known[key] = posted.message  # to whoever says it twice in one breath
    return posted
