"""The channel layer and its broker: own sockets never wait for it, others hear through it, and it may come and go."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from channels.exceptions import ChannelFull
from django.conf import settings
from redis.exceptions import RedisError

from supportdesk import layer as layers
from supportdesk.layer import BATCH, MAILBOX, DeskLayer

from .brokers import Broker

NewProcess = Callable[..., Any]


@pytest.fixture
async def process(broker: Broker) -> AsyncIterator[NewProcess]:
    """Another process' layer each time."""
    made: list[Any] = []

    def new(url: str = broker.url) -> Any:
        made.append(DeskLayer(hosts=[url], prefix="desk"))
        return made[-1]

    yield new
    for one in made:
        await one.flush()


async def member(process: Any, group: str = "conversation.1") -> str:
    channel: str = await process.new_channel()
    await process.group_add(group, channel)
    return channel


async def heard(process: Any, channel: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message: dict[str, Any] = await process.receive(channel)
    return message


def said(number: int) -> dict[str, Any]:
    return {"type": "chat.delta", "number": number}


async def say(process: Any, number: int) -> None:
    await process.group_send("conversation.1", said(number))


async def say_in_vain(process: Any, number: int) -> None:
    with pytest.raises((OSError, RedisError)):
        await say(process, number)


async def test_everybody_in_a_group_hears_once_here_and_elsewhere_and_nobody_else(
    broker: Broker, process: NewProcess
) -> None:
    broker.start()
    here, elsewhere = process(), process()
    two, other, far = await member(here), await member(here, "conversation.2"), await member(elsewhere)
    one = await member(here)
    for number in range(3):
        await say(here, number)
    for place, channel in ((here, one), (here, two), (elsewhere, far)):
        assert [await heard(place, channel) for _ in range(3)] == [said(0), said(1), said(2)]
    await say(elsewhere, 3)
    for place, channel in ((here, one), (here, two), (elsewhere, far)):
        assert await heard(place, channel) == said(3)
    assert here.channels[other].empty()


async def test_who_left_a_group_hears_no_more_of_it(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here, elsewhere = process(), process()
    stays, leaves = await member(elsewhere), await member(elsewhere)
    await elsewhere.group_discard("conversation.1", leaves)
    await say(here, 1)
    assert await heard(elsewhere, stays) == said(1)
    assert elsewhere.channels[leaves].empty()
    await elsewhere.group_discard("conversation.1", stays)
    assert not elsewhere.groups


async def test_what_is_said_at_once_arrives_elsewhere_in_its_order(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here, elsewhere = process(), process()
    far = await member(elsewhere)
    await asyncio.gather(*(say(here, number) for number in range(MAILBOX)))
    assert [await heard(elsewhere, far) for _ in range(MAILBOX)] == [said(number) for number in range(MAILBOX)]


async def test_a_single_channel_can_be_told_from_here_and_from_elsewhere(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here, elsewhere = process(), process()
    channel = await member(here)
    await here.send(channel, said(1))
    await elsewhere.send(channel, said(2))
    assert [await heard(here, channel) for _ in range(2)] == [said(1), said(2)]


async def test_while_the_broker_is_away_nobody_is_refused_and_own_sockets_hear(
    broker: Broker, process: NewProcess
) -> None:
    here, began = process(), time.monotonic()
    channel = await member(here)
    assert time.monotonic() - began < 3
    await say(here, 1)
    assert await heard(here, channel) == said(1)


async def test_a_broker_that_is_frozen_from_the_start_keeps_a_socket_waiting_a_moment_only(
    broker: Broker, process: NewProcess
) -> None:
    broker.start()
    broker.leave("frozen")
    here, elsewhere, began = process(), process(), time.monotonic()
    channel = await member(here)
    assert time.monotonic() - began < settings.CONNECT_TIMEOUT + 2
    await say(here, 1)
    assert await heard(here, channel) == said(1)
    broker.come_back("frozen")
    await broker.is_heard_by(1)
    await say(elsewhere, 2)
    assert await heard(here, channel) == said(2)


async def test_what_nobody_understands_deafens_nobody(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here, elsewhere = process(), process()
    channel = await member(here)
    async with redis.asyncio.Redis.from_url(broker.url) as client:
        heard_by = "desk__group__conversation.1"
        strange = [{"origin": "x", "events": events} for events in ([1], 7, [[heard_by, 5]], [[heard_by]])]
        batches = [here.serialize(batch) for batch in strange]
        for nonsense in (b"hello", b"", b"\xc0", b"\x80", b"[1, 2]", *batches):
            assert await client.publish("desk.bus", nonsense) == 1
    await say(elsewhere, 1)
    assert await heard(here, channel) == said(1)


async def test_who_waits_for_a_publish_is_told_when_the_layer_closes(broker: Broker, process: NewProcess) -> None:
    broker.start()
    broker.leave("frozen")
    elsewhere = process()
    waiting = [asyncio.create_task(say(elsewhere, number)) for number in range(3)]
    await asyncio.sleep(0)  # the first is on its way, the others wait
    await elsewhere.flush()
    async with asyncio.timeout(2):
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    broker.come_back("frozen")
    assert [isinstance(answer, ConnectionError) for answer in answers] == [True, True, True]


async def test_a_socket_that_came_while_the_broker_was_away_hears_others_when_it_is_back(
    broker: Broker, process: NewProcess
) -> None:
    here, elsewhere = process(), process()
    channel = await member(here)
    broker.start()
    await broker.is_heard_by(1)
    await say(elsewhere, 1)
    assert await heard(here, channel) == said(1)


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_a_broker_that_went_and_came_back_is_listened_to_again(
    broker: Broker, process: NewProcess, fault: str
) -> None:
    broker.start()
    here, elsewhere = process(), process()
    before = await member(here)
    broker.leave(fault)
    await say_in_vain(elsewhere, 1)
    late = await member(here)
    broker.come_back(fault)
    await broker.is_heard_by(1)
    await say(elsewhere, 2)
    for channel in (before, late):
        while await heard(here, channel) != said(2):
            pass  # a frozen broker may yet deliver the first, whose sender has given it up


async def test_a_broker_that_vanished_behind_a_whole_connection_is_called_again(
    broker: Broker, process: NewProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a machine loses its power: no end of the connection is ever told."""
    monkeypatch.setattr(layers, "QUIET", 0.1)
    monkeypatch.setattr(layers, "VANISHED", 0.3)
    broker.start()
    path = f"{tmp_path}/road.sock"
    async with road_to(broker, path) as swallow:
        here, elsewhere = process(f"unix://{path}"), process()
        channel = await member(here)
        await broker.is_heard_by(1)
        swallow()
        await broker.is_heard_by(2)  # the broker too knows the lost one as a listener yet
        await say(elsewhere, 1)
        assert await heard(here, channel) == said(1)


async def test_a_slow_socket_fills_its_own_mailbox_and_no_more(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here = process()
    slow, quick = await member(here), await member(here)
    for number in range(MAILBOX + 50):
        await say(here, number)
        assert await heard(here, quick) == said(number)
    assert here.channels[slow].qsize() == MAILBOX


async def test_what_waits_for_a_broker_that_answers_nothing_is_bounded(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here = process()
    await member(here)
    broker.leave("frozen")
    waiting = [asyncio.create_task(say(here, number)) for number in range(BATCH + 2)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    broker.come_back("frozen")
    assert {type(answer) for answer in answers} == {type(None), ChannelFull}
    assert answers.index(next(answer for answer in answers if answer)) >= BATCH


@asynccontextmanager
async def road_to(broker: Broker, path: str) -> AsyncIterator[Callable[[], None]]:
    """A way to the broker. What is on its connections can be swallowed, without either end being told."""
    writers: list[asyncio.StreamWriter] = []
    lost: set[asyncio.StreamWriter] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(broker.url.removeprefix("unix://"))
        writers.extend((writer, there[1]))
        await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))

    async def carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if to not in lost:
                to.write(data)

    server = await asyncio.start_unix_server(met, path)
    try:
        yield lambda: lost.update(writers)
    finally:
        server.close()
        for writer in writers:
            writer.close()
