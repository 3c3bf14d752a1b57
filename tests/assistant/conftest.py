"""Cleo talking to the assistant, and a model that behaves as told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.fake_openai import FakeModel

if TYPE_CHECKING:
    from pytest_django import Settings

    from conversations.models import Conversation, Customer

    from .talk import Talk


@pytest.fixture(autouse=True)
def _one_transaction(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test and the turns in it share one transaction, and learn from nothing outside it."""
    from conversations import background
    from conversations.assistant import fresh

    # Channels would close the connection, and with it the test's transaction, as Django's test client would.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    fresh.expire_all()
    yield
    background.flush(10)


@pytest.fixture
def conversation(cleo: "Customer") -> "Conversation":
    from conversations.models import Conversation

    return Conversation.start(cleo)[0]


@pytest.fixture
def talk(conversation: "Conversation") -> "Talk":
    """Cleo's conversation, in which she says things and the assistant answers."""
    from .talk import Talk

    return Talk(conversation)


@pytest.fixture
def model(settings: "Settings") -> Iterator[Callable[..., FakeModel]]:
    """Gives the desk a model: `model(mode="cut")`, with whatever else of settings.LLM the test wants."""
    with ExitStack() as models:

        def start(**wanted: Any) -> FakeModel:
            limits = {name: wanted.pop(name) for name in list(wanted) if name in settings.LLM}
            fake = models.enter_context(FakeModel(**wanted))
            settings.LLM = settings.LLM | {"base_url": fake.url} | limits
            return fake

        yield start
