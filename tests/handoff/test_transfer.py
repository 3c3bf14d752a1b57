"""Passing a conversation on: to a colleague, or back to the queue."""

import pytest

from conversations.models import Role
from conversations.posting import Refused
from handoff import inbox
from handoff.models import Agent, Handoff, HandoffEvent
from tests.handoff.talking import Talk, waits_for

pytestmark = pytest.mark.django_db


def test_ana_passes_cleo_to_ben_with_a_note_that_cleo_does_not_see(
    talk: Talk, ana_agent: Agent, ben_agent: Agent
) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    passed = inbox.transfer(handoff.pk, ana_agent, to=ben_agent, note="Knows the carrier")
    assert passed.agent == ben_agent
    note, line = talk.messages[-2:]
    assert (note.role, note.body) == (Role.NOTE, "Knows the carrier")
    assert (line.role, line.body) == (Role.SYSTEM, "Ben is taking over.")
    event = passed.events.latest("pk")
    assert (event.kind, event.agent, event.to_agent) == (HandoffEvent.Kind.TRANSFERRED, ana_agent, ben_agent)
    assert event.note == "Knows the carrier"
    inbox.reply(talk.pk, ben_agent, "Hello Cleo")
    with pytest.raises(Refused, match="Ben has this conversation"):
        inbox.reply(talk.pk, ana_agent, "One more thing")


def test_back_in_the_queue_she_keeps_the_time_she_has_waited(talk: Talk, ana_agent: Agent) -> None:
    waiting = waits_for(talk.asks_for_person(), minutes=12)
    handoff = inbox.claim(waiting.pk, ana_agent)
    back = inbox.transfer(handoff.pk, ana_agent, to=None)
    assert (back.status, back.agent) == (Handoff.Status.WAITING, None)
    assert back.created_at == waiting.created_at
    assert talk.last_line == "You are back in line for the next free agent."
    assert inbox.claim_next(ana_agent) == back


def test_a_waiting_conversation_may_be_given_to_somebody(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    assert inbox.transfer(talk.asks_for_person().pk, ana_agent, to=ben_agent).agent == ben_agent
    assert talk.last_line == "Ben joined the conversation."


def test_only_who_holds_it_may_pass_it_on(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    with pytest.raises(Refused, match="Ana has this conversation"):
        inbox.transfer(handoff.pk, ben_agent, to=ben_agent)


def test_nobody_is_given_work_who_may_not_answer(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    ben_agent.user.groups.clear()
    ben = Agent.objects.get(pk=ben_agent.pk)
    with pytest.raises(Refused) as refusal:
        inbox.transfer(handoff.pk, ana_agent, to=ben)
    assert refusal.value.code == "not_an_agent"
    assert talk.handoff.agent == ana_agent
