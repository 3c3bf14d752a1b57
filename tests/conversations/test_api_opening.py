"""How a conversation is opened over REST: by anyone, as whom she can prove to be, as docs/protocol.md promises it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.dateparse import parse_datetime

from conversations.models import ApiToken, Conversation, Customer

from .callers import OPEN, Caller, Json

pytestmark = pytest.mark.django_db


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
