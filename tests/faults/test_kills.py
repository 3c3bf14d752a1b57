"""Processes killed in the middle of a chat: she gets her answer or a person, and nothing acknowledged is lost."""

import asyncio
import signal
from collections.abc import Callable

import pytest

from tests.fake_openai import FakeModel
from tests.running import Desk

from .brokers import Broker
from .seat import Frame, Seat, agent_at, agent_key, call, cleo_at, seated, status_of, stored

NewDesk = Callable[..., Desk]

pytestmark = pytest.mark.timeout(300)


def answered_or_with_a_person(cleo: Seat, desk: Desk, talk: Frame) -> bool:
    return bool(cleo.said_by("assistant")) or status_of(desk, talk)["status"] == "escalated"


def press_for_a_person(desk: Desk, talk: Frame) -> Frame:
    shown: Frame = call(desk, "POST", f"conversations/{talk['id']}/escalate/", {}, f"Bearer {talk['token']}")
    return shown


def waiting(desk: Desk, key: str) -> list[str]:
    return [each["conversation"]["id"] for each in call(desk, "GET", "handoffs/", auth=f"Token {key}")["results"]]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_web_ends_in_mid_reply_and_she_is_answered_all_the_same(
    new_desk: NewDesk, number: signal.Signals
) -> None:
    with FakeModel(mode="slow", pause=0.5) as model:
        desk = new_desk("--no-demo", OPENAI_API_KEY="test", OPENAI_BASE_URL=model.url).start()
        cleo, talk = cleo_at(desk)
        async with seated(cleo):
            key = await cleo.write("Can I send the lamp back?")
            await cleo.until(
                lambda: any(frame["type"] == "delta" for frame in cleo.frames), 30, "the reply's beginning"
            )
            assert not cleo.said_by("assistant")
            desk.kill("web", number)
            await cleo.until(lambda: cleo.welcomes == 2, 60, "a desk that is back")
            await cleo.until(lambda: answered_or_with_a_person(cleo, desk, talk), 60, "an answer, or a person")
            await cleo.write("Thank you")
            await cleo.until(lambda: not cleo.unsent, 20, "an ack of what she wrote then")
        assert cleo.acked[key] == 1
        assert cleo.said_by("assistant")[:1] in ([], [model.reply])
        assert cleo.seqs() == list(range(1, cleo.seen + 1))
        assert stored(desk, talk)[: cleo.seen] == cleo.shown


async def test_the_worker_is_killed_and_the_chat_goes_on(new_desk: NewDesk) -> None:
    desk = new_desk("--no-demo").start()
    key = agent_key(desk)
    cleo, talk = cleo_at(desk)
    async with seated(cleo):
        worker = desk.kill("worker")
        await cleo.write("Hello, is anybody there?")
        await cleo.until(lambda: answered_or_with_a_person(cleo, desk, talk), 20, "an answer, or a person")
        handoff = press_for_a_person(desk, talk)["handoff"]
        assert waiting(desk, key) == [talk["id"]]
        await asyncio.to_thread(desk.wait_for_another, "worker", worker, 30)

        def briefed() -> str:
            (first,) = call(desk, "GET", "handoffs/", auth=f"Token {key}")["results"]
            assert first["id"] == handoff["id"]
            summary: str = first["summary"]
            return summary

        await cleo.until(briefed, 60, "the brief, by the new worker")


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_ten_seconds_without_a_broker(new_desk: NewDesk, broker: Broker, fault: str) -> None:
    broker.start()
    desk = new_desk("--no-demo", REDIS_URL=broker.url).start()
    key = agent_key(desk)
    cleo, talk = cleo_at(desk)
    ana = agent_at(desk, key, talk)
    claimed = press_for_a_person(desk, talk)["handoff"]["id"]
    call(desk, "POST", f"handoffs/{claimed}/claim/", {}, f"Token {key}")
    async with seated(cleo, ana):
        await cleo.write("before")
        await ana.until(lambda: "before" in ana.said_by("customer"), 20, "her first message on Ana's screen")
        broker.leave(fault)
        back_at = asyncio.get_running_loop().time() + 10
        for number in range(5):
            await cleo.write(f"meanwhile {number}")
            await cleo.until(lambda: not cleo.unsent, 5, "an ack without a broker")
        await ana.until(lambda: "meanwhile 4" in ana.said_by("customer"), 10, "what she wrote, brought by a ping")
        await served_while_it_is_away(desk)
        listener = Seat(cleo.url, cleo.hello)
        listener.pings = False  # it learns only what is announced
        async with seated(listener):
            await asyncio.sleep(max(0.0, back_at - asyncio.get_running_loop().time()))  # the outage itself
            broker.come_back(fault)
            await announced_again(ana, listener)
            await cleo.until(lambda: cleo.seen == ana.seen, 20, "the last word on her screen")
    messages = stored(desk, talk)
    assert cleo.shown == ana.shown == messages
    assert cleo.seqs() == list(range(1, len(messages) + 1))
    assert listener.shown == messages[: listener.seen]
    assert len(waiting(desk, key)) == 1  # the queue is as it was


async def served_while_it_is_away(desk: Desk) -> None:
    """Who comes now is welcomed, answered by the assistant, and put into the queue."""
    zed, talk = await asyncio.to_thread(cleo_at, desk)
    async with seated(zed):
        await zed.write("Hello?")
        await zed.until(lambda: answered_or_with_a_person(zed, desk, talk), 20, "an answer without a broker")
        shown = await asyncio.to_thread(press_for_a_person, desk, talk)
        assert shown["handoff"]["status"] == "waiting"


async def announced_again(speaker: Seat, listener: Seat) -> None:
    """Groups are joined again within seconds, and what is said from then on is heard at once."""
    for number in range(20):
        await speaker.write(f"after {number}")
        if await listener.hears("agent", f"after {number}", seconds=1):
            return
    raise AssertionError("nothing is announced any more")
