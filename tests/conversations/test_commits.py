"""Messages committed together: each gets its own answer, and one that fails takes nobody with it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn, cast
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from conversations import commits, posting
from conversations.actors import CustomerActor
from conversations.commits import Outcome
from conversations.models import Conversation, Customer, Message, Role, Transition
from conversations.posting import Draft, Posted, Refused

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 300  # more than one statement takes


@pytest.fixture
def talks() -> list[UUID]:
    return [Conversation.start(Customer.objects.create(name=name))[0].pk for name in ("Cleo", "Zed", "Ida")]


def says(talk: UUID, body: str, *, by: UUID | None = None, **more: Any) -> asyncio.Future[Outcome]:
    """The customer of `by`, or of the talk itself, writes."""
    answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    hers = CustomerActor(by or talk, timezone.now() + timedelta(days=1))
    draft = Draft(talk, Role.CUSTOMER, body, client_id=uuid4())
    commits.post(replace(draft, **more), by=hers, then=answer.set_result)
    return answer


@contextmanager
def meanwhile() -> Iterator[None]:
    """What is said in this block waits for the writer, and is committed together."""
    free = threading.Event()
    commits._thread.submit(free.wait, 10)
    try:
        yield
    finally:
        free.set()


async def stored() -> int:
    count: int = await database_sync_to_async(Message.objects.count)()
    return count


async def test_many_messages_at_once_are_each_stored_once_and_answered_with_their_own_number(talks: list[UUID]) -> None:
    said = [(talk, str(number)) for number in range(MANY) for talk in talks]
    posted = await asyncio.gather(*(says(talk, body) for talk, body in said))
    assert [(one.conversation.pk, one.message.body) for one in posted if isinstance(one, Posted)] == said
    for talk in talks:
        kept = Message.objects.filter(conversation=talk).order_by("seq").values_list("seq", "body")
        assert await database_sync_to_async(list)(kept) == [(n + 1, str(n)) for n in range(MANY)]


async def test_what_is_answered_is_committed(talks: list[UUID]) -> None:
    """Seen by another connection, in the moment of the answer."""

    async def speak_and_look(body: str) -> bool:
        posted = await says(talks[0], body)
        assert isinstance(posted, Posted)
        return await asyncio.to_thread(_is_stored, posted.message.pk)

    assert all(await asyncio.gather(*(speak_and_look(str(number)) for number in range(5))))


def _is_stored(pk: UUID) -> bool:
    try:
        return Message.objects.filter(pk=pk).exists()
    finally:
        connection.close()


async def test_her_first_words_give_the_assistant_its_turn_and_the_next_ones_do_not(talks: list[UUID]) -> None:
    with meanwhile():
        answers = [says(talks[0], body) for body in ("Hello", "Are you there?")]
    first, second = await asyncio.gather(*answers)
    assert isinstance(first, Posted)
    assert isinstance(second, Posted)
    assert (first.move is not None, second.move is not None) == (True, False)
    row = await Conversation.objects.aget(pk=talks[0])
    assert (row.status, row.last_seq, row.last_customer_seq, row.preview) == ("processing", 2, 2, "Are you there?")
    moves = Transition.objects.filter(conversation=row).order_by("pk").values_list("old", "new")
    assert await database_sync_to_async(list)(moves) == [("", "active"), ("active", "processing")]


async def test_what_is_said_twice_in_one_breath_is_one_message(talks: list[UUID]) -> None:
    key = uuid4()
    with meanwhile():
        answers = [says(talks[0], "Hello", client_id=key) for _ in range(2)]
    first, again = await asyncio.gather(*answers)
    later = await says(talks[0], "Hello", client_id=key)
    assert [(one.message.seq, one.new) for one in (first, again, later) if isinstance(one, Posted)] == [
        (1, True),
        (1, False),
        (1, False),
    ]
    assert await stored() == 1


async def test_one_that_is_refused_takes_nobody_with_it(talks: list[UUID]) -> None:
    with meanwhile():
        answers = [says(talk, body) for talk, body in zip(talks, ("Hello", "  ", "Good evening"), strict=True)]
    outcomes = await asyncio.gather(*answers)
    assert [isinstance(outcome, Posted) for outcome in outcomes] == [True, False, True]
    assert isinstance(outcomes[1], Refused)
    assert await stored() == 2


async def test_zed_cannot_write_to_cleos_conversation(talks: list[UUID]) -> None:
    with meanwhile():
        answers = [says(talks[0], "It's me", by=talks[1]), says(uuid4(), "Nowhere"), says(talks[2], "Hello")]
    strange, nowhere, hello = await asyncio.gather(*answers)
    assert [getattr(outcome, "code", "") for outcome in (strange, nowhere, hello)] == ["not_yours", "not_yours", ""]
    assert await stored() == 1


async def test_one_that_the_database_refuses_fails_alone(talks: list[UUID]) -> None:
    with meanwhile():
        nobody = cast("Role", "nobody")
        answers = [says(talks[0], "a"), says(talks[1], "b", role=nobody), says(talks[2], "c")]
    outcomes = await asyncio.gather(*answers)
    assert [type(outcome) for outcome in outcomes[::2]] == [Posted, Posted]
    assert isinstance(outcomes[1], DatabaseError)
    assert await stored() == 2


async def test_a_commit_that_fails_is_told_to_everybody_in_it(
    talks: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*arguments: object) -> NoReturn:
        raise OperationalError("database or disk is full")

    await says(talks[0], "before")
    with monkeypatch.context() as disk:
        disk.setattr("django.db.backends.base.base.BaseDatabaseWrapper._commit", full_disk)
        with meanwhile():
            answers = [says(talk, "with others") for talk in talks]
        outcomes = await asyncio.gather(*answers)
    assert all(isinstance(outcome, OperationalError) for outcome in outcomes)
    assert await stored() == 1
    assert isinstance(await says(talks[0], "after"), Posted)


async def test_more_than_can_wait_are_told_to_come_back(talks: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "MOST_WAITING", 2)
    with meanwhile():
        kept = [says(talks[0], body) for body in ("one", "two")]
        with pytest.raises(Refused) as refused:
            says(talks[0], "three")
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 2)
    assert [type(outcome) for outcome in await asyncio.gather(*kept)] == [Posted, Posted]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to cut")
@pytest.mark.parametrize("many", [1, 3])
async def test_a_connection_that_the_database_cuts_costs_nobody_a_message(talks: list[UUID], many: int) -> None:
    for body in ("before", "after"):
        cut = await asyncio.wrap_future(commits._thread.submit(_this_connection))
        await database_sync_to_async(_end)(cut)
        outcomes = await asyncio.gather(*(says(talk, body) for talk in talks[:many]))
        assert all(isinstance(outcome, Posted) for outcome in outcomes)
    assert await stored() == 2 * many


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to cut")
async def test_a_connection_that_is_cut_before_its_commit_stores_the_message_once(
    talks: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, cuts = posting.write, [True]

    def write_and_lose_the_line(posted: list[Posted]) -> None:
        write(posted)
        if cuts.pop() if cuts else False:
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
            other.close()

    monkeypatch.setattr(posting, "write", write_and_lose_the_line)
    assert isinstance(await says(talks[0], "Hello"), Posted)
    assert not cuts
    assert await stored() == 1


def _this_connection() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _end(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
