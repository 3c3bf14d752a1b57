"""A message is born once, gets the next number, and is announced when it is safe: whoever posts, from wherever."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from conversations import live
from conversations.lifecycle import Status
from conversations.models import Conversation, Role
from conversations.models.message import Line
from conversations.posting import Posted, Refused, append, mark_read, post

from .scene import Event, listening, moved, stored, transcript

T = TypeVar("T")

pytestmark = pytest.mark.django_db


def says(conversation: Conversation, body: str, client_id: uuid.UUID | None = None) -> Posted:
    return post(conversation.pk, role=Role.CUSTOMER, body=body, client_id=client_id, author_name="Cleo")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """`work` in so many threads, each with a connection of its own, all let go at the same moment."""
    gate = Barrier(count)

    def one(number: int) -> T:
        gate.wait(10)
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_cleo_writes_and_the_assistant_owes_a_reply(conversation: Conversation) -> None:
    posted = says(conversation, "  Where is my parcel?  ")
    assert (posted.message.seq, posted.message.body, posted.new) == (1, "Where is my parcel?", True)
    now = stored(conversation)
    assert (now.status, now.last_seq, now.last_customer_seq, now.preview) == ("processing", 1, 1, "Where is my parcel?")
    assert now.lease_until is not None
    assert now.transitions.latest("pk").reason == "asked"


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_get_ten_numbers_without_a_gap(conversation: Conversation) -> None:
    def write(number: int) -> int:
        return says(conversation, f"message {number}").message.seq

    assert sorted(at_once(10, write)) == list(range(1, 11))
    assert list(conversation.messages.order_by("seq").values_list("seq", flat=True)) == list(range(1, 11))
    assert stored(conversation).last_seq == 10


@pytest.mark.django_db(transaction=True)
def test_the_customer_and_an_agent_at_once_share_one_row_of_numbers(conversation: Conversation, ana: User) -> None:
    moved(conversation, Status.ESCALATED)

    def write(number: int) -> int:
        role = Role.AGENT if number % 2 else Role.CUSTOMER
        author = ana if number % 2 else None
        return post(conversation.pk, role=role, body=f"message {number}", author=author).message.seq

    assert sorted(at_once(6, write)) == [1, 2, 3, 4, 5, 6]


def test_the_same_message_again_is_the_first_one_again(conversation: Conversation) -> None:
    key = uuid.uuid4()
    first, again = says(conversation, "Hello?", key), says(conversation, "Hello?", key)
    assert (first.new, again.new) == (True, False)
    assert again.message.pk == first.message.pk
    assert transcript(conversation) == [("customer", "Hello?")]


@pytest.mark.django_db(transaction=True)
def test_the_same_message_from_two_tabs_at_once_is_one(conversation: Conversation) -> None:
    key = uuid.uuid4()
    posted = at_once(4, lambda number: says(conversation, "Hello?", key))
    assert sorted(each.new for each in posted) == [False, False, False, True]
    assert len({each.message.pk for each in posted}) == 1
    assert transcript(conversation) == [("customer", "Hello?")]


def test_the_same_client_id_in_another_conversation_is_another_message(conversation: Conversation) -> None:
    key = uuid.uuid4()
    other, _ = Conversation.start(conversation.customer)
    assert says(conversation, "Hello?", key).new
    assert says(other, "Hello?", key).new


def test_naming_a_notes_client_id_does_not_show_cleo_the_note(conversation: Conversation, ana: User) -> None:
    key = uuid.uuid4()
    post(conversation.pk, role=Role.NOTE, body="she is angry", author=ana, client_id=key)
    with pytest.raises(Refused) as refusal:
        says(conversation, "guess", key)
    assert refusal.value.code == "malformed"
    assert transcript(conversation) == [("note", "she is angry")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "empty"),
        (" \n\t  ", "empty"),
        ("x" * 10_001, "too_long"),
        ("nul \0 inside", "malformed"),
        ("half a pair \ud800", "malformed"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(conversation: Conversation, body: str, code: str) -> None:
    before = Conversation.objects.filter(pk=conversation.pk).values().get()
    with pytest.raises(Refused) as refusal:
        says(conversation, body)
    assert refusal.value.code == code
    assert Conversation.objects.filter(pk=conversation.pk).values().get() == before
    assert transcript(conversation) == []


@pytest.mark.parametrize(
    "body",
    [
        "x" * 10_000,
        "😀" * 10_000,
        "<script>alert('hi')</script> & <b>bold</b>",
        "أين طلبي رقم 1234؟ \u202e abc",
        "👩🏽‍🚒 zusammengesetzt e\u0301",
        "line one\nline two",
        "'; DROP TABLE conversations_message; --",
        "\x01\x02 control \x7f",
    ],
)
def test_what_she_wrote_is_kept_to_the_letter(conversation: Conversation, body: str) -> None:
    says(conversation, body)
    assert transcript(conversation) == [("customer", body)]
    assert len(stored(conversation).preview) <= 140


def test_a_closed_conversation_takes_no_message_but_still_knows_the_old_ones(conversation: Conversation) -> None:
    key = uuid.uuid4()
    first = says(conversation, "Bye", key)
    moved(stored(conversation), Status.CLOSED)
    with pytest.raises(Refused) as refusal:
        says(conversation, "One more thing", uuid.uuid4())
    assert refusal.value.code == "closed"
    assert says(conversation, "Bye", key).message.pk == first.message.pk  # its ack was lost; it is stored all the same


def test_an_agent_may_leave_a_note_on_a_closed_conversation(conversation: Conversation, ana: User) -> None:
    moved(conversation, Status.CLOSED)
    assert post(conversation.pk, role=Role.NOTE, body="refunded", author=ana).message.seq == 1
    assert stored(conversation).status == "closed"


def test_a_note_wakes_nobody_and_shows_in_no_preview(conversation: Conversation, ana: User) -> None:
    says(conversation, "Hello?")
    before = stored(conversation)
    post(conversation.pk, role=Role.NOTE, body="careful with this one", author=ana)
    after = stored(conversation)
    assert (after.last_seq, after.last_public_seq, after.preview) == (2, 1, "Hello?")
    assert (after.status, after.last_activity_at) == (before.status, before.last_activity_at)


def test_with_a_person_there_her_message_starts_her_wait_and_no_turn(conversation: Conversation, ana: User) -> None:
    moved(conversation, Status.ESCALATED)
    post(conversation.pk, role=Role.AGENT, body="Hello, Ana here", author=ana)
    assert stored(conversation).waiting_since is None
    says(conversation, "Thank you for taking this")
    waiting_since = stored(conversation).waiting_since
    says(conversation, "Are you there?")
    now = stored(conversation)
    assert now.status == "escalated"
    assert now.waiting_since == waiting_since is not None


def test_reading_marks_go_forward_only_and_not_past_the_end(conversation: Conversation) -> None:
    says(conversation, "One")
    says(conversation, "Two")
    for seq in (2, 1, 99):
        mark_read(conversation.pk, role=Role.AGENT, seq=seq)
    assert stored(conversation).agent_seen_seq == 2


# --- Announcements -------------------------------------------------------------------------------------------------


def writes_and_fails(conversation: Conversation) -> None:
    with transaction.atomic():
        append(Conversation.objects.lock(conversation.pk), role=Role.CUSTOMER, body="never was", now=timezone.now())
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
async def test_a_message_is_announced_whole_once_it_is_committed(conversation: Conversation) -> None:
    async with listening(live.conversation_group(conversation.pk)) as ear:
        posted = await database_sync_to_async(says)(conversation, "Hello?")
        heard: list[Event] = [await ear.next(), await ear.next()]
    told = {event["type"]: event for event in heard}
    assert json.loads(Line(*told["chat.message"]["line"]).text) == posted.message.as_json()
    assert told["chat.status"]["status"] == "processing"


@pytest.mark.django_db(transaction=True)
async def test_what_is_rolled_back_was_never_announced(conversation: Conversation) -> None:
    async with listening(live.conversation_group(conversation.pk)) as ear:
        with pytest.raises(ZeroDivisionError):
            await database_sync_to_async(writes_and_fails)(conversation)
        await database_sync_to_async(says)(conversation, "this one was")
        event = (await ear.until("chat.message"))[-1]
    line = Line(*event["line"])
    assert (line.seq, json.loads(line.text)["body"]) == (1, "this one was")


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_would_be_gone_at_once_is_an_error(conversation: Conversation) -> None:
    with pytest.raises(transaction.TransactionManagementError, match="open one first"):
        Conversation.objects.lock(conversation.pk)
