"""When a person takes over: each rule of the mission, its threshold, its evidence, and what the customer is told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import endings, turns
from conversations.assistant.turn import Draft, Outcome, Routing
from conversations.lifecycle import Reason as Why
from conversations.lifecycle import Status
from conversations.models import Conversation, Customer, Role, Transition
from handoff import inbox
from handoff.escalation import RULES, escalate
from handoff.models import CARRIED, Agent, Handoff, HandoffSettings, Reason
from tests.handoff.talking import FALLBACK, GENERAL, Talk

pytestmark = pytest.mark.django_db


# --- The rules -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "I want to speak to human",
        "talk to agent",
        "is there a real person here",
        "Escalate this please",
        "get me your supervisor",
        "let me talk to a person",
    ],
)
def test_she_asks_for_a_person(talk: Talk, words: str) -> None:
    said = talk.says(words)
    assert talk.hears()
    handoff = talk.handoff
    assert handoff.reason == Reason.HUMAN_REQUESTED
    assert handoff.get_reason_display() == "User requested human assistance"
    assert handoff.evidence["seq"] == said.seq
    assert handoff.evidence["seen"]
    assert handoff.evidence["value"] >= handoff.evidence["threshold"]


@pytest.mark.parametrize("words", ["are you a real person?", "your supervisor hung up on me", "thank you so much!"])
def test_she_does_not_ask_for_a_person(talk: Talk, words: str) -> None:
    talk.says(words)
    talk.hears()
    assert talk.conversation.status == Status.WAITING_FOR_INPUT


def test_she_presses_the_button_twice_and_is_in_line_once(talk: Talk) -> None:
    first = talk.asks_for_person()
    assert first.evidence["seen"] == ["Pressed the button for a person"]
    assert talk.asks_for_person() == first
    assert len(talk.messages) == 1


def test_the_intent_human_agent_calls_a_person_if_it_is_sure_enough(talk: Talk) -> None:
    human = Routing("human_agent", "human_agent", 0.81, "local", "next: order_status 0.12")
    talk.says("could somebody help out")
    talk.hears(routing=replace(human, confidence=0.1))
    assert talk.conversation.status == Status.WAITING_FOR_INPUT
    talk.says("could somebody help out")
    talk.hears(routing=human)
    assert talk.handoff.reason == Reason.HUMAN_REQUESTED
    evidence = talk.handoff.evidence
    assert evidence["seen"] == ["Understood as asking for a person (0.81)"]  # and not what came second
    assert evidence["value"] == 0.81 >= evidence["threshold"] > 0.1


def test_an_admins_phrase_calls_a_person_as_whole_words(talk: Talk) -> None:
    settings = HandoffSettings.current()
    settings.extra_phrases = "duty officer\n\nMENSCH"
    settings.save()
    talk.says("the menschen of this town")
    talk.hears()
    assert talk.conversation.status == Status.WAITING_FOR_INPUT
    talk.says("Where's the  duty Officer?")
    talk.hears()
    assert talk.handoff.evidence["seen"] == ["Said “duty officer”"]


def test_three_answers_in_a_row_did_not_help(talk: Talk) -> None:
    for _ in range(2):
        talk.says("the blue thing")
        talk.hears(FALLBACK)
    assert talk.conversation.status == Status.WAITING_FOR_INPUT
    talk.says("the blue thing")
    talk.hears(FALLBACK)
    handoff = talk.handoff
    assert handoff.get_reason_display() == "Multiple failed resolution attempts"
    assert (handoff.evidence["value"], handoff.evidence["threshold"]) == (3, 3)
    assert handoff.context["failed_attempts"] == 3
    assert [message.role for message in talk.messages].count(Role.ASSISTANT) == 2  # the third "rephrase" is not said


def test_an_answer_that_helped_starts_the_count_anew(talk: Talk) -> None:
    for draft in (FALLBACK, FALLBACK, Draft(Outcome.ANSWERED, "There."), FALLBACK, FALLBACK):
        talk.says("the blue thing")
        talk.hears(draft)
    assert talk.conversation.status == Status.WAITING_FOR_INPUT


def test_two_frustrated_messages_of_her_last_five_call_a_person(talk: Talk) -> None:
    for words in ("this is useless", "the blue one", "my parcel", "in the evening"):
        talk.says(words)
        talk.hears()
    assert talk.conversation.status == Status.WAITING_FOR_INPUT
    talk.says("this is terrible")
    talk.hears()
    handoff = talk.handoff
    assert handoff.get_reason_display() == "Detected user frustration"
    assert (handoff.evidence["value"], handoff.evidence["threshold"]) == (2, 2)
    assert [line.partition(":")[0] for line in handoff.evidence["seen"]] == ["Message 1", "Message 9"]


def test_a_frustrated_message_six_messages_ago_is_forgotten(talk: Talk) -> None:
    for words in ("this is useless", "the blue one", "my parcel", "in the evening", "by post", "this is terrible"):
        talk.says(words)
        talk.hears()
    assert talk.conversation.status == Status.WAITING_FOR_INPUT


def test_an_exclamation_mark_alone_is_no_frustration(talk: Talk) -> None:
    for words in ("thanks!", "great!", "perfect!!", "you're the best!"):
        talk.says(words)
        talk.hears()
    assert talk.conversation.status == Status.WAITING_FOR_INPUT


def test_a_complex_matter_calls_a_person_above_the_threshold_only(talk: Talk) -> None:
    settings = HandoffSettings.current()
    words = "Where is FW-10231? And FW-10232? And who pays for FW-10233, is it you or me@example.com? " + "so " * 150
    settings.complexity = 10
    settings.save()
    talk.says(words)
    talk.hears()
    assert talk.conversation.status == Status.WAITING_FOR_INPUT  # no score is above 10
    settings.complexity = 2
    settings.save()
    talk.says(words)
    talk.hears()
    handoff = talk.handoff
    assert handoff.get_reason_display() == "Issue too complex for automated resolution"
    assert handoff.evidence["value"] > handoff.evidence["threshold"] == 2
    assert handoff.evidence["seen"]


def test_the_thresholds_are_the_missions() -> None:
    settings = HandoffSettings.current()
    assert (settings.failed_attempts, settings.complexity) == (3, 8)
    assert (settings.frustrated_messages, settings.frustration_window) == (2, 5)


def test_a_failure_of_the_assistant_lands_on_a_person(talk: Talk) -> None:
    talk.says("hello")
    talk.hears(Draft(Outcome.FAILED, error="TimeoutError: 15 s"), routing=None)
    assert talk.handoff.get_reason_display() == "Assistant unavailable"
    assert talk.handoff.evidence["seen"] == ["TimeoutError: 15 s"]


def test_the_assistant_itself_wants_a_person(talk: Talk) -> None:
    talk.says("I want to complain")
    talk.hears(Draft(Outcome.HAND_OVER))
    assert talk.handoff.get_reason_display() == "Assistant handed over"


def test_every_reason_but_an_agents_own_has_a_rule() -> None:
    assert {reason for reason, _ in RULES} == set(Reason) - {Reason.AGENT_STEPPED_IN}


def test_the_first_rule_that_objects_wins(talk: Talk) -> None:
    talk.says("this is useless")
    talk.hears()
    talk.says("terrible, get me a real person")
    talk.hears(Draft(Outcome.FAILED))
    assert talk.handoff.reason == Reason.HUMAN_REQUESTED


# --- What a handoff carries ----------------------------------------------------------------------------------------


def test_cleo_is_told_her_ticket_her_place_and_a_range(talk: Talk) -> None:
    handoff = talk.asks_for_person()
    line = talk.messages[-1]
    assert line.role == Role.SYSTEM
    assert line.body == "I'm connecting you with a human agent. Please wait…"
    assert line.data["ticket"] == handoff.ticket
    assert line.data["position"] == 1
    assert line.data["estimated_wait"] == {"low": handoff.estimate_low, "high": handoff.estimate_high}
    assert line.data["estimated_wait"]["low"] < line.data["estimated_wait"]["high"]
    assert talk.conversation.status == Status.ESCALATED
    move = Transition.objects.filter(conversation=talk.pk).latest("pk")
    assert (move.reason, move.actor) == (Reason.HUMAN_REQUESTED, Transition.CUSTOMER)


def test_the_message_that_asked_is_the_last_of_the_twenty_it_carries(talk: Talk) -> None:
    for number in range(15):
        talk.says(f"question {number}")
        talk.hears()
    asked = talk.says("I want to talk to a real person")
    talk.hears()
    carried = talk.handoff.carried()
    assert len(carried) == CARRIED == 20
    assert carried[-1] == asked
    assert [message.seq for message in carried] == list(range(asked.seq - 19, asked.seq + 1))


def test_a_message_that_asked_in_a_long_burst_is_among_the_twenty(talk: Talk) -> None:
    asked = talk.says("I want to talk to a real person")
    for number in range(30):
        talk.says(f"hello {number}")
    talk.hears()
    assert talk.handoff.evidence["seq"] == asked.seq
    assert asked in talk.handoff.carried()


def test_the_agent_need_not_ask_again_what_cleo_has_said(talk: Talk) -> None:
    talk.says("Order FW-10231 was billed twice, write to me@example.com")
    talk.hears(routing=Routing("billing_question", "billing_question", 0.9, "local"))
    talk.says("I want to talk to a real person")
    talk.hears(routing=Routing("human_agent", "human_agent", 0.9, "local"))
    context = talk.handoff.context
    assert context["customer"] == {"name": "Cleo", "email": "cleo@example.com", "verified": False}
    assert context["intents"] == ["billing_question", "human_agent"]
    assert context["identifiers"] == ["FW-10231"]
    assert context["emails"] == ["me@example.com"]
    assert "Billing question: −1" in talk.handoff.priority_reasons


# --- Again, and never twice ----------------------------------------------------------------------------------------


def test_asking_the_rules_again_makes_no_second_handoff(talk: Talk) -> None:
    talk.says("real person please")
    turn = turns.begin(talk.pk)
    assert turn is not None
    assert turns.settle(turn, escalate=escalate)
    turn.conversation = talk.conversation
    assert escalate(turn)
    assert Handoff.objects.filter(conversation=talk.pk).count() == 1
    assert len(talk.messages) == 2


def test_a_handoff_of_an_ended_episode_does_not_stand_in_the_way(talk: Talk) -> None:
    first = talk.asks_for_person()
    endings.close(talk.pk, reason=Why.CUSTOMER_LEFT, actor=Transition.CUSTOMER)  # and no sweep came by
    endings.reopen(talk.pk, actor=Transition.CUSTOMER)
    second = talk.asks_for_person()
    first.refresh_from_db()
    assert first.status == Handoff.Status.ENDED
    assert first.ended_at == Transition.objects.get(conversation=talk.pk, new=Status.CLOSED).at
    assert (second.status, second.episode) == (Handoff.Status.WAITING, 2)


def test_what_ana_has_dealt_with_calls_nobody_again(talk: Talk, ana_agent: Agent) -> None:
    talk.says("this is useless and terrible")
    talk.hears()
    talk.says("awful, I want to talk to a real person")
    talk.hears()
    handoff = inbox.claim(talk.handoff.pk, ana_agent)
    inbox.hand_back(handoff.pk, ana_agent)
    talk.says("and when do you open?")
    talk.hears(routing=GENERAL)
    assert talk.conversation.status == Status.WAITING_FOR_INPUT


def test_a_premium_customer_who_waits_is_ahead_of_the_line(talk: Talk) -> None:
    Customer.objects.update(tier="premium")
    Conversation.objects.filter(pk=talk.pk).update(opened_at=timezone.now() - timedelta(minutes=16))
    handoff = talk.asks_for_person()
    assert handoff.base_priority == 2
    assert handoff.priority_reasons == ["Starts at 5", "Premium customer: −2", "Open for more than 15 min: −1"]


def test_a_note_is_not_what_calls_a_person(talk: Talk, ana_agent: Agent) -> None:
    inbox.note(talk.pk, ana_agent, "she wants a supervisor")
    talk.says("when do you open?")
    talk.hears()
    assert talk.conversation.status == Status.WAITING_FOR_INPUT
