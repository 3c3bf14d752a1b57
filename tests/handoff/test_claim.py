"""Taking a conversation: by hand, from the head of the queue, from a colleague; and never two at once."""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection

from conversations.lifecycle import Status
from conversations.posting import Refused
from handoff import inbox
from handoff.models import Agent, Handoff, HandoffEvent
from tests.handoff.talking import Talk, waits_for

pytestmark = pytest.mark.django_db


def test_ana_takes_a_waiting_conversation_and_cleo_is_told(talk: Talk, ana_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    assert (handoff.status, handoff.agent) == (Handoff.Status.ASSIGNED, ana_agent)
    assert handoff.claimed_at is not None
    assert talk.last_line == "Ana joined the conversation."
    assert [event.kind for event in handoff.events.all()] == ["requested", "claimed"]


def test_taking_it_twice_changes_nothing(talk: Talk, ana_agent: Agent) -> None:
    handoff = talk.asks_for_person()
    first = inbox.claim(handoff.pk, ana_agent)
    again = inbox.claim(handoff.pk, ana_agent)
    assert again.claimed_at == first.claimed_at
    assert handoff.events.filter(kind=HandoffEvent.Kind.CLAIMED).count() == 1


def test_who_comes_second_is_told_who_has_it(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = talk.asks_for_person()
    inbox.claim(handoff.pk, ana_agent)
    with pytest.raises(Refused, match="Ana has this conversation") as refusal:
        inbox.claim(handoff.pk, ben_agent)
    assert refusal.value.code == "taken"
    assert talk.handoff.agent == ana_agent


def test_ben_takes_over_what_ana_holds(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    taken = inbox.claim(handoff.pk, ben_agent, take_over=True)
    assert taken.agent == ben_agent
    assert taken.claimed_at == handoff.claimed_at  # how long she waited for the first agent stays known
    assert talk.last_line == "Ben is taking over."
    assert taken.events.latest("pk").note == "Taken over from Ana"


def test_what_is_over_cannot_be_taken(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    inbox.resolve(handoff.pk, ana_agent)
    with pytest.raises(Refused) as refusal:
        inbox.claim(handoff.pk, ben_agent)
    assert refusal.value.code == "ended"


def test_a_handoff_that_never_was_cannot_be_taken(ana_agent: Agent) -> None:
    with pytest.raises(Handoff.DoesNotExist):
        inbox.claim(uuid4(), ana_agent)


def test_next_is_the_most_urgent_then_who_waits_longest(new_talk: Callable[..., Talk], ana_agent: Agent) -> None:
    later = new_talk("Dora").asks_for_person()
    longest = waits_for(new_talk("Edda").asks_for_person(), minutes=5)
    urgent = new_talk("Fay", tier="premium").asks_for_person()
    taken = [inbox.claim_next(ana_agent) for _ in range(4)]
    assert [handoff and handoff.pk for handoff in taken] == [urgent.pk, longest.pk, later.pk, None]


def test_next_respects_her_capacity_and_her_hand_may_exceed_it(new_talk: Callable[..., Talk], ana_agent: Agent) -> None:
    ana_agent.capacity = 1
    ana_agent.save()
    first, second = new_talk("Dora").asks_for_person(), new_talk("Edda").asks_for_person()
    inbox.claim(first.pk, ana_agent)
    with pytest.raises(Refused) as refusal:
        inbox.claim_next(ana_agent)
    assert refusal.value.code == "full"
    assert inbox.claim(second.pk, ana_agent).agent == ana_agent


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_at_once_one_wins_and_the_other_hears_who(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = talk.asks_for_person()
    outcomes = _race(lambda agent: inbox.claim(handoff.pk, agent), ana_agent, ben_agent)
    winner, loser = (ana_agent, ben_agent) if isinstance(outcomes[0], Handoff) else (ben_agent, ana_agent)
    assert talk.handoff.agent == winner
    refusal = outcomes[1] if loser is ben_agent else outcomes[0]
    assert isinstance(refusal, Refused)
    assert refusal.code == "taken"
    assert winner.name in refusal.detail
    assert talk.handoff.events.filter(kind=HandoffEvent.Kind.CLAIMED).count() == 1
    assert talk.conversation.status == Status.ESCALATED


@pytest.mark.django_db(transaction=True)
def test_two_agents_who_ask_for_the_next_at_once_get_two_conversations(
    new_talk: Callable[..., Talk], ana_agent: Agent, ben_agent: Agent
) -> None:
    waiting = {new_talk(name).asks_for_person().pk for name in ("Dora", "Edda")}
    taken = _race(inbox.claim_next, ana_agent, ben_agent)
    assert {handoff.pk for handoff in taken if isinstance(handoff, Handoff)} == waiting


def _race(verb: Callable[[Agent], object], *agents: Agent) -> list[object]:
    """What each agent's call came to, all of them started at the same moment."""
    start, outcomes = threading.Barrier(len(agents)), dict.fromkeys(agents)

    def run(agent: Agent) -> None:
        try:
            start.wait()
            outcomes[agent] = verb(agent)
        except Refused as refusal:
            outcomes[agent] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[agent] for agent in agents]
