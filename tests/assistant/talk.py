"""A conversation with the assistant alone: whoever is not answered lands on a person, as with the real rules."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from asgiref.sync import async_to_sync

from conversations import turns
from conversations.assistant import llm
from conversations.assistant.turn import Outcome, Turn
from conversations.lifecycle import Status
from conversations.models import Conversation, Role, Transition
from conversations.posting import post

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs async code from a test, in the test's own transaction."""

    async def go() -> T:
        try:
            return await work
        finally:
            await llm.close()

    return async_to_sync(go)()


class Talk:
    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self._seen: list[Turn] = []

    def says(self, *bodies: str) -> Turn:
        """Cleo says this; returns the turn that came of it, settled."""
        for body in bodies:
            post(self.conversation.pk, role=Role.CUSTOMER, body=body)
        run(turns.take_turn(self.conversation.pk, escalate=self._escalate))
        self.conversation.refresh_from_db()
        return self._seen[-1]

    def drafts(self, body: str) -> Turn:
        """The turn that is owed for this, not taken yet."""
        post(self.conversation.pk, role=Role.CUSTOMER, body=body)
        turn = turns.begin(self.conversation.pk)
        assert turn is not None
        return turn

    @property
    def reply(self) -> str:
        return self.conversation.messages.filter(role=Role.ASSISTANT).latest("seq").body

    @property
    def sources(self) -> list[str]:
        data = self.conversation.messages.filter(role=Role.ASSISTANT).latest("seq").data
        return [source["url"] for source in data.get("sources", [])]

    def _escalate(self, turn: Turn) -> bool:
        self._seen.append(turn)
        if turn.draft is None or turn.draft.outcome not in (Outcome.FAILED, Outcome.HAND_OVER):
            return False
        turn.conversation.move(Status.ESCALATED, reason=turn.draft.outcome, actor=Transition.SYSTEM)
        return True
