"""The inbox's page: who may see it, what Ana reads of an opened conversation, and what its buttons do."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from handoff import inbox
from handoff.models import Agent, Handoff
from tests.handoff.talking import Talk

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

WAYS_IN = ["/inbox/", "/inbox/list/", "/inbox/00000000-0000-0000-0000-000000000000/"]


def notice(response: "Response") -> dict[str, str]:
    told: dict[str, Any] = json.loads(response["HX-Trigger"])
    return dict(told["inbox:notice"])


def htmx(client: Client, method: str, path: str, **data: str) -> "Response":
    response: Response = getattr(client, method)(path, data, headers={"HX-Request": "true"})
    return response


# --- Who may see it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WAYS_IN)
def test_a_stranger_is_asked_to_sign_in(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", WAYS_IN)
def test_mia_who_does_not_answer_customers_is_refused(client: Client, mia: "User", path: str) -> None:
    client.force_login(mia)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("verb", ["claim", "take-over", "step-in", "return", "resolve", "transfer", "reopen"])
def test_mia_cannot_act(client: Client, mia: "User", talk: Talk, verb: str) -> None:
    handoff = talk.asks_for_person()
    client.force_login(mia)
    assert client.post(f"/inbox/{talk.pk}/{verb}/").status_code == 403
    handoff.refresh_from_db()
    assert handoff.status == Handoff.Status.WAITING


def test_there_is_nothing_behind_an_unknown_id(anas: Client) -> None:
    assert anas.get("/inbox/00000000-0000-0000-0000-000000000000/").status_code == 404
    assert anas.post("/inbox/00000000-0000-0000-0000-000000000000/claim/").status_code == 404


def test_there_is_no_such_verb(anas: Client, talk: Talk) -> None:
    talk.asks_for_person()
    assert anas.post(f"/inbox/{talk.pk}/delete/").status_code == 404


def test_looking_never_acts(anas: Client, talk: Talk) -> None:
    talk.asks_for_person()
    assert anas.get(f"/inbox/{talk.pk}/claim/").status_code == 405


# --- One conversation ----------------------------------------------------------------------------------------------


def test_an_opened_conversation_says_why_a_person_is_needed(anas: Client, talk: Talk) -> None:
    handoff = talk.asks_for_person()
    page = anas.get(f"/inbox/{talk.pk}/").content.decode()
    assert "User requested human assistance" in page
    assert "Pressed the button for a person" in page
    assert handoff.ticket in page


def test_a_row_is_opened_without_the_rest_of_the_page(anas: Client, talk: Talk) -> None:
    part = htmx(anas, "get", f"/inbox/{talk.pk}/")
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_orders_of_an_unverified_address_are_marked(anas: Client, talk: Talk) -> None:
    from conversations.models import Order

    Order.objects.create(number="LM-1", email="cleo@example.com", items="A lamp", total="10.00")
    page = anas.get(f"/inbox/{talk.pk}/").content.decode()
    assert "LM-1" in page
    assert "not verified" in page


# --- What the buttons do -------------------------------------------------------------------------------------------


def test_ana_takes_cleo(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    talk.asks_for_person()
    response = htmx(anas, "post", f"/inbox/{talk.pk}/claim/")
    assert response.status_code == 200
    assert 'data-hold="mine"' in response.content.decode()
    assert talk.handoff.agent == ana_agent


def test_ben_who_comes_second_is_told_that_ana_has_her(
    client: Client, ben: "User", talk: Talk, ana_agent: Agent
) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    client.force_login(ben)
    response = htmx(client, "post", f"/inbox/{talk.pk}/claim/")
    assert response.status_code == 409
    assert notice(response)["text"].startswith("Ana has this conversation.")
    assert 'data-hold="other"' in response.content.decode()
    assert talk.handoff.agent == ana_agent


def test_ben_may_take_over_when_he_says_so(client: Client, ben: "User", talk: Talk, ana_agent: Agent) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    client.force_login(ben)
    assert htmx(client, "post", f"/inbox/{talk.pk}/take-over/").status_code == 200
    assert talk.handoff.agent == Agent.of(ben)


def test_ana_steps_in_where_the_assistant_answers(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    talk.says("Hello")
    htmx(anas, "post", f"/inbox/{talk.pk}/step-in/")
    assert talk.conversation.status == "escalated"
    assert talk.handoff.agent == ana_agent


def test_nobody_steps_into_what_has_ended(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    inbox.resolve(inbox.claim(talk.asks_for_person().pk, ana_agent).pk, ana_agent)
    assert htmx(anas, "post", f"/inbox/{talk.pk}/step-in/").status_code == 409


def test_ana_passes_cleo_to_ben_with_a_note(anas: Client, talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    choices = htmx(anas, "get", f"/inbox/{talk.pk}/pass/").content.decode()
    assert "Ben" in choices
    assert "Ana" not in choices
    htmx(anas, "post", f"/inbox/{talk.pk}/transfer/", agent=str(ben_agent.pk), note="She speaks French.")
    assert talk.handoff.agent == ben_agent
    assert [message.body for message in talk.messages if message.role == "note"] == ["She speaks French."]


def test_ana_passes_cleo_back_to_the_queue(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    htmx(anas, "post", f"/inbox/{talk.pk}/transfer/", agent="", note="")
    assert talk.handoff.status == Handoff.Status.WAITING


@pytest.mark.parametrize("to", ["999999", "ben", "-1"])
def test_nobody_of_that_number_is_a_404(anas: Client, talk: Talk, ana_agent: Agent, to: str) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    assert htmx(anas, "post", f"/inbox/{talk.pk}/transfer/", agent=to).status_code == 404
    assert talk.handoff.agent == ana_agent


def test_ana_gives_cleo_back_to_the_assistant(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    htmx(anas, "post", f"/inbox/{talk.pk}/return/")
    assert talk.conversation.status == "active"


def test_resolve_and_next_goes_on_with_who_waits_for_ana_already(
    anas: Client, talk: Talk, new_talk: Callable[..., Talk], ana_agent: Agent
) -> None:
    new_talk("Queued").asks_for_person()
    hers = new_talk("Hers")
    inbox.claim(hers.asks_for_person().pk, ana_agent)
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    response = htmx(anas, "post", f"/inbox/{talk.pk}/resolve/?next=1")
    assert response["HX-Push-Url"] == f"/inbox/{hers.pk}/"


def test_resolve_and_next_then_takes_the_head_of_the_queue(
    anas: Client, talk: Talk, new_talk: Callable[..., Talk], ana_agent: Agent
) -> None:
    queued = new_talk("Queued")
    queued.asks_for_person()
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    response = htmx(anas, "post", f"/inbox/{talk.pk}/resolve/?next=1")
    assert response["HX-Push-Url"] == f"/inbox/{queued.pk}/"
    assert queued.handoff.agent == ana_agent


def test_after_the_last_one_there_is_rest(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    response = htmx(anas, "post", f"/inbox/{talk.pk}/resolve/?next=1")
    assert notice(response)["text"] == "Resolved. Nobody else is waiting."
    assert "Choose a conversation" in response.content.decode()


def test_take_next_of_an_empty_queue_says_so(anas: Client) -> None:
    response = htmx(anas, "post", "/inbox/next/")
    assert response.status_code == 204
    assert notice(response)["text"] == "Nobody is waiting."


def test_take_next_at_capacity_says_why_not(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    talk.asks_for_person()
    Agent.objects.update(capacity=0)
    response = htmx(anas, "post", "/inbox/next/")
    assert response.status_code == 204
    assert "as many as you take" in notice(response)["text"]
    assert talk.handoff.status == Handoff.Status.WAITING


def test_ana_goes_away_and_the_page_says_so(anas: Client, ana_agent: Agent) -> None:
    htmx(anas, "post", "/inbox/presence/", presence="away")
    assert "You are away." in anas.get("/inbox/").content.decode()
    assert htmx(anas, "post", "/inbox/presence/", presence="asleep").status_code == 400
