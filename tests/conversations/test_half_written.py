"""What becomes of a reply that was begun: who saw its beginning hears that it will not come, and nobody else does."""

import asyncio

import pytest

from conversations import background, live
from conversations.assistant import Draft, Outcome, Say
from conversations.assistant.turn import Handler, Turn
from conversations.models import Conversation
from conversations.turns import take_turn

from .scene import Answers, Event, asks, listening, to_a_person

pytestmark = pytest.mark.django_db(transaction=True)


async def heard_in(conversation: Conversation) -> list[Event]:
    """All that is heard of one turn about the writing of its reply."""
    await asks(conversation)
    await asyncio.to_thread(background.flush, 5)
    async with listening(live.conversation_group(conversation.pk)) as ear:
        await asyncio.gather(take_turn(conversation.pk, escalate=to_a_person), return_exceptions=True)
        await asyncio.to_thread(background.flush, 5)
        live.announce_typing(conversation.pk, "agent", "the end")  # what comes before it is all there was
        heard = await ear.until("chat.typing")
    return [event for event in heard if event["type"].startswith("chat.delta")]


async def gives_up(turn: Turn, say: Say) -> Draft:
    return Draft(Outcome.HAND_OVER)


async def breaks(turn: Turn, say: Say) -> Draft:
    raise ConnectionResetError


async def is_told_to_end(turn: Turn, say: Say) -> Draft:
    raise asyncio.CancelledError


async def is_overtaken(turn: Turn, say: Say) -> Draft:
    """She writes on meanwhile, and the turn of whichever process took that is the one that counts."""
    await asks(turn.conversation)
    return Draft(Outcome.ANSWERED, "It is on its way.")


UNDONE = pytest.mark.parametrize("end", [gives_up, breaks, is_told_to_end, is_overtaken])


@UNDONE
async def test_nobody_is_told_of_the_end_of_what_never_began(
    conversation: Conversation, answers_with: Answers, end: Handler
) -> None:
    answers_with(end)
    assert await heard_in(conversation) == []


@UNDONE
async def test_who_saw_a_beginning_hears_once_that_there_is_no_more(
    conversation: Conversation, answers_with: Answers, end: Handler
) -> None:
    async def begins(turn: Turn, say: Say) -> Draft:
        say("It is ")
        return await end(turn, say)

    answers_with(begins)
    began, ended = await heard_in(conversation)
    assert (began["type"], began["text"], ended["type"]) == ("chat.delta", "It is ", "chat.delta.end")
    assert ended["turn"] == began["turn"]
