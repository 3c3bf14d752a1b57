"""Silence: a reminder, then the end of it; age; and never while the desk owes her a reply."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from conversations import idle
from conversations.endings import reopen
from conversations.lifecycle import Status
from conversations.models import Conversation, Customer, DeskSettings, Role, Transition
from conversations.posting import post
from conversations.tasks import sweep_idle

from .scene import moved, stored, transcript

pytestmark = pytest.mark.django_db

START = timezone.now()


def after(**time: float) -> datetime:
    return START + timedelta(seconds=5, **time)


def status_of(conversation: Conversation) -> str:
    return stored(conversation).status


def open_at_start(conversation: Conversation, **more: Any) -> Conversation:
    """As if everything so far had happened at START."""
    times: dict[str, Any] = {"opened_at": START, "last_activity_at": START} | more
    Conversation.objects.filter(pk=conversation.pk).update(**times)
    return stored(conversation)


@pytest.fixture
def answered(conversation: Conversation) -> Conversation:
    """Cleo has asked, the assistant has answered: it is her turn."""
    return open_at_start(moved(conversation, Status.PROCESSING, Status.WAITING_FOR_INPUT))


# --- The whole story -----------------------------------------------------------------------------------------------


def test_half_an_hour_of_silence_reminds_her_once(answered: Conversation) -> None:
    assert idle.sweep(after(minutes=29))["reminded"] == 0
    assert status_of(answered) == "waiting_for_input"
    assert idle.sweep(after(minutes=30))["reminded"] == 1
    assert (status_of(answered), transcript(answered)) == ("idle", [("system", "Are you still there?")])
    assert idle.sweep(after(minutes=31)) == {"overdue": 0, "too_old": 0, "left": 0, "reminded": 0}
    assert len(transcript(answered)) == 1


def test_an_hour_of_silence_ends_it_and_says_why(answered: Conversation) -> None:
    idle.sweep(after(minutes=30))
    idle.sweep(after(minutes=59))
    assert status_of(answered) == "idle"
    assert idle.sweep(after(minutes=61))["left"] == 1
    now = stored(answered)
    assert (now.status, now.close_reason, now.get_close_reason_display()) == (
        "closed",
        "inactivity",
        "Closed due to inactivity",
    )
    assert transcript(answered)[-1] == ("system", "This conversation was closed due to inactivity.")
    assert now.transitions.latest("pk").actor == Transition.SYSTEM


def test_her_word_clears_the_reminder_and_the_next_silence_reminds_again(answered: Conversation) -> None:
    idle.sweep(after(minutes=30))
    post(answered.pk, role=Role.CUSTOMER, body="Yes, still here")
    awake = stored(answered)
    assert (awake.status, awake.reminded_at) == ("processing", None)
    awake.move(Status.WAITING_FOR_INPUT, reason="answered", actor=Transition.ASSISTANT)
    open_at_start(answered, last_activity_at=after(minutes=35))
    assert idle.sweep(after(minutes=62)) == {"overdue": 0, "too_old": 0, "left": 0, "reminded": 0}
    assert idle.sweep(after(minutes=66))["reminded"] == 1
    assert [body for role, body in transcript(answered) if role == "system"] == ["Are you still there?"] * 2


def test_a_desk_that_was_down_for_hours_reminds_before_it_closes(answered: Conversation) -> None:
    assert idle.sweep(after(hours=5)) == {"overdue": 0, "too_old": 0, "left": 0, "reminded": 1}
    assert idle.sweep(after(hours=5, minutes=29))["left"] == 0
    assert idle.sweep(after(hours=5, minutes=31))["left"] == 1


def test_who_opened_the_chat_and_never_wrote_is_treated_alike(conversation: Conversation) -> None:
    open_at_start(conversation)
    assert idle.sweep(after(minutes=30))["reminded"] == 1
    assert idle.sweep(after(minutes=61))["left"] == 1


def test_the_times_and_the_words_are_the_admins(answered: Conversation) -> None:
    desk = DeskSettings.current()
    desk.idle_after_minutes, desk.reminder = 2, "Shall we go on?"
    desk.save()
    idle.sweep(after(minutes=2))
    assert transcript(answered) == [("system", "Shall we go on?")]
    assert idle.sweep(after(minutes=5))["left"] == 1


def test_the_task_that_beat_starts_sweeps_as_of_now(answered: Conversation) -> None:
    open_at_start(answered, last_activity_at=timezone.now() - timedelta(minutes=31))
    sweep_idle()
    assert status_of(answered) == "idle"


# --- Never while the desk owes her a reply -------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.ESCALATED, Status.CLOSED])
def test_nobody_is_idle_while_the_desk_owes_a_reply_or_after_the_end(
    conversation: Conversation, status: Status
) -> None:
    open_at_start(moved(conversation, status))
    idle.sweep(after(hours=3))
    assert status_of(conversation) == status
    assert transcript(conversation) == []


def test_a_word_that_comes_while_the_sweep_is_at_it_wins(
    answered: Conversation, cleo: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_at_start(Conversation.start(cleo)[0])
    remind = idle._remind

    def she_writes_first(conversation: Conversation, **words: Any) -> None:
        for quick in {answered.pk, other.pk} - {conversation.pk}:
            Conversation.objects.filter(pk=quick).update(last_activity_at=after(minutes=30))
        remind(conversation, **words)

    monkeypatch.setattr(idle, "_remind", she_writes_first)
    assert idle.sweep(after(minutes=30))["reminded"] == 1
    assert sorted([status_of(answered) == "idle", status_of(other) == "idle"]) == [False, True]


# --- The longest a conversation may last ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.WAITING_FOR_INPUT, Status.IDLE])
def test_after_a_day_it_ends_however_lively(conversation: Conversation, status: Status) -> None:
    way = {Status.WAITING_FOR_INPUT: (Status.PROCESSING, status), Status.IDLE: (status,)}.get(status, ())
    open_at_start(moved(conversation, *way), last_activity_at=after(hours=23, minutes=59))
    Conversation.objects.filter(pk=conversation.pk, status="idle").update(reminded_at=after(hours=23, minutes=59))
    idle.sweep(after(hours=23, minutes=59))
    assert status_of(conversation) == status
    assert idle.sweep(after(hours=24))["too_old"] == 1
    now = stored(conversation)
    assert (now.status, now.close_reason) == ("closed", "max_age")
    assert "open for so long" in transcript(conversation)[-1][1]


def test_not_while_the_assistant_owes_her_a_reply(conversation: Conversation) -> None:
    open_at_start(moved(conversation, Status.PROCESSING))
    idle.sweep(after(hours=25))
    assert status_of(conversation) == "processing"
    stored(conversation).move(Status.WAITING_FOR_INPUT, reason="answered", actor=Transition.ASSISTANT)
    assert idle.sweep(after(hours=25))["too_old"] == 1


def test_who_waits_for_a_person_is_not_sent_away_but_overdue(conversation: Conversation) -> None:
    open_at_start(moved(conversation, Status.ESCALATED))
    assert idle.sweep(after(hours=24))["overdue"] == 1
    now = stored(conversation)
    assert (now.status, now.overdue_at) == ("escalated", after(hours=24))
    assert idle.sweep(after(hours=30))["overdue"] == 0
    assert stored(conversation).overdue_at == after(hours=24)  # since when, and not until when


def test_a_talk_with_a_person_is_not_cut_off_in_the_middle(conversation: Conversation, ana: User) -> None:
    open_at_start(moved(conversation, Status.ESCALATED))
    idle.sweep(after(hours=24))
    post(conversation.pk, role=Role.AGENT, body="Sorry for the wait. Ana here", author=ana)
    open_at_start(conversation, last_activity_at=after(hours=26))
    assert idle.sweep(after(hours=26, minutes=29))["too_old"] == 0
    assert idle.sweep(after(hours=26, minutes=30))["too_old"] == 1
    assert status_of(conversation) == "closed"


def test_a_reopened_conversation_has_a_day_of_its_own(answered: Conversation) -> None:
    idle.sweep(after(hours=24))
    reopen(answered.pk, actor=Transition.CUSTOMER)
    opened_at = stored(answered).opened_at
    assert stored(answered).episode == 2
    moved(stored(answered), Status.PROCESSING, Status.WAITING_FOR_INPUT)
    Conversation.objects.filter(pk=answered.pk).update(last_activity_at=opened_at + timedelta(hours=23, minutes=50))
    assert idle.sweep(opened_at + timedelta(hours=23, minutes=55))["too_old"] == 0
    assert idle.sweep(opened_at + timedelta(hours=24))["too_old"] == 1


# --- The sweep itself ----------------------------------------------------------------------------------------------


def test_one_that_fails_does_not_stop_the_others(
    answered: Conversation, cleo: Customer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = open_at_start(Conversation.start(cleo)[0])
    remind = idle._remind

    def fails_for_one(conversation: Conversation, **words: Any) -> None:
        remind(conversation, **words)
        if conversation.pk == answered.pk:
            raise OSError("no space left on device")

    monkeypatch.setattr(idle, "_remind", fails_for_one)
    with caplog.at_level(logging.CRITICAL):
        assert idle.sweep(after(minutes=30))["reminded"] == 1
    assert (status_of(answered), transcript(answered)) == ("waiting_for_input", [])  # rolled back as a whole
    assert status_of(other) == "idle"


def test_a_sweep_takes_a_bounded_number_and_the_next_the_rest(cleo: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "BATCH", 2)
    for _ in range(3):
        open_at_start(Conversation.start(cleo)[0])
    assert [idle.sweep(after(minutes=30))["reminded"] for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize(
    "sweep",
    ["silent_since", "unanswered_reminder_since", "past_their_time", "kept_waiting_since", "abandoned_turns"],
)
def test_no_sweep_reads_the_whole_table(cleo: Customer, sweep: str) -> None:
    Conversation.objects.bulk_create(
        Conversation(
            customer=cleo,
            status="closed",
            closed_at=START,
            token_hash=str(number),
            token_expires_at=START,
            last_activity_at=START - timedelta(hours=number),
            opened_at=START - timedelta(hours=number),
        )
        for number in range(2000)
    )
    if connection.vendor == "postgresql":  # which does this by itself, some time later
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE conversations_conversation")
    moments = [START - timedelta(hours=24)] * (2 if sweep == "past_their_time" else 1)
    plan = getattr(Conversation.objects, sweep)(*moments).order_by().explain()
    assert "conversation_by_a" in plan, plan
