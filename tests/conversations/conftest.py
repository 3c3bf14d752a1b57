"""Cleo's conversation, its token, and the assistant a test wants. What needs the models is imported when it is used."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conversations.assistant.turn import Handler
    from conversations.models import Conversation, Customer


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
