"""Cleo's conversation with the assistant, and Ana and Ben at work: their desks, their keys, and Ana's browser."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from conversations.models import Customer
    from handoff.models import Agent
    from tests.handoff.talking import Talk


@pytest.fixture
def talk(cleo: "Customer") -> "Talk":
    """Cleo's conversation with the assistant."""
    from tests.handoff.talking import Talk

    return Talk.of(cleo)


@pytest.fixture
def new_talk(db: None) -> "Callable[..., Talk]":
    """Another customer's conversation: `new_talk("Dora", tier="premium")`."""
    from conversations.models import Customer
    from tests.handoff.talking import Talk

    return lambda name="Dora", **facts: Talk.of(Customer.objects.create(name=name, **facts))


@pytest.fixture
def ana_agent(ana: "User") -> "Agent":
    from handoff.models import Agent

    return Agent.of(ana)


@pytest.fixture
def ben_agent(ben: "User") -> "Agent":
    from handoff.models import Agent

    return Agent.of(ben)


@pytest.fixture
def ana_key(ana: "User") -> str:
    from conversations.models import ApiToken

    return ApiToken.issue(ana)[1]


@pytest.fixture
def ben_key(ben: "User") -> str:
    from conversations.models import ApiToken

    return ApiToken.issue(ben)[1]


@pytest.fixture
def anas(client: "Client", ana: "User") -> "Client":
    """Ana's browser, signed in."""
    client.force_login(ana)
    return client
