"""The conversations' part of the REST API, as docs/protocol.md promises it."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations import background
from conversations.models import ApiToken, Conversation, Customer, Role
from conversations.posting import post

from .scene import stored, transcript

pytestmark = pytest.mark.django_db

OPEN = "/api/v1/conversations/"
Json = dict[str, Any]


class Caller:
    """Somebody with an HTTP client: `authorization` is the header, or nothing."""

    def __init__(self, authorization: str = "") -> None:
        self.client = Client(headers={"Authorization": authorization} if authorization else {})

    def get(self, url: str, **query: Any) -> Any:
        return self.client.get(url, query)

    def post(self, url: str, body: Any = None) -> Any:
        return self.client.post(url, body if body is not None else {}, content_type="application/json")


@pytest.fixture
def she(token: str) -> Caller:
    return Caller(f"Bearer {token}")


@pytest.fixture
def agent(ana: User) -> Caller:
    return Caller(f"Token {ApiToken.issue(ana)[1]}")


@pytest.fixture
def stranger(zed: Customer) -> Caller:
    """Zed, with a good token of his own conversation."""
    return Caller(f"Bearer {Conversation.start(zed)[1]}")


@pytest.fixture
def url(conversation: Conversation) -> str:
    return f"/api/v1/conversations/{conversation.pk}/"


# --- Opening -------------------------------------------------------------------------------------------------------


def test_anyone_may_open_a_conversation_and_gets_its_token_once() -> None:
    answer = Caller().post(OPEN, {"customer": {"name": "Cleo", "email": "cleo@example.com"}, "context": {"page": "/"}})
    opened: Json = answer.json()
    assert answer.status_code == 201
    assert set(opened) == {"id", "token", "status", "customer", "created_at"}
    assert (opened["status"], opened["customer"]["name"]) == ("active", "Cleo")
    at = parse_datetime(opened["created_at"])
    assert at is not None
    assert at.utcoffset() == timedelta(0)
    hers = Caller(f"Bearer {opened['token']}").get(f"{OPEN}{opened['id']}/")
    assert (hers.status_code, hers.json()["context"]) == (200, {"page": "/"})
    assert "token" not in hers.json()


def test_nothing_need_be_said_about_oneself() -> None:
    assert Caller().post(OPEN, {}).status_code == 201


def test_a_right_signature_makes_her_who_she_says() -> None:
    customer = {
        "name": "Cleo",
        "external_id": "42",
        "tier": "premium",
        "identity_hash": Customer.signature("42"),
    }
    first, second = (Caller().post(OPEN, {"customer": customer}).json()["customer"] for _ in range(2))
    assert (first["external_id"], first["tier"], first["verified"]) == ("42", "premium", True)
    assert second["id"] == first["id"]


def test_her_signature_does_not_vouch_for_the_address_beside_it(agent: Caller) -> None:
    signed = {"external_id": "42", "identity_hash": Customer.signature("42"), "email": "ana@example.com"}
    Caller().post(OPEN, {"customer": signed})
    cleo = Customer.objects.get(external_id="42")
    assert (cleo.verified, cleo.email, cleo.email_verified) == (True, "ana@example.com", False)
    agent.post(OPEN, {"customer": {"external_id": "42", "email": "cleo@example.com"}})
    Caller().post(OPEN, {"customer": signed})
    cleo.refresh_from_db()
    assert (cleo.email, cleo.email_verified) == ("cleo@example.com", True)


def test_without_a_signature_she_is_a_guest_whatever_she_claims(cleo: Customer) -> None:
    Customer.objects.filter(pk=cleo.pk).update(external_id="42", tier="premium")
    claimed = Caller().post(OPEN, {"customer": {"external_id": "42", "tier": "premium"}}).json()["customer"]
    assert (claimed["external_id"], claimed["tier"], claimed["verified"]) == (None, "standard", False)
    assert claimed["id"] != str(cleo.pk)


@pytest.mark.parametrize("proof", ["0" * 64, "", "ü" * 10])
def test_a_wrong_signature_is_refused(proof: str) -> None:
    answer = Caller().post(OPEN, {"customer": {"external_id": "42", "identity_hash": proof}})
    assert answer.status_code == 400
    assert "identity_hash" in answer.json()["customer"]
    assert not Customer.objects.exists()


def test_staff_vouch_for_whom_they_send(agent: Caller) -> None:
    customer = agent.post(OPEN, {"customer": {"external_id": "77", "tier": "premium"}}).json()["customer"]
    assert (customer["external_id"], customer["tier"]) == ("77", "premium")


def test_a_login_without_any_permission_vouches_for_nobody() -> None:
    _, key = ApiToken.issue(User.objects.create_user("newcomer"))
    customer = Caller(f"Token {key}").post(OPEN, {"customer": {"external_id": "77", "tier": "premium"}}).json()
    assert customer["customer"]["tier"] == "standard"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"customer": {"email": "not an address"}}, "customer"),
        ({"customer": {"name": "x" * 81}}, "customer"),
        ({"customer": {"name": "nul \0"}}, "customer"),
        ({"customer": {"tier": "emperor", "external_id": "1"}}, "customer"),
        ({"customer": ["Cleo"]}, "customer"),
        ({"context": "page"}, "context"),
        ({"context": {"page": "x" * 5000}}, "context"),
        ({"context": {"page": "nul \0"}}, "context"),
        ({"context": {"deep": json.loads("[" * 300 + "]" * 300)}}, "context"),
        ({"context": {"deep": [{"page": "half a pair \ud800"}]}}, "context"),
        ([], "non_field_errors"),
    ],
)
def test_bad_openings_are_told_where_they_are_bad(body: Any, field: str) -> None:
    answer = Caller().post(OPEN, body)
    assert answer.status_code == 400
    assert field in answer.json()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b"null"])
def test_what_is_no_json_object_is_a_400(raw: bytes) -> None:
    answer = Client().post(OPEN, raw, content_type="application/json")
    assert answer.status_code == 400


def test_opening_too_often_is_told_how_long_to_wait(settings: Any) -> None:
    answers = [Caller().post(OPEN, {}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 6


# --- Looking -------------------------------------------------------------------------------------------------------


def test_cleo_sees_her_conversation(she: Caller, url: str, conversation: Conversation) -> None:
    shown: Json = she.get(url).json()
    assert {"id", "status", "intent", "context", "rating", "handoff", "last_seq"} <= set(shown)
    assert (shown["id"], shown["handoff"]) == (str(conversation.pk), None)


VERBS = ["", "messages/", "escalate/", "close/", "reopen/", "rating/"]


@pytest.mark.parametrize("verb", VERBS)
def test_strangers_find_nothing_there(stranger: Caller, url: str, conversation: Conversation, verb: str) -> None:
    for caller in (stranger, Caller(), Caller("Bearer guess"), Caller("Token guess")):
        body = {"body": "hi", "score": 5}
        answer = caller.get(url + verb) if verb == "" else caller.post(url + verb, body)
        assert answer.status_code == 404, answer.content
        assert "Cleo" not in answer.content.decode()
    assert caller.get(f"{url}messages/").status_code == 404
    assert (stored(conversation).status, stored(conversation).rating) == ("active", None)


def test_an_expired_token_finds_nothing_there(she: Caller, url: str, conversation: Conversation) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(token_expires_at=timezone.now())
    assert she.get(url).status_code == 404


def test_a_manager_may_look_but_not_speak(url: str, mia: User) -> None:
    manager = Caller(f"Token {ApiToken.issue(mia)[1]}")
    assert manager.get(url).status_code == 200
    assert manager.post(f"{url}messages/", {"body": "hello"}).status_code == 403


def test_an_unknown_conversation_is_a_404(agent: Caller) -> None:
    assert agent.get(f"{OPEN}{uuid.uuid4()}/").status_code == 404
    assert agent.get(f"{OPEN}not-a-uuid/").status_code == 404


# --- Messages ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_she_writes_reads_and_is_answered(she: Caller, url: str, conversation: Conversation, echo: None) -> None:
    key = str(uuid.uuid4())
    answer = she.post(f"{url}messages/", {"client_id": key, "body": "Do you deliver on Saturdays?"})
    message: Json = answer.json()
    assert answer.status_code == 201
    assert (message["seq"], message["client_id"], message["role"], message["author"]) == (1, key, "customer", "Cleo")
    background.flush(10)
    results = she.get(f"{url}messages/").json()["results"]
    assert [(each["seq"], each["role"]) for each in results] == [(1, "customer"), (2, "assistant")]
    assert results[0] == message


@pytest.mark.django_db(transaction=True)
def test_the_same_client_id_again_is_the_same_message(
    she: Caller, url: str, conversation: Conversation, echo: None
) -> None:
    body = {"client_id": str(uuid.uuid4()), "body": "Hello?"}
    first, again = she.post(f"{url}messages/", body), she.post(f"{url}messages/", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    background.flush(10)
    assert [role for role, _ in transcript(conversation)] == ["customer", "assistant"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": ""}, "body"),
        ({"body": "  "}, "body"),
        ({"body": "x" * 10_001}, "body"),
        ({"body": "x" * 30_001}, "body"),
        ({"body": "nul \0"}, "body"),
        ({"body": "half a pair \ud800"}, "body"),
        ({"body": {"text": "hi"}}, "body"),
        ({"body": "hi", "client_id": "42"}, "client_id"),
    ],
)
def test_bad_messages_are_told_where_they_are_bad(
    she: Caller, url: str, conversation: Conversation, body: Json, field: str
) -> None:
    answer = she.post(f"{url}messages/", body)
    assert answer.status_code == 400
    assert isinstance(answer.json()[field], list)
    assert transcript(conversation) == []


def test_a_closed_conversation_is_a_409_but_a_resend_is_not(she: Caller, url: str, conversation: Conversation) -> None:
    body = {"client_id": str(uuid.uuid4()), "body": "Hello?"}
    post(conversation.pk, role=Role.CUSTOMER, body="Hello?", client_id=uuid.UUID(body["client_id"]))
    assert she.post(f"{url}close/").json()["status"] == "closed"
    assert she.post(f"{url}messages/", {"body": "One more"}).status_code == 409
    assert she.post(f"{url}messages/", body).status_code == 200
    assert she.post(f"{url}escalate/").status_code == 409


def test_she_cannot_write_notes_nor_as_somebody_else(she: Caller, url: str, conversation: Conversation) -> None:
    she.post(f"{url}messages/", {"body": "hi", "note": True, "role": "agent", "author": "Ana"})
    message = conversation.messages.get()
    assert (message.role, message.author_name) == ("customer", "Cleo")


def test_writing_too_often_is_told_how_long_to_wait(she: Caller, url: str, conversation: Conversation) -> None:
    answers = [she.post(f"{url}messages/", {"body": f"message {number}"}) for number in range(16)]
    assert [answer.status_code for answer in answers] == [201] * 15 + [429]
    assert int(answers[-1]["Retry-After"]) >= 1
    assert [body for role, body in transcript(conversation) if role == "customer"] == [
        f"message {number}" for number in range(15)
    ]


def test_long_talks_come_in_pages_cut_by_seq(
    she: Caller, agent: Caller, url: str, conversation: Conversation, ana: User
) -> None:
    for number in range(1, 8):
        role = Role.NOTE if number == 3 else Role.CUSTOMER
        post(conversation.pk, role=role, body=f"message {number}")
    seen, page = [], she.get(f"{url}messages/", limit=2).json()
    while True:
        seen += [message["seq"] for message in page["results"]]
        if page["next"] is None:
            break
        page = she.get(page["next"]).json()
    assert seen == [1, 2, 4, 5, 6, 7]  # a note is the agents'
    assert [m["seq"] for m in agent.get(f"{url}messages/", after=1, limit=2).json()["results"]] == [2, 3]
    assert [m["seq"] for m in she.get(f"{url}messages/", after=6).json()["results"]] == [7]
    assert she.get(f"{url}messages/", after=7).json() == {"results": [], "next": None}
    assert len(she.get(f"{url}messages/", limit=0).json()["results"]) == 1


@pytest.mark.parametrize(
    "query", [{"after": "-1"}, {"after": "x"}, {"limit": "1.5"}, {"after": "9" * 30}, {"after": "٣"}]
)
def test_a_page_of_nonsense_is_a_400(she: Caller, url: str, query: Json) -> None:
    answer = she.get(f"{url}messages/", **query)
    assert answer.status_code == 400
    assert set(answer.json()) == set(query)


# --- The other verbs -----------------------------------------------------------------------------------------------


def test_asking_for_a_person_twice_is_asking_once(she: Caller, agent: Caller, url: str) -> None:
    first, again = she.post(f"{url}escalate/").json(), she.post(f"{url}escalate/").json()
    assert first["status"] == again["status"] == "escalated"
    assert first["handoff"]["id"] == again["handoff"]["id"]
    assert {"status", "priority", "position", "estimated_wait"} <= set(first["handoff"])
    assert "reason" not in first["handoff"]
    assert agent.get(url).json()["handoff"]["reason"] == "User requested human assistance"


def test_she_ends_it_and_may_continue_within_the_window(she: Caller, url: str, conversation: Conversation) -> None:
    closed: Json = she.post(f"{url}close/").json()
    assert (closed["status"], closed["close_reason"], closed["may_reopen"]) == ("closed", "customer_left", True)
    assert she.post(f"{url}close/").status_code == 200
    assert conversation.transitions.filter(new="closed").count() == 1
    assert she.post(f"{url}reopen/").json()["status"] == "active"
    assert stored(conversation).episode == 2


def test_after_the_window_it_stays_closed(she: Caller, url: str, conversation: Conversation) -> None:
    she.post(f"{url}close/")
    Conversation.objects.filter(pk=conversation.pk).update(closed_at=timezone.now() - timedelta(hours=73))
    assert she.post(f"{url}reopen/").status_code == 409
    assert she.get(url).json()["may_reopen"] is False


def test_staff_closing_is_resolving(agent: Caller, url: str, ana: User, conversation: Conversation) -> None:
    assert agent.post(f"{url}close/").json()["close_reason"] == "resolved"
    last = conversation.transitions.latest("pk")
    assert (last.actor, last.user) == ("agent", ana)


def test_she_rates_and_the_newest_rating_counts(she: Caller, url: str, conversation: Conversation) -> None:
    she.post(f"{url}rating/", {"score": 2, "comment": "slow"})
    assert she.post(f"{url}rating/", {"score": 5}).json()["rating"] == 5
    assert (stored(conversation).rating, stored(conversation).rating_comment) == (5, "")


@pytest.mark.parametrize(
    "rating", [{}, {"score": 0}, {"score": 6}, {"score": "good"}, {"score": 5, "comment": "x" * 2001}]
)
def test_bad_ratings_are_told_where_they_are_bad(she: Caller, url: str, rating: Json) -> None:
    answer = she.post(f"{url}rating/", rating)
    assert answer.status_code == 400
    assert {"score", "comment"} & set(answer.json())


def test_an_agent_does_not_rate_for_her(agent: Caller, url: str, conversation: Conversation) -> None:
    assert agent.post(f"{url}rating/", {"score": 5}).status_code == 403
    assert stored(conversation).rating is None


def test_a_customer_may_rate_only_so_often_a_minute(url: str, token: str) -> None:
    cleo = Caller(f"Bearer {token}")
    answers = [cleo.post(f"{url}rating/", {"score": 5}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[-1]["Retry-After"]) >= 1
