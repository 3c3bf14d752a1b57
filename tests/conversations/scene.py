"""What these tests share: Cleo who asks, the smallest desk behind the seam, ways to a status, an ear on the broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from conversations.assistant import Draft, Outcome, Say
from conversations.assistant.turn import Handler, Turn
from conversations.lifecycle import Status
from conversations.models import Conversation, Role, Transition
from conversations.posting import append, post

Event = dict[str, Any]
Answers = Callable[[Handler], None]

#: The shortest legal way from a new conversation to each status.
WAY_TO = {
    Status.ACTIVE: (),
    Status.PROCESSING: (Status.PROCESSING,),
    Status.WAITING_FOR_INPUT: (Status.PROCESSING, Status.WAITING_FOR_INPUT),
    Status.IDLE: (Status.IDLE,),
    Status.ESCALATED: (Status.ESCALATED,),
    Status.CLOSED: (Status.CLOSED,),
}


def moved(conversation: Conversation, *path: Status) -> Conversation:
    for status in path:
        conversation.move(status, reason="test", actor=Transition.SYSTEM)
    return conversation


def transcript(conversation: Conversation) -> list[tuple[str, str]]:
    return list(conversation.messages.order_by("seq").values_list("role", "body"))


def stored(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


# --- Cleo asks -----------------------------------------------------------------------------------------------------


def says(conversation: Conversation, body: str) -> None:
    post(conversation.pk, role=Role.CUSTOMER, body=body)


async def asks(conversation: Conversation, body: str = "Where is my order?") -> None:
    await database_sync_to_async(says)(conversation, body)


async def state(conversation: Conversation) -> Conversation:
    now: Conversation = await database_sync_to_async(stored)(conversation)
    return now


async def talk(conversation: Conversation) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = await database_sync_to_async(transcript)(conversation)
    return said


# --- The smallest desk behind the seam -----------------------------------------------------------------------------


def to_a_person(turn: Turn) -> bool:
    """A person is called when she asks for one, or when the assistant cannot go on."""
    lost = turn.draft is not None and turn.draft.outcome in (Outcome.FAILED, Outcome.HAND_OVER)
    if not (turn.asked or lost):
        return False
    append(turn.conversation, role=Role.SYSTEM, body="I'm connecting you with a human agent. Please wait…")
    turn.conversation.move(Status.ESCALATED, reason="human_requested", actor=Transition.SYSTEM)
    return True


def in_line(conversation: Conversation, *, for_staff: bool, placed: bool = True) -> dict[str, Any] | None:
    if conversation.status != Status.ESCALATED:
        return None
    shape: dict[str, Any] = {"status": "waiting"}
    if placed:
        shape |= {"position": 1, "estimated_wait": {"low": 60, "high": 180}}
    return shape | ({"reason": "User requested human assistance"} if for_staff else {})


async def say_again(turn: Turn, say: Say) -> Draft:
    say(turn.text)
    return Draft(Outcome.ANSWERED, f"You said: {turn.text}")


# --- What is announced ---------------------------------------------------------------------------------------------


async def up_to(kind: str, hear: Callable[[], Awaitable[Event]]) -> list[Event]:
    """Everything that is heard up to and with the first of this type."""
    heard = [await hear()]
    while heard[-1]["type"] != kind:
        heard.append(await hear())
    return heard


class Ear:
    """Hears what a group is told, over the real broker."""

    def __init__(self, layer: Any, channel: str) -> None:
        self.layer, self.channel = layer, channel

    async def next(self, seconds: float = 5) -> Event:
        async with asyncio.timeout(seconds):
            event: Event = await self.layer.receive(self.channel)
        return event

    async def until(self, kind: str) -> list[Event]:
        return await up_to(kind, self.next)


@asynccontextmanager
async def listening(group: str) -> AsyncIterator[Ear]:
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    try:
        yield Ear(layer, channel)
    finally:
        await layer.group_discard(group, channel)
        await layer.flush()
