"""What one socket has seen of one conversation: each message once, in order, whatever the announcements do.

A message is announced after its commit, and `seq` is given under the conversation's lock. So when number n arrives,
all before it are in the database: a hole is filled from there, a repetition is dropped.
"""

from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from .models import Message, Role

PAGE = 500  # messages a read


class Feed:
    def __init__(self, conversation_id: UUID, *, after: int, notes: bool) -> None:
        self.conversation_id, self.seen, self.notes = conversation_id, after, notes

    async def take(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What to show now that `message` was announced: it, it and what was missed, or nothing."""
        if message["seq"] <= self.seen:
            return []
        if message["seq"] > self.seen + 1:
            return await self.catch_up()
        return self._show([message])

    async def catch_up(self) -> list[dict[str, Any]]:
        """All that is in the database and was not shown yet."""
        missed = await database_sync_to_async(self._read)()
        return self._show(missed) if missed else []

    def _read(self) -> list[dict[str, Any]]:
        # To the end before anything counts as seen: a read that fails half-way must not leave a hole.
        missed: list[Message] = []
        messages = Message.objects.filter(conversation=self.conversation_id)
        while page := list(messages.after(missed[-1].seq if missed else self.seen)[:PAGE]):
            missed += page
            if len(page) < PAGE:
                break
        return [message.as_json() for message in missed]

    def _show(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.seen = messages[-1]["seq"]
        return [message for message in messages if self.notes or message["role"] != Role.NOTE]
