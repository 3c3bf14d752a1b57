"""What one socket shows of one conversation: each message once, in order, whatever the announcements do.

`seq` is given under the conversation's lock and announced after the commit. So when number n arrives, all before it are
in the database: one that was shown is dropped, the next is shown, a later one is held until what is between has come,
or has been read.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError

from .models import Message, Role
from .models.message import Line

log = logging.getLogger(__name__)

PAGE = 500  # messages a read
PATIENCE = 0.1  # seconds for which what is missing may still be on its way from another process
MOST_HELD = 500  # messages; what is beyond is read when its turn comes

Show = Callable[[Line], None]


class Feed:
    """Holds everything until `release`: join the group, `read`, say what there is, release."""

    def __init__(self, conversation_id: UUID, *, after: int, notes: bool, show: Show) -> None:
        self.conversation_id, self.seen, self.notes, self.show = conversation_id, after, notes, show
        self._held: dict[int, Line] = {}
        self._released = False
        self._newest = self.last_shown = after  # the highest number heard of; the last that was shown
        self._healing: asyncio.Task[None] | None = None

    def offer(self, line: Line) -> None:
        """A message was announced."""
        if line.seq <= self.seen:
            return
        if self._released and line.seq == self.seen + 1:
            self._pass(line)
            if self._held:
                self._pass_held()
        else:
            if len(self._held) < MOST_HELD:
                self._held[line.seq] = line
            self.reach(line.seq)

    def reach(self, seq: int) -> None:
        """There is a message of this number. What has not come in a moment is read."""
        self._newest = max(self._newest, seq)
        if self._released and self._newest > self.seen and not self._healing:
            self._healing = asyncio.create_task(self._heal())

    async def read(self) -> list[dict[str, Any]]:
        """All after what was seen, as the database has it; it counts as seen from now on."""
        messages = await database_sync_to_async(self._read)(self.seen)
        if messages:
            self.seen = messages[-1].seq
        shown = [message.as_json() for message in messages if self._is_shown(message.role)]
        self.last_shown = shown[-1]["seq"] if shown else self.last_shown
        return shown

    def release(self) -> None:
        """What was announced meanwhile is shown, and from now on what will be."""
        self._released = True
        self._pass_held()
        self.reach(self._newest)

    async def catch_up(self) -> None:
        """Shows what is in the database and was not shown yet. Raises DatabaseError."""
        for message in await database_sync_to_async(self._read)(self.seen):
            if message.seq == self.seen + 1:  # else it was announced and shown while this was read
                self._pass(message.as_line())
        self._pass_held()

    def close(self) -> None:
        if self._healing:
            self._healing.cancel()

    async def _heal(self) -> None:
        try:
            await asyncio.sleep(PATIENCE)
            if self._newest > self.seen:
                await self.catch_up()
        except DatabaseError as error:
            log.warning("a hole in a conversation was not filled, the next look fills it: %s", error)
        finally:
            self._healing = None

    def _pass(self, line: Line) -> None:
        self.seen = line.seq
        if self._is_shown(line.role):
            self.last_shown = line.seq
            self.show(line)

    def _pass_held(self) -> None:
        while line := self._held.pop(self.seen + 1, None):
            self._pass(line)
        if self._held:
            self._held = {seq: line for seq, line in self._held.items() if seq > self.seen}

    def _is_shown(self, role: str) -> bool:
        return self.notes or role != Role.NOTE

    def _read(self, after: int) -> list[Message]:
        # To the end before anything counts as seen: a read that fails half-way must not leave a hole.
        messages: list[Message] = []
        stored = Message.objects.filter(conversation=self.conversation_id)
        while page := list(stored.after(messages[-1].seq if messages else after)[:PAGE]):
            messages += page
            if len(page) < PAGE:
                break
        return messages
