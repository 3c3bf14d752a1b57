"""A thousand messages over sockets cut at random: each one once, in order, on both screens and in the database."""

import asyncio
import random

import pytest

from tests.running import Desk

from .seat import Seat, agent_at, agent_key, call, cleo_at, seated, stored

EACH = 500
IN_FLIGHT = 8  # messages she has sent and nobody has acknowledged yet


async def talk_on(seat: Seat, name: str) -> None:
    for number in range(EACH):
        await seat.until(lambda: len(seat.unsent) < IN_FLIGHT, 30, f"an ack of {name}'s message before {number}")
        await seat.write(f"{name} {number}")
    await seat.until(lambda: not seat.unsent, 30, f"the last acks for {name}")


@pytest.mark.timeout(240)
async def test_a_thousand_messages_survive_sockets_cut_at_random(desk: Desk) -> None:
    chance = random.Random(20_26)  # noqa: S311
    cleo, talk = cleo_at(desk, random.Random(chance.random()))  # noqa: S311
    key = agent_key(desk)
    ana = agent_at(desk, key, talk, random.Random(chance.random()))  # noqa: S311
    handoff = call(desk, "POST", f"conversations/{talk['id']}/escalate/", {}, f"Bearer {talk['token']}")["handoff"]
    call(desk, "POST", f"handoffs/{handoff['id']}/claim/", {}, f"Token {key}")

    async with seated(cleo, ana):
        await asyncio.gather(talk_on(cleo, "Cleo"), talk_on(ana, "Ana"))
        messages = await asyncio.to_thread(stored, desk, talk)
        newest = messages[-1]["seq"]
        for seat in (cleo, ana):
            await seat.until_seen(newest)

    assert [message["seq"] for message in messages] == list(range(1, newest + 1))
    for role, name in (("customer", "Cleo"), ("agent", "Ana")):
        said = [message["body"] for message in messages if message["role"] == role]
        assert said == [f"{name} {number}" for number in range(EACH)]
    for seat in (cleo, ana):
        assert seat.shown == messages
        assert seat.cuts > 10
        assert len(seat.acked) == EACH
        by_seq = {message["seq"]: message for message in messages}
        assert all(by_seq[seq]["client_id"] == client_id for client_id, seq in seat.acked.items())
