"""The line: who stands where, what she is told of the wait, and how right that was."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversations import endings
from conversations.lifecycle import Reason, Status
from conversations.models import Transition
from handoff import inbox, presence, waits
from handoff.models import Agent, Handoff
from handoff.waits import Pace, handoff_of
from tests.handoff.talking import Talk, waits_for

pytestmark = pytest.mark.django_db


def _served(new_talk: Callable[..., Talk], agent: Agent, waited: float, *, at: datetime | None = None) -> Handoff:
    """A customer who stood first in line and was served after `waited` seconds."""
    handoff, at = new_talk().asks_for_person(), at or timezone.now()
    Handoff.objects.filter(pk=handoff.pk).update(created_at=at - timedelta(seconds=waited), place=1, agents_there=1)
    return inbox.claim(handoff.pk, agent, now=at)


def test_her_position_is_her_place_in_the_order_in_which_the_queue_is_served(
    talk: Talk, new_talk: Callable[..., Talk]
) -> None:
    talk.asks_for_person()
    assert _position(talk) == 1
    premium = new_talk("Rich", tier="premium")
    premium.asks_for_person()
    assert (_position(premium), _position(talk)) == (1, 2)
    waits_for(talk.handoff, minutes=40)
    assert (_position(premium), _position(talk)) == (2, 1)


def test_without_a_history_the_range_is_wide_and_grows_with_the_line() -> None:
    pace = Pace.of(timezone.now())
    assert [pace.wait(position) for position in (1, 2)] == [{"low": 60, "high": 300}, {"low": 120, "high": 600}]


def test_the_range_comes_from_what_the_last_customers_waited(new_talk: Callable[..., Talk], ana_agent: Agent) -> None:
    presence.seen(ana_agent, timezone.now())
    for waited in (60, 120, 180, 240, 300, 360):
        _served(new_talk, ana_agent, waited)
    assert Pace.of(timezone.now()).wait(1) == {"low": 90, "high": 360}


def test_two_hours_ago_counts_only_while_the_last_two_hours_say_too_little(
    new_talk: Callable[..., Talk], ana_agent: Agent
) -> None:
    presence.seen(ana_agent, timezone.now())
    yesterday = timezone.now() - timedelta(days=1)
    for _ in range(6):
        _served(new_talk, ana_agent, 1200, at=yesterday)
    assert Pace.of(timezone.now()).wait(1)["high"] == 1200
    for _ in range(6):
        _served(new_talk, ana_agent, 30)
    assert Pace.of(timezone.now()).wait(1) == {"low": 30, "high": 60}


def test_twice_the_agents_serve_twice_as_many_at_a_time(ana_agent: Agent, ben_agent: Agent) -> None:
    now = timezone.now()
    alone = Pace.of(now).wait(4)
    for agent in (ana_agent, ben_agent):
        presence.seen(agent, now)
    together = Pace.of(now).wait(4)
    assert (together["low"], together["high"]) == (alone["low"] // 2, alone["high"] // 2)
    presence.switch(ben_agent, Agent.Presence.AWAY)
    assert Pace.of(now).agents == 1
    assert Pace.of(now + timedelta(minutes=1)).agents == 0  # Ana's inbox has fallen silent


def test_while_nobody_is_there_no_short_wait_is_promised(new_talk: Callable[..., Talk], ana_agent: Agent) -> None:
    for _ in range(6):
        _served(new_talk, ana_agent, 20)
    assert Pace.of(timezone.now()).wait(1) == {"low": 60, "high": 300}
    presence.seen(ana_agent, timezone.now())
    assert Pace.of(timezone.now()).wait(1) == {"low": 0, "high": 60}


def test_nobody_waited_for_an_agent_who_stepped_in(new_talk: Callable[..., Talk], ana_agent: Agent) -> None:
    for _ in range(6):
        inbox.step_in(new_talk().pk, ana_agent)
    assert Pace.of(timezone.now()).wait(1) == {"low": 60, "high": 300}


def test_what_cleo_is_told_and_what_only_agents_are(talk: Talk, ana_agent: Agent) -> None:
    assert handoff_of(talk.conversation, for_staff=True) is None
    handoff = talk.asks_for_person()
    cleo = handoff_of(talk.conversation, for_staff=False)
    assert cleo == {
        "id": str(handoff.pk),
        "ticket": handoff.ticket,
        "status": "waiting",
        "priority": 5,
        "position": 1,
        "estimated_wait": {"low": 60, "high": 300},
        "agents_there": 0,
    }
    inbox.claim(handoff.pk, ana_agent)
    agents = handoff_of(talk.conversation, for_staff=True)
    assert agents is not None
    assert (agents["status"], agents["agent"], agents["position"]) == ("assigned", "Ana", None)
    assert (agents["reason"], agents["reason_code"]) == ("User requested human assistance", "human_requested")
    assert agents["priority_reasons"] == ["Starts at 5"]


def test_the_wait_is_among_the_reasons(talk: Talk) -> None:
    waits_for(talk.asks_for_person(), minutes=21)
    told = handoff_of(talk.conversation, for_staff=True)
    assert told is not None
    assert (told["priority"], told["priority_reasons"][-1]) == (3, "Waiting for 21 min: −2")


def test_who_has_left_is_not_in_line_though_no_sweep_came_by(talk: Talk, new_talk: Callable[..., Talk]) -> None:
    waits_for(talk.asks_for_person(), minutes=3)
    second = new_talk()
    second.asks_for_person()
    version = waits.queue_version()
    endings.close(talk.pk, reason=Reason.CUSTOMER_LEFT, actor=Transition.CUSTOMER)
    told = handoff_of(talk.conversation, for_staff=False)
    assert told is not None
    assert (told["status"], told["position"]) == ("ended", None)
    assert _position(second) == 1
    assert waits.queue_version() != version


def test_the_version_differs_after_every_verb(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff, versions = talk.asks_for_person(), [waits.queue_version()]
    inbox.claim(handoff.pk, ana_agent)
    versions.append(waits.queue_version())
    inbox.claim(handoff.pk, ben_agent, take_over=True)
    versions.append(waits.queue_version())
    inbox.transfer(handoff.pk, ben_agent, to=None)
    versions.append(waits.queue_version())
    inbox.resolve(handoff.pk, ana_agent)
    versions.append(waits.queue_version())
    assert len(set(versions)) == 5


def _position(talk: Talk) -> object:
    told = handoff_of(talk.conversation, for_staff=False)
    assert talk.conversation.status == Status.ESCALATED
    return told and told["position"]
