"""Turns that fail, and turns whose process dies: even then she ends with an answer or with a person."""

import asyncio
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from conversations import background, turns
from conversations.assistant import Draft, Outcome, Say
from conversations.assistant.turn import Handler, Turn
from conversations.models import Conversation
from conversations.turns import retake, start, take_turn
from tests.waiting import wait_until_async

from .scene import Answers, asks, say_again, says, state, stored, talk, to_a_person, transcript

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=1)  # past any lease


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


async def drops_dead(turn: Turn, say: Say) -> Draft:
    """As in a process that ends: no answer, no error, nothing settled."""
    raise asyncio.CancelledError


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
