"""The queue over REST: who may, what comes back, and who was first."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from conversations.models import ApiToken
from handoff import inbox
from handoff.models import Agent, Handoff
from tests.handoff.talking import Talk, waits_for

pytestmark = pytest.mark.django_db

VERBS = ["claim/", "transfer/", "return/", "resolve/"]


def _as(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {ApiToken.issue(user)[1]}")
    return client


def _as_customer(talk: Talk) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {talk.token}")
    return client


def test_the_queue_as_it_is_served_with_its_reasons(talk: Talk, new_talk: Callable[..., Talk], ana: User) -> None:
    talk.says("I want to talk to a real person")
    talk.hears()
    waits_for(talk.handoff, minutes=12)
    premium = new_talk("Rich", tier="premium").asks_for_person()
    first, second = _as(ana).get("/api/v1/handoffs/", {"status": "waiting"}).json()["results"]
    assert first["id"] == str(premium.pk)
    assert first["priority"] == 3
    assert second["priority"] == 4
    assert second["priority_reasons"] == ["Starts at 5", "Waiting for 12 min: −1"]
    assert second["reason"] == "User requested human assistance"
    assert second["waited_seconds"] >= 720
    assert second["evidence"]["seen"]
    assert second["summary"] == ""
    assert second["conversation"]["id"] == str(talk.pk)
    assert second["conversation"]["customer"] == "Cleo"
    assert second["agent"] is None


def test_a_long_queue_comes_in_pages_cut_by_key(new_talk: Callable[..., Talk], ana: User) -> None:
    client = _as(ana)
    expected = [str(waits_for(new_talk().asks_for_person(), minutes=9 - number).pk) for number in range(5)]
    page = client.get("/api/v1/handoffs/", {"limit": 2}).json()
    seen = [row["id"] for row in page["results"]]
    inbox.claim(Handoff.objects.get(pk=expected[0]).pk, Agent.of(ana))  # the queue moves on between two pages
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert seen == expected
    assert client.get("/api/v1/handoffs/", {"cursor": "mine"}).status_code == 400
    other = _as(ana).get("/api/v1/handoffs/", {"limit": 1}).json()["next"]
    assert client.get(other + "&status=ended").status_code == 400  # a cursor of another list
    assert client.get("/api/v1/handoffs/", {"status": "lost"}).status_code == 400


def test_what_is_over_can_be_listed_too(talk: Talk, new_talk: Callable[..., Talk], ana: User) -> None:
    held = inbox.claim(new_talk().asks_for_person().pk, Agent.of(ana))
    over = inbox.resolve(talk.asks_for_person().pk, Agent.of(ana))
    for status, handoff in (("assigned", held), ("open", held), ("resolved", over)):
        (row,) = _as(ana).get("/api/v1/handoffs/", {"status": status}).json()["results"]
        assert (row["id"], row["status"]) == (str(handoff.pk), handoff.status)


def test_next_takes_the_head_and_says_when_there_is_none(talk: Talk, ana: User) -> None:
    assert _as(ana).post("/api/v1/handoffs/next/").status_code == 204
    handoff = talk.asks_for_person()
    taken = _as(ana).post("/api/v1/handoffs/next/")
    assert taken.status_code == 200
    assert (taken.json()["id"], taken.json()["agent"]["name"]) == (str(handoff.pk), "Ana")


def test_whoever_comes_second_gets_409_and_a_name(talk: Talk, ana: User, ben: User) -> None:
    url = f"/api/v1/handoffs/{talk.asks_for_person().pk}/"
    assert _as(ana).post(f"{url}claim/").status_code == 200
    for verb in VERBS:
        refused = _as(ben).post(url + verb)
        assert refused.status_code == 409
        assert "Ana" in refused.json()["detail"]
    assert _as(ben).post(f"{url}claim/", {"take_over": True}).json()["agent"]["name"] == "Ben"


def test_a_handoffs_whole_life(talk: Talk, ana: User, ben: User, new_talk: Callable[..., Talk]) -> None:
    url = f"/api/v1/handoffs/{talk.asks_for_person().pk}/"
    client = _as(ana)
    client.post(f"{url}claim/")
    to_ben = client.post(f"{url}transfer/", {"to": Agent.of(ben).pk, "note": "Yours"}).json()
    assert to_ben["agent"]["name"] == "Ben"
    back = _as(ben).post(f"{url}transfer/").json()
    assert (back["status"], back["agent"]) == ("waiting", None)
    client.post(f"{url}claim/")
    assert client.post(f"{url}return/").json()["status"] == "returned"
    assert client.post(f"{url}claim/").status_code == 409
    other = f"/api/v1/handoffs/{new_talk().asks_for_person().pk}/"
    assert client.post(f"{other}resolve/").json()["conversation"]["status"] == "closed"
    assert client.post(f"{url}transfer/", {"to": 99999}).status_code == 400


def test_an_agent_answers_and_leaves_notes(talk: Talk, ana: User, ben: User) -> None:
    talk.asks_for_person()
    url, words = f"/api/v1/conversations/{talk.pk}/messages/", {"client_id": str(uuid4()), "body": "Hello Cleo"}
    posted = _as(ana).post(url, words)
    assert (posted.status_code, posted.json()["role"], posted.json()["author"]) == (201, "agent", "Ana")
    again = _as(ana).post(url, words)
    assert (again.status_code, again.json()) == (200, posted.json())
    refused = _as(ben).post(url, {"body": "Me too"})
    assert (refused.status_code, "Ana" in refused.json()["detail"]) == (409, True)
    assert _as(ben).post(url, {"body": "I know her", "note": True}).json()["role"] == "note"
    assert "note" not in {message["role"] for message in _as_customer(talk).get(url).json()["results"]}


def test_an_agent_asks_for_a_person_on_the_customers_behalf(talk: Talk, ana: User) -> None:
    url = f"/api/v1/conversations/{talk.pk}/escalate/"
    shown = [_as(ana).post(url).json()["handoff"] for _ in range(2)]
    assert shown[0]["id"] == shown[1]["id"]
    assert shown[0]["status"] == "waiting"
    assert shown[0]["evidence"]


def test_only_agents_work_the_queue(talk: Talk, mia: User, new_talk: Callable[..., Talk]) -> None:
    url, zed = f"/api/v1/handoffs/{talk.asks_for_person().pk}/", new_talk("Zed")
    doors = [
        ("get", "/api/v1/handoffs/"),
        ("post", "/api/v1/handoffs/next/"),
        *(("post", url + verb) for verb in VERBS),
    ]
    for method, path in doors:
        assert APIClient().generic(method, path).status_code == 401  # nobody
        assert _as_customer(zed).generic(method, path).status_code == 401  # a customer
        assert _as(mia).generic(method, path).status_code == 403  # a manager
    assert talk.handoff.status == Handoff.Status.WAITING
    assert not Agent.objects.filter(user=mia).exists()


def test_zed_finds_nothing_of_cleos(talk: Talk, new_talk: Callable[..., Talk]) -> None:
    zed, url = _as_customer(new_talk("Zed")), f"/api/v1/conversations/{talk.pk}/"
    assert zed.get(url).status_code == 404
    assert zed.post(f"{url}messages/", {"body": "hi"}).status_code == 404
    assert zed.post(f"{url}escalate/").status_code == 404


def test_a_manager_reads_but_does_not_speak(talk: Talk, mia: User) -> None:
    url = f"/api/v1/conversations/{talk.pk}/messages/"
    assert _as(mia).get(url).status_code == 200
    assert _as(mia).post(url, {"body": "hi"}).status_code == 403


def test_a_handoff_that_never_was_is_404(ana: User) -> None:
    assert _as(ana).post(f"/api/v1/handoffs/{uuid4()}/claim/").status_code == 404


def test_an_admin_is_an_agent_from_the_first_use_on(talk: Talk, admin_user: User) -> None:
    talk.asks_for_person()
    assert _as(admin_user).post("/api/v1/handoffs/next/").json()["agent"]["name"] == "admin"


def test_the_schema_knows_these_calls_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    GENERATOR_STATS.reset()
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    said = capsys.readouterr().err
    assert not said
    assert "priority_reasons" in schema["components"]["schemas"]["Handoff"]["properties"]


def test_ben_cannot_close_what_ana_holds(talk: Talk, ana: User, ben: User) -> None:
    handoff = talk.asks_for_person()
    inbox.claim(handoff.pk, Agent.of(ana))
    refused = _as(ben).post(f"/api/v1/conversations/{talk.pk}/close/")
    assert refused.status_code == 409
    assert "ana" in refused.json()["detail"].lower()
    assert _as(ana).post(f"/api/v1/conversations/{talk.pk}/close/").json()["status"] == "closed"
    handoff.refresh_from_db()
    assert handoff.status == "resolved"


def test_an_agent_who_asks_for_a_person_is_named_as_the_one_who_asked(talk: Talk, ana: User) -> None:
    _as(ana).post(f"/api/v1/conversations/{talk.pk}/escalate/")
    move = talk.conversation.transitions.get(new="escalated")
    assert (move.actor, move.user) == ("agent", ana)
    assert talk.handoff.evidence["seen"] == ["ana asked for a person"]
