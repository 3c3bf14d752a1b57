"""Work committed together: each gets its own answer, and one that fails takes nobody with it."""

import asyncio
from collections.abc import Callable
from typing import NoReturn
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError, connection, transaction

from conversations import posting
from conversations.commits import MOST, together
from conversations.models import Conversation, Customer, Message, Role
from conversations.posting import Posted, Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talks() -> list[UUID]:
    return [Conversation.start(Customer.objects.create(name=name))[0].pk for name in ("Cleo", "Zed", "Ida")]


def says(talk: UUID, body: str) -> Callable[[], Posted]:
    return lambda: posting.post(talk, role=Role.CUSTOMER, body=body, client_id=uuid4())


async def test_many_messages_at_once_are_each_stored_once_and_answered_with_their_own_number(talks: list[UUID]) -> None:
    said = [(talk, str(number)) for number in range(2 * MOST) for talk in talks]
    posted = await asyncio.gather(*(together(says(talk, body), key=str(talk)) for talk, body in said))
    assert [(one.conversation.pk, one.message.body) for one in posted] == said
    for talk in talks:
        stored = Message.objects.filter(conversation=talk).order_by("seq").values_list("seq", "body")
        assert await database_sync_to_async(list)(stored) == [(n + 1, str(n)) for n in range(2 * MOST)]


async def test_what_is_answered_is_committed(talks: list[UUID]) -> None:
    """Seen by another connection, in the moment of the answer."""

    async def speak_and_look(body: str) -> bool:
        posted = await together(says(talks[0], body), key=str(talks[0]))
        return await asyncio.to_thread(_stored, posted.message.pk)

    assert all(await asyncio.gather(*(speak_and_look(str(number)) for number in range(5))))


def _stored(pk: UUID) -> bool:
    from django.db import connection

    try:
        return Message.objects.filter(pk=pk).exists()
    finally:
        connection.close()


async def test_one_that_is_refused_takes_nobody_with_it(talks: list[UUID]) -> None:
    bodies = ["Hello", "  ", "Good evening"]
    answers = await asyncio.gather(
        *(together(says(talk, body), key=str(talk)) for talk, body in zip(talks, bodies, strict=True)),
        return_exceptions=True,
    )
    assert [isinstance(answer, Posted) for answer in answers] == [True, False, True]
    assert isinstance(answers[1], Refused)
    assert await database_sync_to_async(Message.objects.count)() == 2


async def test_one_that_breaks_halfway_leaves_nothing_of_itself(talks: list[UUID]) -> None:
    def breaks() -> NoReturn:
        with transaction.atomic():
            says(talks[1], "half a message")()
            raise RuntimeError

    works = [together(says(talks[0], "a"), key="1"), together(breaks, key="2"), together(says(talks[2], "c"), key="3")]
    answers = await asyncio.gather(*works, return_exceptions=True)
    assert isinstance(answers[1], RuntimeError)
    assert await database_sync_to_async(Message.objects.count)() == 2


async def test_a_commit_that_fails_is_told_to_everybody_in_it(
    talks: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*arguments: object) -> NoReturn:
        raise OperationalError("database or disk is full")

    first = asyncio.create_task(together(says(talks[0], "alone"), key="1"))
    await asyncio.sleep(0)  # it is on its way, and the others wait for its commit
    await asyncio.sleep(0)
    rest = [asyncio.create_task(together(says(talk, "with others"), key=str(talk))) for talk in talks]
    await first
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper._commit", full_disk)
    answers = await asyncio.gather(*rest, return_exceptions=True)
    monkeypatch.undo()
    assert all(isinstance(answer, OperationalError) for answer in answers)
    assert await database_sync_to_async(Message.objects.count)() == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to cut")
@pytest.mark.parametrize("many", [1, 3])
async def test_a_connection_that_the_database_cuts_costs_nobody_a_message(talks: list[UUID], many: int) -> None:
    for body in ("before", "after"):
        cut = await together(_this_connection, key="")
        await database_sync_to_async(_end)(cut)
        answers = await asyncio.gather(*(together(says(talk, body), key=str(talk)) for talk in talks[:many]))
        assert all(isinstance(answer, Posted) for answer in answers)
    assert await database_sync_to_async(Message.objects.count)() == 2 * many


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to cut")
async def test_a_connection_that_is_cut_before_its_commit_stores_the_message_once(talks: list[UUID]) -> None:
    speak, cuts = says(talks[0], "Hello"), [True]

    def speak_and_lose_the_line() -> Posted:
        posted = speak()
        if cuts.pop() if cuts else False:
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [_this_connection()])
            other.close()
        return posted

    assert isinstance(await together(speak_and_lose_the_line, key="1"), Posted)
    assert await database_sync_to_async(Message.objects.count)() == 1


async def test_one_that_breaks_the_transaction_is_tried_once_and_holds_nobody_up_again(talks: list[UUID]) -> None:
    tried: list[str] = []

    def locked_out() -> NoReturn:
        tried.append("again")
        raise OperationalError("canceling statement due to lock timeout")

    first = asyncio.create_task(together(says(talks[0], "alone"), key="0"))
    await asyncio.sleep(0)  # it is on its way, and the others wait for it together
    works = [
        together(says(talks[0], "a"), key="1"),
        together(locked_out, key="2"),
        together(says(talks[2], "c"), key="3"),
    ]
    answers = await asyncio.gather(first, *works, return_exceptions=True)
    assert [isinstance(answer, Posted) for answer in answers] == [True, True, False, True]
    assert tried == ["again"]
    assert await database_sync_to_async(Message.objects.count)() == 3


def _this_connection() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _end(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


async def test_somebody_who_leaves_before_the_answer_leaves_the_others_theirs(talks: list[UUID]) -> None:
    tasks = [asyncio.create_task(together(says(talk, "Hello"), key=str(talk))) for talk in talks]
    await asyncio.sleep(0)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, Posted) for answer in answers] == [False, True, True]
