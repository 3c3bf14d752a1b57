"""Who takes work: an agent who is switched to online and whose inbox is open."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import ApiToken
from handoff import presence
from handoff.models import HEARTBEAT_LASTS, Agent

pytestmark = pytest.mark.django_db


def test_an_agent_is_there_while_her_inbox_pings_and_she_is_online(ana_agent: Agent) -> None:
    now = timezone.now()
    assert not _there(now)
    presence.seen(ana_agent, now)
    assert _there(now + HEARTBEAT_LASTS - timedelta(seconds=1)) == [ana_agent]
    assert not _there(now + HEARTBEAT_LASTS)
    presence.switch(ana_agent, Agent.Presence.AWAY)
    assert not _there(now)
    presence.switch(ana_agent, Agent.Presence.ONLINE)
    assert _there(now) == [ana_agent]


def test_an_agent_without_an_inbox_is_there_by_what_she_does_and_not_by_a_screen_that_reads_the_queue(
    ana_agent: Agent,
) -> None:
    anas = APIClient()
    anas.credentials(HTTP_AUTHORIZATION=f"Token {ApiToken.issue(ana_agent.user)[1]}")
    assert anas.get("/api/v1/handoffs/").status_code == 200
    assert not _there(timezone.now())
    assert anas.post("/api/v1/handoffs/next/").status_code == 204
    assert _there(timezone.now()) == [ana_agent]


def test_a_deactivated_agent_is_not_there(ana_agent: Agent) -> None:
    now = timezone.now()
    presence.seen(ana_agent, now)
    ana_agent.user.is_active = False
    ana_agent.user.save()
    assert not _there(now)


def test_whoever_may_answer_is_an_agent_from_her_first_use_on(ana: User, admin_user: User) -> None:
    assert Agent.of(ana).name == "Ana"
    assert Agent.of(ana) == Agent.of(ana)
    assert Agent.of(admin_user).name == "admin"


def test_an_address_that_signs_in_is_not_shown_to_customers(ana: User) -> None:
    ana.username, ana.first_name = "ana@example.com", ""
    ana.save()
    assert Agent.of(ana).name == "ana"


def test_a_manager_is_no_agent(mia: User) -> None:
    with pytest.raises(PermissionDenied):
        Agent.of(mia)
    assert not Agent.objects.exists()


def _there(moment: datetime) -> list[Agent]:
    return list(Agent.objects.there(moment))
