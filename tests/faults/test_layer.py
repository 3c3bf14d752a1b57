"""The channel layer while its broker is away: nobody is refused or held up, and everybody is joined when it is back."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from supportdesk.layer import MAILBOX, DeskLayer

from .brokers import Broker


@pytest.fixture
def layer(broker: Broker) -> Callable[[], Any]:
    return lambda: DeskLayer(hosts=[broker.url], prefix="desk")


async def heard(layer: Any, channel: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message: dict[str, Any] = await layer.receive(channel)
    return message


async def test_a_socket_that_comes_while_the_broker_is_away_is_joined_when_it_is_back(
    broker: Broker, layer: Callable[[], Any]
) -> None:
    desk = layer()
    began = time.monotonic()
    channel = await desk.new_channel()
    await desk.group_add("conversation.1", channel)
    assert time.monotonic() - began < 3
    broker.start()
    await broker.lists("conversation.1")
    await desk.group_send("conversation.1", {"type": "chat.message"})
    assert await heard(desk, channel) == {"type": "chat.message"}
    await desk.flush()


async def test_who_came_and_went_meanwhile_is_not_joined(broker: Broker, layer: Callable[[], Any]) -> None:
    desk = layer()
    gone, stays = await desk.new_channel(), await desk.new_channel()
    await desk.group_add("conversation.1", gone)
    await desk.group_add("conversation.2", stays)
    await desk.group_discard("conversation.1", gone)
    broker.start()
    await broker.lists("conversation.2")
    async with redis.asyncio.Redis.from_url(broker.url) as client:
        assert await client.pubsub_channels() == [b"desk__group__conversation.2"]
    await desk.flush()


async def test_a_broker_that_is_killed_and_comes_back_is_listened_to_again(
    broker: Broker, layer: Callable[[], Any]
) -> None:
    broker.start()
    desk = layer()
    channel, late = await desk.new_channel(), await desk.new_channel()
    await desk.group_add("conversation.1", channel)
    await broker.lists("conversation.1")
    broker.kill()
    await desk.group_add("conversation.2", late)
    broker.start()
    for group, member in (("conversation.1", channel), ("conversation.2", late)):
        await broker.lists(group)
        await desk.group_send(group, {"type": "chat.message", "group": group})
        assert (await heard(desk, member))["group"] == group
    await desk.flush()


async def test_a_slow_socket_fills_its_own_mailbox_and_no_more(broker: Broker, layer: Callable[[], Any]) -> None:
    broker.start()
    desk = layer()
    slow, quick = await desk.new_channel(), await desk.new_channel()
    for channel in (slow, quick):
        await desk.group_add("conversation.1", channel)
    await broker.lists("conversation.1")
    for number in range(MAILBOX + 50):
        await desk.group_send("conversation.1", {"type": "chat.delta", "number": number})
        assert (await heard(desk, quick))["number"] == number
    assert desk.channels[slow].qsize() == MAILBOX
    await desk.flush()
