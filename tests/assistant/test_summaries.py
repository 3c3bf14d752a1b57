"""The brief for Ana, who takes over."""

from collections.abc import Callable

import pytest

from conversations.assistant import llm, prompts, summaries
from conversations.models import Conversation, Message, Role
from tests.fake_openai import BRIEF, FakeModel, Mode

Start = Callable[..., FakeModel]
ASKED = "User requested human assistance"


@pytest.fixture
def messages() -> list[Message]:
    said = [
        (Role.CUSTOMER, "hi"),
        (Role.CUSTOMER, "My lamp from order FW-09712 came broken"),
        (Role.ASSISTANT, "You can return it within 30 days."),
        (Role.NOTE, "She seems nice"),
        (Role.CUSTOMER, "write to cleo@home.example then, and let me talk to a person"),
    ]
    messages = [Message(seq=seq, role=role, body=body) for seq, (role, body) in enumerate(said, 1)]
    messages[2].data = {"sources": [{"title": "Return something", "url": "/help/returns/"}]}
    return messages


def test_without_a_model_the_four_points_are_put_together(conversation: Conversation, messages: list[Message]) -> None:
    text, engine = summaries.brief(conversation, messages, reason=ASKED, intents=["support_request"])
    lines = dict(line.split(": ", 1) for line in text.splitlines())
    assert engine == "local"
    assert tuple(lines) == prompts.BRIEF_POINTS
    assert "support request" in lines["Main issue"]
    assert "My lamp from order FW-09712 came broken" in lines["Main issue"]
    assert "Return something" in lines["What the assistant tried"]
    assert lines["Why it was escalated"] == f"{ASKED}."
    assert "FW-09712" in lines["Context"]
    assert "cleo@home.example" in lines["Context"]
    assert "nice" not in text


def test_a_conversation_without_words_has_a_brief_too(conversation: Conversation) -> None:
    text, engine = summaries.brief(conversation, [], reason=ASKED, intents=[])
    assert engine == "local"
    assert "Main issue: She has not written anything yet." in text


def test_the_model_writes_it_without_seeing_notes(
    conversation: Conversation, messages: list[Message], model: Start
) -> None:
    fake = model()
    assert summaries.brief(conversation, messages, reason=ASKED, intents=[]) == (BRIEF, "model")
    assert "She seems nice" not in str(fake.requests)


@pytest.mark.parametrize("mode", [Mode.BUSY, Mode.BROKEN, Mode.SILENT, Mode.MALFORMED, Mode.EMPTY])
def test_a_model_that_fails_delays_no_brief(
    conversation: Conversation, messages: list[Message], model: Start, mode: Mode
) -> None:
    model(mode=mode, retry_after="60", brief_timeout=0.3)
    text, engine = summaries.brief(conversation, messages, reason=ASKED, intents=[])
    assert engine == "local"
    assert "FW-09712" in text


def test_a_brief_that_lacks_a_point_is_not_taken(
    conversation: Conversation, messages: list[Message], model: Start
) -> None:
    model(brief="She wants a lamp.")
    assert llm.available()
    assert summaries.brief(conversation, messages, reason=ASKED, intents=[])[1] == "local"
