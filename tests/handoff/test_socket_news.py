"""What an agent, or a customer in line, is told unasked: of the queue, of work that arrives, of who else is here."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from conversations import background, endings, live
from conversations.lifecycle import Reason
from conversations.models import Transition
from handoff import consumers, inbox, waits
from handoff.models import Agent
from tests.handoff.sockets import agents_inbox, db, socket
from tests.handoff.talking import Talk, waits_for
from tests.waiting import wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_queue_is_told_when_it_changes_but_not_more_than_twice_a_second(
    new_talk: Callable[..., Talk], ana_key: str
) -> None:
    async with agents_inbox(ana_key) as agent:
        before = (await agent.ask("ping", "pong"))["queue_version"]
        began = time.monotonic()
        for _ in range(10):
            await db((await db(new_talk)).asks_for_person)
        frames = [await agent.hear("queue")]
        while frames[-1]["counts"]["queue"] < 10:
            frames.append(await agent.hear("queue"))
        assert len(frames) <= 2 + (time.monotonic() - began) / consumers.QUEUE_EVERY
        assert (await agent.ask("ping", "pong"))["queue_version"] != before


async def test_work_that_arrives_is_announced_to_its_agent(
    talk: Talk, ana_agent: Agent, ben_agent: Agent, ben_key: str
) -> None:
    handoff = await db(inbox.claim, (await db(talk.asks_for_person)).pk, ana_agent)
    async with agents_inbox(ben_key) as ben:
        await db(inbox.transfer, handoff.pk, ana_agent, to=ben_agent, note="Yours")
        assigned = (await ben.hear("assigned"))["handoff"]
    assert (assigned["id"], assigned["conversation"]) == (str(handoff.pk), str(talk.pk))
    assert assigned["reason"] == "User requested human assistance"


async def test_everybody_in_line_hears_where_she_stands_now(
    talk: Talk, new_talk: Callable[..., Talk], ana_agent: Agent
) -> None:
    first = await db(new_talk)
    await db(lambda: waits_for(first.asks_for_person(), minutes=9))
    await db(talk.asks_for_person)
    async with socket(f"/ws/chat/{talk.pk}/") as cleo:
        welcome = await cleo.ask("hello", "welcome", token=talk.token, after=0)
        assert welcome["conversation"]["handoff"]["position"] == 2
        await cleo.heard("status")  # what her own handoff announced
        await db(inbox.claim_next, ana_agent)
        assert (await cleo.hear("status"))["handoff"]["position"] == 1
        now = timezone.now()
        await db(lambda: waits.tell_line(now, only_news=True))
        assert await cleo.heard("status") == []  # she knows
        await db(lambda: waits.tell_line(now + waits.REPEATED, only_news=True))
        assert await cleo.heard("status")  # but it may have been lost
        await db(inbox.claim_next, ana_agent)
        assert (await cleo.hear("status"))["handoff"]["agent"] == "Ana"


async def test_an_agent_who_joined_unheard_is_seen_by_her_next_ping(talk: Talk, ana_agent: Agent) -> None:
    def joins_unheard() -> None:
        with live.quiet():
            inbox.claim_next(ana_agent)

    await db(talk.asks_for_person)
    await db(background.flush, 5)  # what is announced of that is not what she is to hear
    async with socket(f"/ws/chat/{talk.pk}/") as cleo:
        await cleo.ask("hello", "welcome", token=talk.token, after=0)
        await db(joins_unheard)
        (status,) = await cleo.heard("status")
        assert status["handoff"]["agent"] == "Ana"
        assert await cleo.heard("status") == []


async def test_agents_see_who_else_looks_on(talk: Talk, ana_key: str, ben_key: str) -> None:
    async with agents_inbox(ana_key) as ana:
        await ana.ask("watch", "messages", conversation=str(talk.pk))
        async with agents_inbox(ben_key) as ben:
            await ben.ask("watch", "messages", conversation=str(talk.pk))
            assert (await ana.hear("viewers"))["agents"] == ["Ben"]
            assert (await ben.hear("viewers"))["agents"] == ["Ana"]
        assert (await ana.hear("viewers"))["agents"] == []


async def test_the_brief_reaches_who_watches(talk: Talk, ana_key: str) -> None:
    from handoff import tasks

    await db(talk.asks_for_person)
    async with agents_inbox(ana_key) as agent:
        await agent.ask("watch", "messages", conversation=str(talk.pk))
        await db(tasks.write_briefs)
        assert (await agent.hear("handoff"))["handoff"]["summary"]


async def test_a_status_that_was_not_announced_is_found_and_told(
    talk: Talk, ana_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.following.EVERY", 0.05)

    def closes_unheard() -> None:
        with live.quiet():
            endings.close(talk.pk, reason=Reason.CUSTOMER_LEFT, actor=Transition.CUSTOMER)

    async with agents_inbox(ana_key) as agent:
        await agent.ask("watch", "messages", conversation=str(talk.pk))
        await db(closes_unheard)
        status = await agent.hear("status")
        assert status["status"] == "closed"


async def test_a_ping_is_her_heartbeat(ana: User, ana_key: str) -> None:
    async with agents_inbox(ana_key) as agent:
        await db(Agent.objects.update, last_seen_at=None)
        await agent.ask("ping", "pong")

        async def seen() -> bool:
            return (await db(Agent.objects.get, user=ana)).last_seen_at is not None

        await wait_until_async(seen)
