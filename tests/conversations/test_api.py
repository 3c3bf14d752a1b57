"""Cleo's conversation over REST: who sees it, what is written and how it ends, as docs/protocol.md promises it."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from conversations import background
from conversations.models import ApiToken, Conversation, Customer, Role
from conversations.posting import post

from .callers import OPEN, Caller, Json
from .scene import stored, transcript

pytestmark = pytest.mark.django_db


@pytest.fixture
def she(token: str) -> Caller:
    return Caller(f"Bearer {token}")


@pytest.fixture
def stranger(zed: Customer) -> Caller:
    """Zed, with a good token of his own conversation."""
    return Caller(f"Bearer {Conversation.start(zed)[1]}")


@pytest.fixture
def url(conversation: Conversation) -> str:
    return f"{OPEN}{conversation.pk}/"


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
