"""What the sockets of this process follow, compared with the database every few seconds, in one query for all.

A message that was committed and never announced, because its process died in between, is found by the next one in its
conversation. Nobody else would find the last.
"""

import asyncio
import logging
from collections import defaultdict
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import DatabaseError

from .models import Conversation

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds
PAGE = 500  # conversations a query

Row = tuple[UUID, int, str]


class Follower(Protocol):
    def compare(self, conversation_id: UUID, last_seq: int, status: str) -> None:
        """The database has this as its conversation's newest message, and this as its status."""


class Following:
    """Who follows what on one event loop."""

    def __init__(self) -> None:
        self.followers: defaultdict[UUID, set[Follower]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None
        self._now = asyncio.Event()

    def add(self, conversation_id: UUID, follower: Follower) -> None:
        self.followers[conversation_id].add(follower)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_every_few_seconds())

    def discard(self, conversation_id: UUID, follower: Follower) -> None:
        self.followers[conversation_id].discard(follower)
        if not self.followers[conversation_id]:
            del self.followers[conversation_id]

    def look_now(self) -> None:
        """Announcements may have been missed."""
        self._now.set()

    async def _look_every_few_seconds(self) -> None:
        while self.followers:
            try:
                async with asyncio.timeout(EVERY):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()
            await self.look()

    async def look(self) -> None:
        try:
            rows = await database_sync_to_async(_read)(tuple(self.followers))
        except DatabaseError as error:
            log.warning("what is followed could not be compared, the next look is in %s s: %s", EVERY, error)
            return
        for conversation_id, last_seq, status in rows:
            for follower in tuple(self.followers.get(conversation_id, ())):
                follower.compare(conversation_id, last_seq, status)


def _read(conversation_ids: tuple[UUID, ...]) -> list[Row]:
    rows: list[Row] = []
    for at in range(0, len(conversation_ids), PAGE):
        some = Conversation.objects.filter(pk__in=conversation_ids[at : at + PAGE])
        rows += some.values_list("pk", "last_seq", "status")
    return rows


_followings: WeakKeyDictionary[asyncio.AbstractEventLoop, Following] = WeakKeyDictionary()


def following() -> Following:
    """That of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _followings:
        _followings[loop] = Following()
    return _followings[loop]
