"""What one screen shows: every message once and in order, whatever the announcements do."""

import asyncio
import random
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import DatabaseError

from conversations import feed
from conversations.feed import Feed
from conversations.models import Conversation, Message, Role
from conversations.models.message import Line
from conversations.posting import post
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Screen(Feed):
    """A feed, with what it has shown."""

    def __init__(self, conversation: Conversation, *, after: int = 0, notes: bool = False) -> None:
        self.shown: list[int] = []
        super().__init__(conversation.pk, after=after, notes=notes, show=lambda line: self.shown.append(line.seq))


def released(conversation: Conversation, *, notes: bool = False) -> Screen:
    screen = Screen(conversation, notes=notes)
    screen.release()
    return screen


async def write(conversation: Conversation, count: int) -> list[Line]:
    def writes() -> list[Line]:
        bodies = [f"message {number}" for number in range(1, count + 1)]
        return [post(conversation.pk, role=Role.CUSTOMER, body=body).message.as_line() for body in bodies]

    lines: list[Line] = await database_sync_to_async(writes)()
    return lines


async def test_announced_in_order_each_is_shown_as_it_comes(conversation: Conversation) -> None:
    screen, seen = released(conversation), []
    for line in await write(conversation, 3):
        screen.offer(line)
        seen.append(list(screen.shown))
    assert seen == [[1], [1, 2], [1, 2, 3]]


async def test_announced_twice_it_is_shown_once(conversation: Conversation) -> None:
    (line,) = await write(conversation, 1)
    screen = released(conversation)
    for _ in range(2):
        screen.offer(line)
    assert screen.shown == [1]


async def test_what_comes_early_waits_for_what_is_before_it(conversation: Conversation) -> None:
    first, second, third = await write(conversation, 3)
    screen = released(conversation)
    for early in (third, second):
        screen.offer(early)
    assert screen.shown == []
    screen.offer(first)
    assert screen.shown == [1, 2, 3]


async def test_what_was_not_announced_is_fetched_before_what_follows_it(conversation: Conversation) -> None:
    lines = await write(conversation, 4)
    screen = released(conversation)
    screen.offer(lines[0])
    screen.offer(lines[3])
    await asyncio.to_thread(wait_until, lambda: len(screen.shown) == 4)
    screen.offer(lines[1])
    assert screen.shown == [1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(5))
async def test_lost_doubled_and_shuffled_announcements_still_make_the_whole_talk(
    conversation: Conversation, seed: int
) -> None:
    lines = await write(conversation, 12)
    chance = random.Random(seed)  # noqa: S311
    announced = [line for line in lines * 2 if chance.random() > 0.4]
    chance.shuffle(announced)
    screen = released(conversation)
    for line in announced:
        screen.offer(line)
    await screen.catch_up()  # the next ping
    assert screen.shown == list(range(1, 13))


async def test_what_is_said_while_she_joins_comes_after_what_she_missed(conversation: Conversation) -> None:
    lines = await write(conversation, 2)
    screen = Screen(conversation)
    screen.offer(lines[1])
    missed = await screen.read()
    (third,) = await write(conversation, 1)
    screen.offer(third)
    assert ([message["seq"] for message in missed], screen.shown) == ([1, 2], [])
    screen.release()
    assert screen.shown == [3]


async def test_what_is_announced_while_it_is_read_is_shown_once(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, loop = await write(conversation, 3), asyncio.get_running_loop()
    screen, read = released(conversation), Feed._read

    def read_and_hear(self: Feed, after: int) -> list[Message]:
        messages = read(self, after)
        for line in lines:
            loop.call_soon_threadsafe(screen.offer, line)
        return messages

    monkeypatch.setattr(Feed, "_read", read_and_hear)
    await screen.catch_up()
    assert screen.shown == [1, 2, 3]


async def test_a_reload_asks_only_for_what_she_has_not_seen(conversation: Conversation) -> None:
    await write(conversation, 5)
    assert [message["seq"] for message in await Screen(conversation, after=3).read()] == [4, 5]
    assert await Screen(conversation, after=5).read() == []


async def test_notes_are_hidden_from_cleo_but_leave_no_hole(conversation: Conversation, ana: User) -> None:
    def talk() -> list[Line]:
        said = [(Role.CUSTOMER, None), (Role.NOTE, ana), (Role.CUSTOMER, None)]
        return [post(conversation.pk, role=role, body=role, author=author).message.as_line() for role, author in said]

    lines = await database_sync_to_async(talk)()
    hers, anas = released(conversation), released(conversation, notes=True)
    for line in lines:
        hers.offer(line)
        anas.offer(line)
    assert (hers.shown, anas.shown) == ([1, 3], [1, 2, 3])
    assert [message["seq"] for message in await Screen(conversation).read()] == [1, 3]


async def test_a_long_absence_is_made_up_page_by_page(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 3)
    await write(conversation, 7)
    screen = released(conversation)
    await screen.catch_up()
    assert screen.shown == [1, 2, 3, 4, 5, 6, 7]


async def test_a_read_that_fails_half_way_leaves_no_hole(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 3)
    await write(conversation, 7)
    screen, reads = released(conversation), []

    def second_read_fails(self: Any) -> None:
        reads.append(1)
        if len(reads) == 2:
            raise DatabaseError("the server closed the connection")
        original(self)

    original = type(Message.objects.all())._fetch_all
    monkeypatch.setattr(type(Message.objects.all()), "_fetch_all", second_read_fails)
    with pytest.raises(DatabaseError):
        await screen.catch_up()
    await screen.catch_up()
    assert screen.shown == [1, 2, 3, 4, 5, 6, 7]
