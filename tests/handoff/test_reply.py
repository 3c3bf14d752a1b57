"""What an agent writes: to the customer of a conversation she holds, and notes anywhere."""

from uuid import uuid4

import pytest

from conversations import endings, turns
from conversations.lifecycle import Reason as Why
from conversations.lifecycle import Status
from conversations.models import Role, Transition
from conversations.posting import Refused
from handoff import inbox
from handoff.escalation import escalate
from handoff.models import Agent, Handoff, Reason
from tests.handoff.talking import ANSWER, GENERAL, Talk

pytestmark = pytest.mark.django_db


def test_ana_answers_and_cleo_reads_her_name(talk: Talk, ana_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    posted = inbox.reply(talk.pk, ana_agent, "Hello Cleo, I'm looking at it.")
    assert (posted.message.role, posted.message.author_name) == (Role.AGENT, "Ana")
    assert posted.conversation.waiting_since is None
    first = Handoff.objects.get(pk=handoff.pk).first_reply_at
    assert first is not None
    inbox.reply(talk.pk, ana_agent, "There it is.")
    assert Handoff.objects.get(pk=handoff.pk).first_reply_at == first


def test_who_writes_to_a_waiting_conversation_has_taken_it(talk: Talk, ana_agent: Agent) -> None:
    talk.asks_for_person()
    inbox.reply(talk.pk, ana_agent, "Hello!")
    assert talk.handoff.agent == ana_agent
    assert [message.body for message in talk.messages[-2:]] == ["Ana joined the conversation.", "Hello!"]


def test_ana_steps_in_where_the_assistant_holds(talk: Talk, ana_agent: Agent) -> None:
    talk.says("where is my parcel")
    drafting = turns.begin(talk.pk)
    inbox.reply(talk.pk, ana_agent, "I can tell you.")
    handoff = talk.handoff
    assert handoff.get_reason_display() == "Agent stepped in"
    assert (handoff.status, handoff.agent) == (Handoff.Status.ASSIGNED, ana_agent)
    assert handoff.estimate_high is None  # nobody waited, so nothing was foretold
    assert talk.conversation.status == Status.ESCALATED
    move = Transition.objects.get(conversation=talk.pk, new=Status.ESCALATED)
    assert (move.reason, move.actor, move.user) == (Reason.AGENT_STEPPED_IN, Transition.AGENT, ana_agent.user)
    assert drafting is not None
    drafting.routing, drafting.draft = GENERAL, ANSWER
    assert turns.settle(drafting, escalate=escalate)  # the assistant's answer comes too late, and is dropped
    assert talk.last_line == "I can tell you."


def test_ana_steps_in_without_a_word_yet(talk: Talk, ana_agent: Agent) -> None:
    assert inbox.step_in(talk.pk, ana_agent).agent == ana_agent
    assert talk.last_line == "Ana joined the conversation."
    assert talk.conversation.waiting_since is None  # Cleo has asked for nothing


def test_cleo_waits_for_the_words_of_an_agent_who_steps_in_on_her_question(talk: Talk, ana_agent: Agent) -> None:
    talk.says("when do you open?")
    inbox.step_in(talk.pk, ana_agent)
    assert talk.conversation.waiting_since is not None


def test_words_that_cannot_be_stored_take_nothing(talk: Talk, ana_agent: Agent) -> None:
    talk.says("hello")
    with pytest.raises(Refused) as refusal:
        inbox.reply(talk.pk, ana_agent, "   ")
    assert refusal.value.code == "empty"
    assert not Handoff.objects.exists()
    assert talk.conversation.status == Status.PROCESSING


def test_ben_may_not_write_to_anas_customer_but_leave_a_note(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    with pytest.raises(Refused, match="Ana has this conversation") as refusal:
        inbox.reply(talk.pk, ben_agent, "Hi!")
    assert refusal.value.code == "taken"
    assert inbox.note(talk.pk, ben_agent, "She called on Monday, too.").message.role == Role.NOTE
    assert talk.handoff.agent == ana_agent


def test_the_same_client_id_is_one_message_even_after_the_conversation_changed_hands(
    talk: Talk, ana_agent: Agent, ben_agent: Agent
) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    client_id = uuid4()
    first = inbox.reply(talk.pk, ana_agent, "Hello!", client_id=client_id)
    inbox.claim(handoff.pk, ben_agent, take_over=True)
    again = inbox.reply(talk.pk, ana_agent, "Hello!", client_id=client_id)
    assert not again.new
    assert again.message == first.message


def test_an_ended_conversation_takes_notes_only(talk: Talk, ana_agent: Agent) -> None:
    endings.close(talk.pk, reason=Why.CUSTOMER_LEFT, actor=Transition.CUSTOMER)
    for write in (inbox.reply, inbox.step_in):
        with pytest.raises(Refused):
            write(talk.pk, ana_agent, *(["Hello?"] if write is inbox.reply else []))
    assert inbox.note(talk.pk, ana_agent, "She will call.").new
    assert not Handoff.objects.exists()
