"""The queue in the admin: thresholds, agents and canned words are edited; what happened is only looked at."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from conversations.lifecycle import Status
from handoff import inbox
from handoff.models import Agent, CannedReply, HandoffSettings
from tests.handoff.talking import Talk

pytestmark = pytest.mark.django_db


def test_a_handoff_is_found_by_ticket_and_by_customer_and_cannot_be_changed(
    talk: Talk, ana_agent: Agent, admin_client: Client
) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    url = reverse("admin:handoff_handoff_changelist")
    for words in (handoff.ticket, "Cleo", "cleo@example.com"):
        assert handoff.ticket in admin_client.get(url, {"q": words}).content.decode(), words
    assert handoff.ticket not in admin_client.get(url, {"q": "Zed"}).content.decode()
    change = reverse("admin:handoff_handoff_change", args=[handoff.pk])
    assert "Pressed the button" in admin_client.get(change).content.decode()
    assert admin_client.post(change, {"status": "resolved"}).status_code == 403
    assert admin_client.get(reverse("admin:handoff_handoff_add")).status_code == 403
    assert admin_client.post(reverse("admin:handoff_handoff_delete", args=[handoff.pk])).status_code == 403
    assert talk.conversation.status == Status.ESCALATED
    assert admin_client.get(reverse("admin:handoff_handoffevent_changelist")).status_code == 200


def test_the_one_row_of_settings_is_edited_and_takes_effect(talk: Talk, admin_client: Client) -> None:
    form = admin_client.get(reverse("admin:handoff_handoffsettings_changelist"), follow=True)
    values = form.context["adminform"].form.initial | {"failed_attempts": 5, "extra_phrases": "duty officer"}
    change = reverse("admin:handoff_handoffsettings_change", args=[1])
    assert admin_client.post(change, values).status_code == 302
    assert HandoffSettings.current().failed_attempts == 5
    talk.says("the duty officer please")
    talk.hears()
    assert talk.conversation.status == Status.ESCALATED
    assert admin_client.get(reverse("admin:handoff_handoffsettings_add")).status_code == 403
    assert admin_client.post(change, values | {"failed_attempts": 0}).status_code == 200  # an error beside the field
    assert HandoffSettings.current().failed_attempts == 5


def test_agents_and_canned_words_are_edited(ana_agent: Agent, admin_client: Client) -> None:
    listed = admin_client.get(reverse("admin:handoff_agent_changelist"))
    assert "Ana" in listed.content.decode()
    change = reverse("admin:handoff_agent_change", args=[ana_agent.pk])
    values = {"user": ana_agent.user_id, "name": "Ana P.", "capacity": 3, "presence": "away"}
    assert admin_client.post(change, values).status_code == 302
    ana_agent.refresh_from_db()
    assert (ana_agent.name, ana_agent.capacity) == ("Ana P.", 3)
    words = {"shortcut": "hi", "title": "Hello", "body": "Hello, how can I help?"}
    assert admin_client.post(reverse("admin:handoff_cannedreply_add"), words).status_code == 302
    assert CannedReply.objects.get().shortcut == "hi"


@pytest.mark.parametrize("field", ["ageing_minutes", "long_after_minutes", "absent_after_minutes", "failed_attempts"])
def test_an_absurd_number_reaches_the_database_by_no_way(field: str, db: None) -> None:
    settings = HandoffSettings.current()
    setattr(settings, field, 999_999_999)
    with pytest.raises(ValidationError):
        settings.full_clean()
    with pytest.raises(IntegrityError):
        settings.save()
