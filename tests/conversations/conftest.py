"""Cleo's conversation and token, Ana's key, and the assistant a test wants. Models are imported when they are used."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from conversations.assistant.turn import Handler
    from conversations.models import Conversation, Customer
    from tests.conversations.callers import Caller
    from tests.conversations.tabs import Open, Tab


@pytest.fixture
def opened(cleo: "Customer") -> "tuple[Conversation, str]":
    from conversations.models import Conversation

    return Conversation.start(cleo)


@pytest.fixture
def conversation(opened: "tuple[Conversation, str]") -> "Conversation":
    return opened[0]


@pytest.fixture
def token(opened: "tuple[Conversation, str]") -> str:
    return opened[1]


@pytest.fixture
def agent(ana: "User") -> "Caller":
    """Ana at the REST API, with a key of hers."""
    from conversations.models import ApiToken

    from .callers import Caller

    return Caller(f"Token {ApiToken.issue(ana)[1]}")


@pytest.fixture
def answers_with(monkeypatch: pytest.MonkeyPatch) -> "Callable[[Handler], None]":
    """Gives every intent this one handler."""
    from conversations.assistant.intents import HANDLERS

    def use(handler: "Handler") -> None:
        for name in HANDLERS:
            monkeypatch.setitem(HANDLERS, name, handler)

    return use


@pytest.fixture
def echo(answers_with: "Callable[[Handler], None]") -> None:
    """An assistant that says again what she said."""
    from .scene import say_again

    answers_with(say_again)


@pytest.fixture
async def tab(conversation: "Conversation") -> "AsyncIterator[Open]":
    """Opens tabs on Cleo's conversation, or another, and closes them after the test."""
    from channels.layers import get_channel_layer

    from .tabs import Tab

    tabs: list[Tab] = []

    async def open_tab(conversation_id: UUID = conversation.pk) -> "Tab":
        tabs.append(await Tab(conversation_id).open())
        return tabs[-1]

    yield open_tab
    for each in tabs:
        await each.wire.disconnect(timeout=5)
    layer: Any = get_channel_layer()
    assert not layer.groups, "a socket that is gone is still a member of something"
    await layer.flush()


@pytest.fixture
def quiet(conversation: "Conversation") -> "Conversation":
    """With a person, so that no assistant answers; and what was announced of that is out before anybody listens."""
    from conversations import background
    from conversations.lifecycle import Status

    from .scene import moved

    escalated = moved(conversation, Status.ESCALATED)
    background.flush(5)
    return escalated
