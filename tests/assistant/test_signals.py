"""What the assistant hears in Cleo's words."""

import time

import pytest

from conversations.assistant import signals
from conversations.assistant.intents.general_inquiry import small_talk
from conversations.assistant.turn import Routing
from conversations.models import TurnRecord

from .talk import Talk


@pytest.mark.parametrize(
    "text",
    [
        # the client's list
        "speak to human",
        "talk to agent",
        "real person",
        "escalate",
        "supervisor",
        # how people ask
        "let me talk to a person",
        "Can I speak with someone please?",
        "AGENT!!!",
        "human please",
        "representative",
        "put me through to customer service",
        "get me your manager",
        "I'd like to talk to somebody about my bill",
        "Please transfer me to an operator",
        "I don't want to talk to a bot",
        # without commas
        "please don't put me on hold connect me to a human",
        "I don't want to chat anymore I want a human",
        "it's not necessary to explain just get me a person",
        "I didn't get a call back please connect me to a person",
        "dont pass me around give me an agent",
        "can someone call me back",
        "is there a real person I can chat with?",
        "This is going nowhere. I need a human.",
        "Are you a bot? Then connect me to a real person.",
        "My last agent was great, but now I want to speak to a supervisor",
        "i want this escalated",
        "How do I get hold of a live agent",
        # after a report, or with one
        "I have talked to your bot enough get me a real person",
        "I need an agent who has access to billing",
        "talk to agent that was helping me",
        "I need help escalating this",
        "I don't have time for this get me a supervisor",
        "are you a bot or can I speak to human",
        "your agent hung up on me escalate this",
        "I spoke to an agent yesterday and now I want to talk to a supervisor",
        "I'm talking to a bot, real person",
    ],
)
def test_she_asks_for_a_person(text: str) -> None:
    signal = signals.asks_for_person(text)
    assert signal.score >= signals.YES
    assert signal.evidence


@pytest.mark.parametrize(
    "text",
    [
        "are you a real person?",
        "Am I talking to a human?",
        "your supervisor hung up on me",
        "no need to transfer me",
        "the escalator in your shop is broken",
        "please don't escalate this",
        "I spoke to an agent yesterday and she was lovely",
        "The manager was rude to my wife",
        "I don't need a person, just tell me the price",
        "I booked it through my travel agent",
        "how many people can sleep in the room?",
        "I don't want a person",
        "please don't put me through to anybody",
        "I don't want to be transferred to another agent",
        "can I do that without speaking to an agent?",
        "I talked to an agent yesterday",
        "I have already spoken to your supervisor",
        "I spoke to her supervisor this morning",
        "I am yet to speak to a human",
        "are you a supervisor?",
        "this is not a real person",
        "where is my order?",
        "thanks for connecting me with an agent yesterday",
        "",
    ],
)
def test_she_mentions_people_and_asks_for_none(text: str) -> None:
    assert signals.asks_for_person(text).score < signals.YES


@pytest.mark.parametrize(
    "text",
    [
        # the client's list
        "I am so frustrated",
        "this is annoying, I'm really annoyed",
        "useless",
        "what a terrible answer",
        "worst shop ever",
        "you want me to do WHAT?!",
        # and more
        "This is ridiculous, I've been on hold for two hours",
        "THIS IS THE THIRD TIME I ASK YOU",
        "Nobody replies to my mails",
        "wtf is wrong with you people",
        "I'm fed up with this",
        "thanks for nothing",
        "still no answer after 3 weeks",
        "where the hell is my parcel",
    ],
)
def test_she_is_frustrated(text: str) -> None:
    signal = signals.frustration(text)
    assert signal.score >= signals.YES
    assert signal.evidence


@pytest.mark.parametrize(
    "text",
    [
        "thanks!",
        "That worked!!! Thank you so much!!!",
        "Hi! Where is my order?",
        "it's not terrible, I just want to know",
        "sorry to be annoying, one more question",
        "in the worst case I can wait",
        "my order is two days late",
        "ok",
        "I NEED IT",
        "",
    ],
)
def test_she_is_calm(text: str) -> None:
    assert signals.frustration(text).score < signals.YES


def test_an_exclamation_mark_alone_counts_for_nothing() -> None:
    assert signals.frustration("Great!!!!!!").score == 0


@pytest.mark.parametrize(
    "text",
    ["that didn't help", "It's still not working", "same error", "that's not what I asked", "you don't understand"],
)
def test_she_says_that_it_did_not_help(text: str) -> None:
    assert signals.denies(text)


def test_a_bare_no_denies_only_an_answer() -> None:
    assert signals.denies("No.", answered=True)
    assert not signals.denies("No.")
    assert not signals.denies("no, that's all, thanks", answered=True)


def test_a_short_question_is_not_complex(talk: Talk) -> None:
    assert signals.complexity(talk.drafts("Where is my order 10293?")).score == 0


def test_a_heap_of_matters_is_complex_and_says_why(talk: Talk) -> None:
    talk.conversation.episode, talk.conversation.failed_attempts = 3, 2
    talk.conversation.save()
    for seq, intent in enumerate(("order_status", "billing_question"), 100):
        TurnRecord.objects.create(
            conversation=talk.conversation, seq=seq, episode=3, intent=intent, outcome=TurnRecord.Outcome.ANSWERED
        )
    turn = talk.drafts(
        "Where are 10293, 10294, 10295 and 10296? Why was I charged 4711-99 twice? And when is my refund coming? "
        + "I told you all of it before. " * 20
    )
    turn.routing = Routing("complaint", "complaint", 0.9, "local")
    signal = signals.complexity(turn)
    assert 8 < signal.score <= 10
    assert len(signal.evidence) == 6
    assert signal.evidence[0] == "3 different matters: billing question, complaint, order status (+3)"


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a-",
        "no need ",
        "useless ",
        "1-",
        "a.",
        "are you ",
        "that i ",
        "not the ",
        "F",
        "can you ",
        "?",
        "x@",
        "i want a real ",
    ],
)
def test_the_longest_message_is_read_quickly(text: str) -> None:
    message = (text * 10_000)[:9_990] + " bot?! 1"
    began = time.process_time()
    signals.asks_for_person(message)
    signals.declines_person(message)
    signals.frustration(message)
    signals.denies(message, answered=True)
    signals.given(message)
    small_talk(message)
    assert time.process_time() - began < 0.5
