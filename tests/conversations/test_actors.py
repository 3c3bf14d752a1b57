"""Who may see and do what: Cleo her own conversation, staff what their permissions say, everybody else nothing."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from conversations.actors import Action, CustomerActor, StaffActor, customer_with, staff_with
from conversations.models import ApiToken, Conversation, Customer

pytestmark = pytest.mark.django_db

JSON = "application/json"


def test_cleos_token_opens_her_conversation(conversation: Conversation, token: str) -> None:
    cleo = customer_with(token, conversation.pk)
    assert cleo is not None
    assert [*Conversation.objects.visible_to(cleo)] == [conversation]
    assert cleo.may(Action.SPEAK, conversation)
    assert not cleo.may(Action.NOTE, conversation)
    assert not cleo.may(Action.ANSWER)


def test_cleos_token_opens_no_other_not_even_her_own(conversation: Conversation, token: str, cleo: Customer) -> None:
    other, _ = Conversation.start(cleo)
    assert customer_with(token, other.pk) is None
    actor = customer_with(token, conversation.pk)
    assert actor is not None
    assert not actor.may(Action.READ, other)


@pytest.mark.parametrize("wrong", ["", "x", "half a pair \ud800", "nul\0", "🔑" * 50])
def test_a_wrong_token_opens_nothing(conversation: Conversation, wrong: str) -> None:
    assert customer_with(wrong, conversation.pk) is None


def test_a_right_token_of_nowhere_opens_nothing(token: str) -> None:
    assert customer_with(token, uuid.uuid4()) is None


def test_an_expired_token_opens_nothing_and_what_it_opened_closes(conversation: Conversation, token: str) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    Conversation.objects.filter(pk=conversation.pk).update(token_expires_at=yesterday)
    assert customer_with(token, conversation.pk) is None
    past = CustomerActor(conversation.pk, yesterday)
    assert past.expired
    assert not past.may(Action.READ, conversation)
    assert not Conversation.objects.visible_to(past).exists()


def test_neither_token_nor_its_like_is_in_the_database(conversation: Conversation, token: str, ana: User) -> None:
    issued, key = ApiToken.issue(ana, "for the wallboard")
    rows = [*Conversation.objects.values().get(pk=conversation.pk).values(), *ApiToken.objects.values().get().values()]
    assert not any(secret in str(value) for value in rows for secret in (token, key))
    assert len(issued.key_hash) == len(conversation.token_hash) == 64


def test_an_agent_sees_all_conversations_and_may_answer(conversation: Conversation, ana: User) -> None:
    actor = StaffActor(ana)
    assert [*Conversation.objects.visible_to(actor)] == [conversation]
    assert all(actor.may(action, conversation) for action in (Action.READ, Action.SPEAK, Action.NOTE, Action.CLOSE))
    assert not actor.may(Action.RATE, conversation)
    assert not actor.may(Action.MEASURE)


def test_a_manager_looks_but_does_not_answer(conversation: Conversation, mia: User) -> None:
    actor = StaffActor(mia)
    assert actor.may(Action.MEASURE)
    assert actor.may(Action.READ, conversation)
    assert not actor.may(Action.SPEAK, conversation)
    assert Conversation.objects.visible_to(actor).exists()


def test_a_signed_in_user_without_any_permission_sees_nothing(conversation: Conversation) -> None:
    actor = StaffActor(User.objects.create_user("newcomer"))
    assert not any(actor.may(action, conversation) for action in Action)
    assert not Conversation.objects.visible_to(actor).exists()


def test_nobody_sees_nothing(conversation: Conversation) -> None:
    assert not Conversation.objects.visible_to(None).exists()


def test_an_agents_key_works_until_it_expires_or_she_leaves(ana: User) -> None:
    token, key = ApiToken.issue(ana)
    assert staff_with(key) == StaffActor(ana)
    assert staff_with(key + "x") is None
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert staff_with(key) is None
    User.objects.filter(pk=ana.pk).update(is_active=True)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    assert staff_with(key) is None


def test_a_customers_token_is_no_agents_key_and_the_other_way_round(
    conversation: Conversation, token: str, ana: User
) -> None:
    _, key = ApiToken.issue(ana)
    assert staff_with(token) is None
    assert customer_with(key, conversation.pk) is None


# --- At the API's door ---------------------------------------------------------------------------------------------


def close_url(conversation: Conversation) -> str:
    return f"/api/v1/conversations/{conversation.pk}/close/"


def test_a_session_counts_only_with_its_csrf_token(conversation: Conversation, ana: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ana)
    assert browser.post(close_url(conversation), content_type=JSON).status_code == 403
    browser.get("/inbox/")
    token = browser.cookies["desk_csrf"].value
    headers = {"X-CSRFToken": token}
    assert browser.post(close_url(conversation), content_type=JSON, headers=headers).status_code == 200
    conversation.refresh_from_db()
    assert conversation.status == "closed"


def test_a_token_in_the_header_needs_no_csrf(conversation: Conversation, token: str, ana: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    _, key = ApiToken.issue(ana)
    for secret in (f"Token {key}", f"Bearer {token}"):
        answer = browser.post(close_url(conversation), content_type=JSON, headers={"Authorization": secret})
        assert answer.status_code == 200


def test_a_bad_token_is_not_saved_by_a_good_session(conversation: Conversation, ana: User) -> None:
    browser = Client()
    browser.force_login(ana)
    url = f"/api/v1/conversations/{conversation.pk}/"
    assert browser.get(url, headers={"Authorization": "Bearer guess"}).status_code == 404
    assert browser.get(url, headers={"Authorization": "Token guess"}).status_code == 404
    assert browser.get(url).status_code == 200
