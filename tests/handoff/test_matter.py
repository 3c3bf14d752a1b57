"""What Cleo wants a person for: the row, the brief and the priority speak of the same matter."""

import pytest
from django.test import Client
from django.utils import timezone

from conversations import endings
from conversations.assistant.turn import Routing
from conversations.lifecycle import Reason
from conversations.models import Transition
from handoff import briefs, inbox
from handoff.models import Agent
from tests.handoff.talking import Talk

pytestmark = pytest.mark.django_db

HUMAN, BILLING, ORDER = (
    Routing(name, name, 0.9, "local") for name in ("human_agent", "billing_question", "order_status")
)


def test_the_row_says_what_she_asked_about_before_she_asked_for_a_person(
    client: Client, talk: Talk, ana_agent: Agent
) -> None:
    _asks(talk, ("I was charged twice", BILLING), ("let me talk to a real person", HUMAN))
    assert "Billing question: −1" in talk.handoff.priority_reasons
    assert _row(client, ana_agent) == "Billing question"


def test_of_two_matters_the_row_says_the_last_one(client: Client, talk: Talk, ana_agent: Agent) -> None:
    _asks(
        talk,
        ("I was charged twice", BILLING),
        ("and where is my order", ORDER),
        ("charged twice, I said", BILLING),
        ("let me talk to a real person", HUMAN),
    )
    assert "Billing question: −1" in talk.handoff.priority_reasons
    assert _row(client, ana_agent) == "Billing question"


def test_who_has_asked_for_nothing_but_a_person_is_said_to_want_one(
    client: Client, talk: Talk, ana_agent: Agent
) -> None:
    _asks(talk, ("let me talk to a real person", HUMAN))
    assert _row(client, ana_agent) == "Human agent"


def test_what_an_earlier_episode_was_about_is_not_what_she_wants_now(
    client: Client, talk: Talk, ana_agent: Agent
) -> None:
    _asks(talk, ("I was charged twice", BILLING))
    endings.close(talk.pk, reason=Reason.CUSTOMER_LEFT, actor=Transition.CUSTOMER)
    endings.reopen(talk.pk, actor=Transition.CUSTOMER)
    _asks(talk, ("let me talk to a real person", HUMAN))
    assert talk.handoff.priority_reasons == ["Starts at 5"]
    assert _row(client, ana_agent) == "Human agent"


def test_what_she_asks_the_assistant_after_ana_is_the_matter_again(
    client: Client, talk: Talk, ana_agent: Agent
) -> None:
    _asks(talk, ("I was charged twice", BILLING), ("let me talk to a real person", HUMAN))
    inbox.hand_back(inbox.claim(talk.handoff.pk, ana_agent).pk, ana_agent)
    _asks(talk, ("where is my order", ORDER))
    assert _row(client, ana_agent, view="open") == "Order status"


def test_the_brief_names_the_matter_and_not_that_she_wants_a_person(talk: Talk) -> None:
    _asks(talk, ("I was charged twice", BILLING), ("let me talk to a real person", HUMAN))
    briefs.write_due(timezone.now())
    issue = talk.handoff.summary.splitlines()[0]
    assert "billing question" in issue
    assert "human agent" not in issue


def _asks(talk: Talk, *turns: tuple[str, Routing]) -> None:
    for words, routing in turns:
        talk.says(words)
        talk.hears(routing=routing)


def _row(client: Client, agent: Agent, view: str = "queue") -> str:
    """The matter in the list's only row, as the agent reads it."""
    client.force_login(agent.user)
    page = client.get("/inbox/list/", {"view": view}).content.decode()
    return page.split('class="entry-hold"><span>')[1].split("<")[0]
