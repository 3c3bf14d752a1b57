"""What one screen shows: every message once and in order, whatever the announcements do."""

import random
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import DatabaseError

from conversations import feed
from conversations.feed import Feed
from conversations.models import Conversation, Message, Role
from conversations.posting import post

pytestmark = pytest.mark.django_db(transaction=True)


def write(conversation: Conversation, count: int) -> list[dict[str, Any]]:
    return [
        post(conversation.pk, role=Role.CUSTOMER, body=f"message {number}").message.as_json()
        for number in range(1, count + 1)
    ]


def numbers(messages: list[dict[str, Any]]) -> list[int]:
    return [message["seq"] for message in messages]


async def test_announced_in_order_each_is_shown_as_it_comes(conversation: Conversation) -> None:
    messages = await database_sync_to_async(write)(conversation, 3)
    screen = Feed(conversation.pk, after=0, notes=False)
    assert [numbers(await screen.take(message)) for message in messages] == [[1], [2], [3]]


async def test_announced_twice_it_is_shown_once(conversation: Conversation) -> None:
    (message,) = await database_sync_to_async(write)(conversation, 1)
    screen = Feed(conversation.pk, after=0, notes=False)
    assert [numbers(await screen.take(message)) for _ in range(2)] == [[1], []]


async def test_what_was_not_announced_is_fetched_before_what_follows_it(conversation: Conversation) -> None:
    messages = await database_sync_to_async(write)(conversation, 4)
    screen = Feed(conversation.pk, after=0, notes=False)
    assert numbers(await screen.take(messages[0])) == [1]
    assert numbers(await screen.take(messages[3])) == [2, 3, 4]
    assert await screen.take(messages[1]) == []


@pytest.mark.parametrize("seed", range(5))
async def test_lost_doubled_and_shuffled_announcements_still_make_the_whole_talk(
    conversation: Conversation, seed: int
) -> None:
    messages = await database_sync_to_async(write)(conversation, 12)
    chance = random.Random(seed)  # noqa: S311
    announced = [message for message in messages * 2 if chance.random() > 0.4]
    chance.shuffle(announced)
    screen, shown = Feed(conversation.pk, after=0, notes=False), []
    for message in announced:
        shown += await screen.take(message)
    shown += await screen.catch_up()  # the next ping
    assert numbers(shown) == list(range(1, 13))


async def test_a_reload_asks_only_for_what_she_has_not_seen(conversation: Conversation) -> None:
    await database_sync_to_async(write)(conversation, 5)
    assert numbers(await Feed(conversation.pk, after=3, notes=False).catch_up()) == [4, 5]
    assert await Feed(conversation.pk, after=5, notes=False).catch_up() == []


async def test_notes_are_hidden_from_cleo_but_leave_no_hole(conversation: Conversation, ana: User) -> None:
    def talk() -> list[dict[str, Any]]:
        said = [(Role.CUSTOMER, None), (Role.NOTE, ana), (Role.CUSTOMER, None)]
        return [post(conversation.pk, role=role, body=role, author=author).message.as_json() for role, author in said]

    messages = await database_sync_to_async(talk)()
    hers, anas = Feed(conversation.pk, after=0, notes=False), Feed(conversation.pk, after=0, notes=True)
    assert [numbers(await hers.take(message)) for message in messages] == [[1], [], [3]]
    assert [numbers(await anas.take(message)) for message in messages] == [[1], [2], [3]]


async def test_a_long_absence_is_made_up_page_by_page(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 3)
    await database_sync_to_async(write)(conversation, 7)
    assert numbers(await Feed(conversation.pk, after=0, notes=False).catch_up()) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_read_that_fails_half_way_leaves_no_hole(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 3)
    await database_sync_to_async(write)(conversation, 7)
    screen, reads = Feed(conversation.pk, after=0, notes=False), []

    def second_read_fails(self: Any) -> None:
        reads.append(1)
        if len(reads) == 2:
            raise DatabaseError("the server closed the connection")
        original(self)

    original = type(Message.objects.all())._fetch_all
    monkeypatch.setattr(type(Message.objects.all()), "_fetch_all", second_read_fails)
    with pytest.raises(DatabaseError):
        await screen.catch_up()
    assert numbers(await screen.catch_up()) == [1, 2, 3, 4, 5, 6, 7]
