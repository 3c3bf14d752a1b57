"""How a handoff ends: given back to the assistant, or resolved."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import turns
from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Role, Transition
from conversations.posting import Refused
from handoff import inbox
from handoff.models import Agent, Handoff, HandoffEvent, HandoffSettings
from handoff.models import Reason as Why
from tests.handoff.talking import FALLBACK, Talk

pytestmark = pytest.mark.django_db


def test_ana_gives_cleo_back_and_the_assistant_answers_her_next_message(talk: Talk, ana_agent: Agent) -> None:
    for _ in range(3):
        talk.says("the blue thing")
        talk.hears(FALLBACK)
    handoff = inbox.claim(talk.handoff.pk, ana_agent)
    inbox.reply(talk.pk, ana_agent, "The blue thing is sold out.")
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


def test_what_cleo_asked_while_nobody_answered_the_assistant_answers_once_she_is_back(
    talk: Talk, ana_agent: Agent
) -> None:
    talk.says("this is useless and terrible")
    talk.hears()
    talk.says("awful, let me talk to a real person")
    talk.hears()
    handoff = inbox.claim(talk.handoff.pk, ana_agent)
    talk.says("when do you open?")
    now = timezone.now()
    inbox.hand_back(handoff.pk, ana_agent, now=now)
    assert talk.conversation.status == Status.PROCESSING
    sweep = now + timedelta(seconds=5)
    assert Conversation.objects.abandoned_turns(sweep).get().pk == talk.pk
    turn = turns.begin(talk.pk)
    assert turn is not None
    assert turn.text == "when do you open?"
    talk.hears()
    assert (talk.messages[-1].role, talk.conversation.status) == (Role.ASSISTANT, Status.WAITING_FOR_INPUT)


def test_a_question_that_was_too_much_for_the_assistant_is_asked_again_and_calls_nobody_at_once(
    talk: Talk, ana_agent: Agent
) -> None:
    settings = HandoffSettings.current()
    settings.complexity = 0
    settings.save()
    talk.says("Is it blue? Is it large? Is it new? Is it here? Is it mine?")
    talk.hears()
    handoff = inbox.claim(talk.handoff.pk, ana_agent)
    assert handoff.reason == Why.COMPLEXITY
    inbox.hand_back(handoff.pk, ana_agent)
    talk.hears()
    assert talk.messages[-1].role == Role.ASSISTANT


def test_a_wish_for_a_person_that_ana_hands_back_is_not_put_to_the_assistant(talk: Talk, ana_agent: Agent) -> None:
    talk.says("I want to talk to a real person")
    talk.hears()
    inbox.hand_back(inbox.claim(talk.handoff.pk, ana_agent).pk, ana_agent)
    assert talk.conversation.status == Status.ACTIVE


def test_a_question_written_just_before_the_button_is_answered_once_she_is_back(talk: Talk, ana_agent: Agent) -> None:
    talk.says("when do you open?")
    handoff = talk.asks_for_person()
    assert handoff.evidence["seq"] is None  # a button is in no message
    inbox.hand_back(inbox.claim(handoff.pk, ana_agent).pk, ana_agent)
    assert talk.conversation.status == Status.PROCESSING
    talk.hears()
    assert (talk.messages[-1].role, talk.conversation.status) == (Role.ASSISTANT, Status.WAITING_FOR_INPUT)


def test_what_went_to_ana_and_came_back_stays_on_record_beside_its_answer(talk: Talk, ana_agent: Agent) -> None:
    talk.says("this is useless and terrible")
    talk.hears(FALLBACK)
    talk.says("awful, terrible, what is the blue thing?")
    talk.hears()
    inbox.hand_back(inbox.claim(talk.handoff.pk, ana_agent).pk, ana_agent)
    talk.hears(FALLBACK)
    newest = talk.conversation.turns.filter(seq=talk.conversation.last_customer_seq)
    assert [record.outcome for record in newest] == ["handed_off", "fallback"]


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
