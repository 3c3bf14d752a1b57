"""How a handoff ends: given back to the assistant, or resolved."""

import pytest

from conversations.lifecycle import Reason, Status
from conversations.models import Role, Transition
from conversations.posting import Refused
from handoff import inbox
from handoff.models import Agent, Handoff, HandoffEvent
from tests.handoff.talking import FALLBACK, Talk

pytestmark = pytest.mark.django_db


def test_ana_gives_cleo_back_and_the_assistant_answers_her_next_message(talk: Talk, ana_agent: Agent) -> None:
    for _ in range(3):
        talk.says("the blue thing")
        talk.hears(FALLBACK)
    handoff = inbox.claim(talk.handoff.pk, ana_agent)
    returned = inbox.hand_back(handoff.pk, ana_agent, note="It knows the opening hours")
    assert (returned.status, returned.ended_at is not None) == (Handoff.Status.RETURNED, True)
    conversation = talk.conversation
    assert (conversation.status, conversation.failed_attempts) == (Status.ACTIVE, 0)
    move = Transition.objects.filter(conversation=talk.pk).latest("pk")
    assert (move.reason, move.user) == (Reason.RETURNED, ana_agent.user)
    assert [message.role for message in talk.messages[-2:]] == [Role.NOTE, Role.SYSTEM]
    assert talk.last_line == "You are back with the assistant."
    assert returned.events.latest("pk").kind == HandoffEvent.Kind.RETURNED
    talk.says("when do you open")
    talk.hears()
    assert talk.messages[-1].role == Role.ASSISTANT


def test_ben_cannot_give_back_what_ana_holds_nor_anybody_what_nobody_has(
    talk: Talk, ana_agent: Agent, ben_agent: Agent
) -> None:
    handoff = talk.asks_for_person()
    with pytest.raises(Refused, match="Take it first"):
        inbox.hand_back(handoff.pk, ben_agent)
    inbox.claim(handoff.pk, ana_agent)
    with pytest.raises(Refused, match="Ana has this conversation"):
        inbox.hand_back(handoff.pk, ben_agent)
    assert talk.conversation.status == Status.ESCALATED


def test_ana_resolves(talk: Talk, ana_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    resolved = inbox.resolve(handoff.pk, ana_agent)
    assert (resolved.status, resolved.agent) == (Handoff.Status.RESOLVED, ana_agent)
    assert resolved.conversation.status == Status.CLOSED
    assert resolved.conversation.close_reason == Reason.RESOLVED
    assert talk.last_line == "This conversation was marked as resolved."
    assert resolved.events.latest("pk").kind == HandoffEvent.Kind.RESOLVED
    with pytest.raises(Refused) as refusal:
        inbox.resolve(handoff.pk, ana_agent)
    assert refusal.value.code == "ended"


def test_ben_cannot_resolve_what_ana_holds(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    with pytest.raises(Refused, match="Ana has this conversation"):
        inbox.resolve(handoff.pk, ben_agent)
    assert talk.conversation.status == Status.ESCALATED


def test_after_either_end_cleo_can_ask_again(talk: Talk, ana_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    inbox.hand_back(handoff.pk, ana_agent)
    again = talk.asks_for_person()
    assert again.pk != handoff.pk
    assert Handoff.objects.waiting().get() == again
