"""The admin's pages: everything can be looked at, history cannot be touched, a key is shown once."""

import re

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from conversations.actors import staff_with
from conversations.assistant.intents import HANDLERS
from conversations.lifecycle import Status
from conversations.models import (
    ApiToken,
    Article,
    Conversation,
    Customer,
    DeskSettings,
    Example,
    Intent,
    Message,
    Order,
    Role,
    Transition,
    TurnRecord,
)
from conversations.posting import post

from .scene import moved

pytestmark = pytest.mark.django_db

OURS = [model for model in site._registry if model._meta.app_label == "conversations"]
HISTORY = [Conversation, Message, Transition, TurnRecord]


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin", password="admin-password"))
    return client


@pytest.fixture
def lived(conversation: Conversation, ana: User) -> Conversation:
    """A conversation in which everything has happened once."""
    post(conversation.pk, role=Role.CUSTOMER, body="<script>alert('hi')</script>", author_name="Cleo")
    conversation.refresh_from_db()
    TurnRecord.objects.create(conversation=conversation, seq=1, intent="complaint", outcome="answered")
    moved(conversation, Status.ESCALATED)
    post(conversation.pk, role=Role.NOTE, body="careful", author=ana, author_name="Ana")
    Article.objects.create(slug="returns", title="Returns", body="Within 30 days.")
    Order.objects.create(number="1001", email="cleo@example.com", items="a lamp", total="12.50")
    ApiToken.issue(ana, "wallboard")
    return conversation


def page_of(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_model_is_there() -> None:
    assert set(OURS) == {*HISTORY, Customer, Intent, Article, Order, DeskSettings, ApiToken}
    assert Example not in OURS  # they are part of their intent's page


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_its_list_and_its_search_open(admin: Client, lived: Conversation, model: type[Model]) -> None:
    for query in ({}, {"q": "cleo"}, {"q": "42f0"}):
        assert admin.get(page_of(model, "changelist"), query, follow=True).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_its_page_opens(admin: Client, lived: Conversation, model: type[Model]) -> None:
    row = model._default_manager.first() or DeskSettings.current()
    assert admin.get(page_of(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model.__name__)
def test_history_is_neither_made_nor_changed_nor_thrown_away(
    admin: Client, lived: Conversation, model: type[Model]
) -> None:
    row = model._default_manager.values().first()
    assert row is not None
    pk = row["id"]
    assert admin.get(page_of(model, "add")).status_code == 403
    assert admin.post(page_of(model, "change", pk), {"status": "closed", "body": "forged"}).status_code == 403
    assert admin.post(page_of(model, "delete", pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"}
    admin.post(page_of(model, "changelist"), chosen)
    assert model._default_manager.filter(pk=pk).values().get() == row


def test_a_conversations_page_shows_what_was_said_and_done_as_text(admin: Client, lived: Conversation) -> None:
    html = admin.get(page_of(Conversation, "change", lived.pk)).content.decode()
    assert "&lt;script&gt;alert" in html
    assert "<script>alert" not in html
    assert "careful" in html
    assert 'name="_save"' not in html
    assert lived.token_hash not in html


def test_a_customer_with_conversations_is_not_deleted(admin: Client, lived: Conversation) -> None:
    admin.post(page_of(Customer, "delete", lived.customer.pk), {"post": "yes"})
    assert Customer.objects.filter(pk=lived.customer.pk).exists()


def test_an_intents_handler_is_one_that_exists(admin: Client) -> None:
    form = {
        "name": "warranty",
        "title": "Warranty",
        "description": "",
        "active": "on",
        "examples-TOTAL_FORMS": "1",
        "examples-INITIAL_FORMS": "0",
        "examples-0-text": "is my lamp still under warranty?",
    }
    refused = admin.post(page_of(Intent, "add"), form | {"handler": "no_such_handler"})
    assert refused.status_code == 200
    assert not Intent.objects.filter(name="warranty").exists()
    admin.post(page_of(Intent, "add"), form | {"handler": next(iter(HANDLERS))})
    assert Intent.objects.get(name="warranty").examples.get().text == "is my lamp still under warranty?"


def test_the_desks_settings_are_one_form(admin: Client) -> None:
    answer = admin.get(page_of(DeskSettings, "changelist"))
    assert answer.headers["Location"] == page_of(DeskSettings, "change", 1)
    assert admin.get(page_of(DeskSettings, "add")).status_code == 403
    assert admin.post(page_of(DeskSettings, "delete", 1), {"post": "yes"}).status_code == 403
    html = admin.get(page_of(DeskSettings, "change", 1)).content.decode()
    fields = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', html))
    words = {"greeting": "Hi", "reminder": "Still there?", "fallback_text": "Pardon?"}
    saved = admin.post(page_of(DeskSettings, "change", 1), fields | words | {"idle_after_minutes": "5"}, follow=True)
    assert saved.status_code == 200
    assert (DeskSettings.current().idle_after_minutes, DeskSettings.objects.count()) == (5, 1)
    assert (
        admin.post(page_of(DeskSettings, "change", 1), fields | words | {"idle_after_minutes": "0"}).status_code == 200
    )
    assert DeskSettings.current().idle_after_minutes == 5


def test_a_key_is_shown_once_and_works(admin: Client, ana: User) -> None:
    form = {"user": str(ana.pk), "label": "wallboard"}
    html = admin.post(page_of(ApiToken, "add"), form, follow=True).content.decode()
    shown = re.search(r"The key is ([\w-]{40,})", html)
    assert shown
    actor = staff_with(shown[1])
    assert actor is not None
    assert actor.user == ana
    token = ApiToken.objects.get()
    for page in (page_of(ApiToken, "changelist"), page_of(ApiToken, "change", token.pk)):
        later = admin.get(page).content.decode()
        assert shown[1] not in later
        assert token.key_hash not in later
    admin.post(page_of(ApiToken, "delete", token.pk), {"post": "yes"})
    assert staff_with(shown[1]) is None


def test_an_agent_is_no_admin(ana: User, lived: Conversation) -> None:
    client = Client()
    client.force_login(ana)
    assert client.get(page_of(Conversation, "changelist")).status_code in (302, 403)


@pytest.mark.parametrize("field", ["idle_after_minutes", "max_age_hours", "reopen_within_hours"])
def test_a_time_longer_than_a_year_reaches_the_database_by_no_way(field: str) -> None:
    desk = DeskSettings.current()
    setattr(desk, field, 999_999_999)
    with pytest.raises(ValidationError):
        desk.full_clean()
    with pytest.raises(IntegrityError):
        desk.save()
