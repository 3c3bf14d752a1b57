"""GET /api/v1/analytics/summary/: who may ask, how to ask, and what comes back."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from analytics.metrics import METRICS
from conversations.models import ApiToken, Conversation, Customer

from .history import opened

pytestmark = pytest.mark.django_db

SUMMARY = "/api/v1/analytics/summary/"


def ask(client: Client, **params: str) -> Any:
    return client.get(SUMMARY, params)


def test_mia_reads_the_last_day_and_the_day_before(client: Client, mia: User) -> None:
    opened(timezone.now() - timedelta(hours=2), said="ca", closed_after=5)
    opened(timezone.now() - timedelta(hours=30))
    opened(timezone.now() - timedelta(hours=31))
    client.force_login(mia)
    summary = ask(client).json()
    assert (summary["timeframe"], summary["tz"]) == ("24h", "UTC")
    assert (summary["total_conversations"], summary["resolution_rate"]) == (1, 1.0)
    assert (summary["avg_duration_seconds"], summary["avg_messages"]) == (300.0, 2.0)
    assert (summary["previous"]["total_conversations"], summary["previous"]["resolution_rate"]) == (2, 0.0)
    assert summary["previous"]["until"] == summary["since"]


def test_every_metric_and_the_names_of_the_protocol_are_there(client: Client, mia: User) -> None:
    client.force_login(mia)
    summary = ask(client, timeframe="90d").json()
    promised = {
        "total_conversations",
        "avg_duration_seconds",
        "p50_duration_seconds",
        "p90_duration_seconds",
        "resolution_rate",
        "escalation_rate",
        "avg_messages",
        "top_intents",
        "avg_satisfaction",
        "previous",
    }
    assert promised | METRICS.keys() <= summary.keys()
    assert METRICS.keys() <= summary["previous"].keys()


def test_an_api_token_opens_it_too(client: Client, mia: User) -> None:
    _, key = ApiToken.issue(mia)
    assert client.get(SUMMARY, headers={"Authorization": f"Token {key}"}).status_code == 200


def test_agents_without_the_right_are_refused_and_strangers_asked_who_they_are(client: Client, ana: User) -> None:
    assert ask(client).status_code == 401
    _, token = Conversation.start(Customer.objects.create(name="Cleo"))
    assert client.get(SUMMARY, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    client.force_login(ana)
    assert ask(client).status_code == 403
    assert client.get("/api/v1/analytics/metrics/").status_code == 403


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"timeframe": "1y"}, "timeframe"),
        ({"timeframe": "7d", "since": "2026-11-01"}, "timeframe"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": "../../etc/passwd"}, "tz"),
        ({"tz": "Europe"}, "tz"),
        ({"tz": "x" * 300}, "tz"),
        ({"tz": "a\0b"}, "tz"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-02-30"}, "since"),
        ({"since": "2026-11-03", "until": "2026-11-01"}, "since"),
        ({"since": "2026-11-03", "until": "2026-11-03"}, "since"),
        ({"since": "2999-01-01"}, "since"),
        ({"since": "0001-01-01", "until": "0001-01-02", "tz": "Asia/Tokyo"}, "since"),
        ({"since": "9999-12-31T23:59:59-12:00"}, "since"),
        ({"since": "2001-01-01"}, "since"),  # more than five years
        ({"until": "2026-11-01"}, "since"),
        ({"through": "2026-11-01"}, "since"),
        ({"since": "2026-11-01", "until": "soon"}, "until"),
        ({"since": "2026-11-01", "through": "2026-11"}, "through"),
        ({"since": "2026-11-01", "through": "9999-12-31"}, "through"),
        ({"since": "2026-11-01", "until": "2026-11-02", "through": "2026-11-02"}, "through"),
        ({"rating": "6"}, "rating"),
        ({"reason": "boredom"}, "reason"),
        ({"tier": "gold"}, "tier"),
        ({"duration": "long"}, "duration"),
        ({"duration": "-5-10"}, "duration"),
        ({"hour": "7-14"}, "hour"),
        ({"hour": "1-24"}, "hour"),
    ],
)
def test_what_cannot_be_read_is_named(client: Client, mia: User, params: dict[str, str], field: str) -> None:
    client.force_login(mia)
    answer = ask(client, **params)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert answer.json()[field][0].endswith((".", ".)"))


def test_dates_are_those_of_the_zone_and_a_plus_may_have_become_a_space(client: Client, mia: User) -> None:
    client.force_login(mia)
    day = ask(client, since="2026-11-03", through="2026-11-03", tz="America/New_York").json()
    assert (day["since"], day["until"]) == ("2026-11-03T05:00:00Z", "2026-11-04T05:00:00Z")
    assert (day["previous"]["since"], day["previous"]["until"]) == ("2026-11-02T05:00:00Z", "2026-11-03T05:00:00Z")
    hours = ask(client, since="2026-11-03T10:00:00 01:00", until="2026-11-03T12:00:00Z").json()
    assert (hours["since"], hours["until"]) == ("2026-11-03T09:00:00Z", "2026-11-03T12:00:00Z")


def test_filters_narrow_every_figure(client: Client, mia: User) -> None:
    at = timezone.now() - timedelta(hours=2)
    opened(at, intents=("billing_question",), rating=5, closed_after=10)
    opened(at, intents=("complaint",), rating=1, closed_after=20)
    opened(at)
    client.force_login(mia)
    assert ask(client, intent="complaint").json()["avg_satisfaction"] == 1.0
    assert ask(client, rating="5").json()["top_intents"] == [["billing_question", 1]]
    assert ask(client, duration="600-900").json()["total_conversations"] == 1
    assert ask(client, duration="1200-").json()["avg_duration_seconds"] == 1200.0
    assert ask(client, tier="premium").json()["total_conversations"] == 0


def test_each_metric_says_what_it_means(client: Client, mia: User) -> None:
    client.force_login(mia)
    told = client.get("/api/v1/analytics/metrics/").json()
    assert [metric["key"] for metric in told] == list(METRICS)
    assert all(metric["definition"].endswith(".") and metric["title"] for metric in told)
