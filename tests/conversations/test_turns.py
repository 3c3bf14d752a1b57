"""Her message ends in one answer or with a person: whatever fails, dies, or happens meanwhile."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from conversations import background, live, turns
from conversations.assistant import Draft, Outcome, Say
from conversations.assistant.turn import Handler, Turn
from conversations.endings import close
from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Role, Transition
from conversations.posting import Refused, post
from conversations.turns import ask_for_person, begin, retake, settle, start, take_turn
from tests.waiting import wait_until_async

from .scene import listening, moved, say_again, stored, to_a_person, transcript

pytestmark = pytest.mark.django_db(transaction=True)

Answers = Callable[[Handler], None]
LATER = timedelta(minutes=1)  # past any lease


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


async def drops_dead(turn: Turn, say: Say) -> Draft:
    """As in a process that ends: no answer, no error, nothing settled."""
    raise asyncio.CancelledError


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
    assert said["message"]["data"]["turn"] == next(e for e in heard if e["type"] == "chat.delta")["turn"]


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


# --- Every failure of the bot lands on a person --------------------------------------------------------------------


async def breaks(turn: Turn, say: Say) -> Draft:
    raise ConnectionResetError("the model hung up on \0 and \ud800")


async def never_ends(turn: Turn, say: Say) -> Draft:
    await asyncio.Event().wait()
    raise AssertionError


async def says_nothing(turn: Turn, say: Say) -> Draft:
    return Draft(Outcome.ANSWERED, " \n ")


async def says_what_no_database_keeps(turn: Turn, say: Say) -> Draft:
    return Draft(Outcome.ANSWERED, "half a pair \ud800")


async def gives_up(turn: Turn, say: Say) -> Draft:
    return Draft(Outcome.HAND_OVER)


@pytest.mark.parametrize("handler", [breaks, never_ends, says_nothing, says_what_no_database_keeps, gives_up])
async def test_when_the_assistant_fails_she_gets_a_person(
    conversation: Conversation, answers_with: Answers, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 1.0)
    answers_with(handler)
    await asks(conversation)
    await take_turn(conversation.pk, escalate=to_a_person)
    now = await state(conversation)
    assert (now.status, now.waiting_since is not None) == ("escalated", True)
    assert [role for role, _ in await talk(conversation)] == ["customer", "system"]
    record = await database_sync_to_async(conversation.turns.get)()
    assert record.outcome == "handed_off"
    assert bool(record.data.get("error")) == (handler is not gives_up)
    assert now.intent == record.intent  # the agents see what she came for


# --- Turns whose process died --------------------------------------------------------------------------------------


def test_a_dead_processs_turn_is_taken_again_and_answered(conversation: Conversation, echo: None) -> None:
    says(conversation, "Anybody?")  # and the process dies before it begins
    assert retake(timezone.now() + LATER, escalate=to_a_person) == 1
    background.flush(10)
    assert transcript(conversation) == [("customer", "Anybody?"), ("assistant", "You said: Anybody?")]


def test_a_process_that_is_told_to_end_gives_its_turn_back_at_once(
    conversation: Conversation, answers_with: Answers
) -> None:
    answers_with(drops_dead)
    says(conversation, "Anybody?")
    start(conversation.pk, escalate=to_a_person)
    background.flush(10)
    answers_with(say_again)
    assert retake(timezone.now(), escalate=to_a_person) == 1
    background.flush(10)
    assert transcript(conversation)[-1] == ("assistant", "You said: Anybody?")


def test_a_turn_that_is_being_worked_on_is_left_alone(conversation: Conversation, echo: None) -> None:
    says(conversation, "Anybody?")
    assert retake(timezone.now(), escalate=to_a_person) == 0


def test_two_sweeps_at_once_take_it_once(conversation: Conversation, echo: None) -> None:
    says(conversation, "Anybody?")
    as_of = timezone.now() + LATER
    assert [retake(as_of, escalate=to_a_person), retake(as_of, escalate=to_a_person)] == [1, 0]
    background.flush(10)
    assert [role for role, _ in transcript(conversation)] == ["customer", "assistant"]


def test_the_third_lost_attempt_gives_her_to_a_person(conversation: Conversation, answers_with: Answers) -> None:
    answers_with(drops_dead)
    says(conversation, "Anybody?")
    start(conversation.pk, escalate=to_a_person)
    background.flush(10)
    as_of = timezone.now()
    for attempt in (2, 3):
        as_of += LATER
        assert stored(conversation).status == "processing", f"before attempt {attempt}"
        assert retake(as_of, escalate=to_a_person) == 1
        background.flush(10)
    assert retake(as_of + LATER, escalate=to_a_person) == 1
    assert stored(conversation).status == "escalated"
    assert "3 attempts" in conversation.turns.get().data["error"]


def test_her_next_message_starts_the_count_again(conversation: Conversation, answers_with: Answers) -> None:
    answers_with(drops_dead)
    says(conversation, "Anybody?")
    retake(timezone.now() + LATER, escalate=to_a_person)
    background.flush(10)
    assert stored(conversation).turn_attempts == 1
    says(conversation, "Hello?")
    assert stored(conversation).turn_attempts == 0


def test_when_even_the_handing_over_fails_the_next_sweep_tries_again(
    conversation: Conversation, answers_with: Answers
) -> None:
    def broken(turn: Turn) -> bool:
        raise DatabaseError("no")

    says(conversation, "Anybody?")
    Conversation.objects.filter(pk=conversation.pk).update(turn_attempts=2)
    as_of = timezone.now() + LATER
    assert retake(as_of, escalate=broken) == 1
    assert stored(conversation).status == "processing"
    assert retake(as_of + LATER, escalate=to_a_person) == 1
    assert stored(conversation).status == "escalated"


async def test_whoever_works_on_it_keeps_the_lease(
    conversation: Conversation, answers_with: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def waits_for_a_renewal(turn: Turn, say: Say) -> Draft:
        async def renewed() -> bool:
            return (await state(conversation)).lease_until != turn.conversation.lease_until

        await wait_until_async(renewed, 10, "a renewed lease")
        return await say_again(turn, say)

    monkeypatch.setattr(turns, "TURN_LEASE", timedelta(seconds=0.3))
    answers_with(waits_for_a_renewal)
    await asks(conversation, "Take your time")
    await take_turn(conversation.pk, escalate=to_a_person)
    assert (await talk(conversation))[-1] == ("assistant", "You said: Take your time")


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
