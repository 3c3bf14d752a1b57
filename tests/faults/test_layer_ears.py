"""Who is called with an announcement, instead of fetching it: at once, in order, and each for herself."""

import asyncio
from typing import Any

from tests.waiting import wait_until

from .brokers import Broker
from .test_layer import NewProcess, heard, member, process, said, say

__all__ = ["process"]  # the fixture


async def ear(where: Any, group: str = "conversation.1") -> list[dict[str, Any]]:
    """What a socket is called with."""
    events: list[dict[str, Any]] = []
    where.call(await member(where, group), events.append)
    return events


async def test_own_sockets_are_called_before_the_sender_goes_on(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here = process()
    events, by_hand = await ear(here), await member(here)
    for number in range(2):
        await say(here, number)
        assert events == [said(one) for one in range(number + 1)]
    assert await heard(here, by_hand) == said(0)


async def test_a_socket_elsewhere_is_called_in_the_same_order(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here, elsewhere = process(), process()
    events = await ear(elsewhere)
    for number in range(20):
        await say(here, number)
    await asyncio.to_thread(wait_until, lambda: len(events) == 20)
    assert events == [said(number) for number in range(20)]


async def test_a_socket_that_fails_silences_no_other(broker: Broker, process: NewProcess) -> None:
    def fails(event: dict[str, Any]) -> None:
        raise ZeroDivisionError

    broker.start()
    here = process()
    here.call(await member(here), fails)
    events = await ear(here)
    await say(here, 1)
    assert events == [said(1)]


async def test_who_is_forgotten_is_called_no_more(broker: Broker, process: NewProcess) -> None:
    broker.start()
    here = process()
    channel, events = await member(here), list[dict[str, Any]]()
    here.call(channel, events.append)
    here.forget(channel)
    await say(here, 1)
    assert events == []


async def test_when_the_broker_is_back_every_socket_is_told(broker: Broker, process: NewProcess) -> None:
    """They look in the database for what other processes said meanwhile."""
    broker.start()
    here = process()
    events = await ear(here)
    broker.kill()
    broker.start()
    await asyncio.to_thread(wait_until, lambda: {"type": "layer.back"} in events)
