"""Her messages draw one answer, whatever happens meanwhile; and her button calls a person, wherever she is."""

import asyncio
import json
import threading
from functools import partial

import pytest
from channels.db import database_sync_to_async

from conversations import background, live
from conversations.assistant import Draft, Outcome, Say
from conversations.assistant.turn import Turn
from conversations.endings import close
from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Transition
from conversations.models.message import Line
from conversations.posting import Refused
from conversations.turns import ask_for_person, begin, settle, start, take_turn
from tests.waiting import wait_until_async

from .scene import Answers, asks, listening, moved, say_again, says, state, stored, talk, to_a_person, transcript

pytestmark = pytest.mark.django_db(transaction=True)


# --- The plain way -------------------------------------------------------------------------------------------------


async def test_cleo_asks_and_is_answered(conversation: Conversation, echo: None) -> None:
    await asks(conversation, "Do you ship to Malta?")
    await take_turn(conversation.pk, escalate=to_a_person)
    assert (await talk(conversation))[1:] == [("assistant", "You said: Do you ship to Malta?")]
    now = await state(conversation)
    assert (now.status, now.lease_until) == ("waiting_for_input", None)
    record = await database_sync_to_async(conversation.turns.get)()
    assert (record.seq, record.outcome, record.intent) == (1, "answered", now.intent)


async def test_the_reply_is_heard_while_it_is_written(conversation: Conversation, echo: None) -> None:
    await asks(conversation, "Hello there")
    await asyncio.to_thread(background.flush, 5)  # what her message announced is not what we listen for
    async with listening(live.conversation_group(conversation.pk)) as ear:
        await take_turn(conversation.pk, escalate=to_a_person)
        heard = await ear.until("chat.status")
    assert [event["text"] for event in heard if event["type"] == "chat.delta"] == ["Hello there"]
    said = next(event for event in heard if event["type"] == "chat.message")
    assert (
        json.loads(Line(*said["line"]).text)["data"]["turn"]
        == next(e for e in heard if e["type"] == "chat.delta")["turn"]
    )


async def test_eight_quick_messages_draw_one_answer_to_all_of_them(
    conversation: Conversation, answers_with: Answers
) -> None:
    all_said = threading.Event()

    async def slower_than_she_writes(turn: Turn, say: Say) -> Draft:
        await asyncio.to_thread(all_said.wait, 10)
        return await say_again(turn, say)

    answers_with(slower_than_she_writes)
    for number in range(1, 9):
        await asks(conversation, f"part {number}")
        start(conversation.pk, escalate=to_a_person)
    all_said.set()
    await wait_until_async(lambda: _is(conversation, "waiting_for_input"), 10, "an answer")
    said = await talk(conversation)
    assert [role for role, _ in said] == ["customer"] * 8 + ["assistant"]
    assert said[-1][1] == "You said: " + "\n".join(f"part {number}" for number in range(1, 9))


async def test_turns_of_several_processes_for_one_burst_still_make_one_answer(
    conversation: Conversation, answers_with: Answers
) -> None:
    drafting: list[int] = []
    all_said = asyncio.Event()

    async def when_all_is_said(turn: Turn, say: Say) -> Draft:
        drafting.append(turn.seq)
        await all_said.wait()
        return await say_again(turn, say)

    answers_with(when_all_is_said)
    processes = []
    for number in range(1, 4):
        await asks(conversation, f"part {number}")
        processes.append(asyncio.create_task(take_turn(conversation.pk, escalate=to_a_person)))
        await wait_until_async(partial(_holds, drafting, number), 10, "a draft")
    all_said.set()
    await asyncio.gather(*processes)
    assert [body for role, body in await talk(conversation) if role == "assistant"] == [
        "You said: part 1\npart 2\npart 3"
    ]


async def _is(conversation: Conversation, status: str) -> bool:
    return (await state(conversation)).status == status


async def _holds(numbers: list[int], number: int) -> bool:
    return number in numbers


# --- What happens meanwhile ----------------------------------------------------------------------------------------


async def test_the_bot_never_talks_over_a_person(conversation: Conversation, answers_with: Answers) -> None:
    async def overtaken(turn: Turn, say: Say) -> Draft:
        say("I think ")
        await database_sync_to_async(ask_for_person)(conversation.pk, escalate=to_a_person)
        return Draft(Outcome.ANSWERED, "I think it is on its way.")

    answers_with(overtaken)
    await asks(conversation)
    async with listening(live.conversation_group(conversation.pk)) as ear:
        await take_turn(conversation.pk, escalate=to_a_person)
        heard = await ear.until("chat.delta.end")
    assert [role for role, _ in await talk(conversation)] == ["customer", "system"]
    assert (await state(conversation)).status == "escalated"
    assert {event["turn"] for event in heard if event["type"].startswith("chat.delta")} == {heard[-1]["turn"]}


async def test_a_draft_from_before_a_person_came_and_went_is_dropped_too(
    conversation: Conversation, answers_with: Answers
) -> None:
    def there_and_back() -> None:
        moved(stored(conversation), Status.ESCALATED, Status.ACTIVE, Status.PROCESSING)

    async def overtaken(turn: Turn, say: Say) -> Draft:
        await database_sync_to_async(there_and_back)()
        return Draft(Outcome.ANSWERED, "stale")

    answers_with(overtaken)
    await asks(conversation)
    await take_turn(conversation.pk, escalate=to_a_person)
    assert [role for role, _ in await talk(conversation)] == ["customer"]


async def test_she_ends_it_in_mid_draft_and_hears_nothing_more(
    conversation: Conversation, answers_with: Answers
) -> None:
    def leave() -> None:
        close(conversation.pk, reason=Reason.CUSTOMER_LEFT, actor=Transition.CUSTOMER)

    async def overtaken(turn: Turn, say: Say) -> Draft:
        await database_sync_to_async(leave)()
        return Draft(Outcome.ANSWERED, "stale")

    answers_with(overtaken)
    await asks(conversation)
    await take_turn(conversation.pk, escalate=to_a_person)
    assert [role for role, _ in await talk(conversation)] == ["customer", "system"]
    assert (await state(conversation)).status == "closed"


async def test_a_turn_nobody_owes_is_not_taken(conversation: Conversation, echo: None) -> None:
    await take_turn(conversation.pk, escalate=to_a_person)
    assert await talk(conversation) == []


def test_settling_twice_answers_once(conversation: Conversation) -> None:
    says(conversation, "Hello")
    first, second = begin(conversation.pk), begin(conversation.pk)
    assert first is not None
    assert second is not None
    for turn in (first, second):
        turn.draft = Draft(Outcome.ANSWERED, "Hello to you")
        assert settle(turn, escalate=to_a_person)
    assert settle(first, escalate=to_a_person)
    assert transcript(conversation) == [("customer", "Hello"), ("assistant", "Hello to you")]
    assert conversation.turns.count() == 1


# --- The button ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [(), (Status.PROCESSING,), (Status.PROCESSING, Status.WAITING_FOR_INPUT), (Status.IDLE,)]
)
def test_the_button_calls_a_person_from_wherever_she_is(conversation: Conversation, path: tuple[Status, ...]) -> None:
    moved(conversation, *path)
    ask_for_person(conversation.pk, escalate=to_a_person)
    ask_for_person(conversation.pk, escalate=to_a_person)
    assert stored(conversation).status == "escalated"
    assert [role for role, _ in transcript(conversation)] == ["system"]


def test_the_button_of_a_closed_conversation_says_so(conversation: Conversation) -> None:
    moved(conversation, Status.CLOSED)
    with pytest.raises(Refused) as refusal:
        ask_for_person(conversation.pk, escalate=to_a_person)
    assert refusal.value.code == "closed"
