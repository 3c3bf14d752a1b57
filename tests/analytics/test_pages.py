"""The manager's pages, with a full desk and with an empty one."""

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.utils import timezone

from analytics.metrics import METRICS
from conversations.lifecycle import Status
from conversations.models import Conversation
from handoff.models import Agent, Handoff

from .history import handed_off, opened, seed

pytestmark = pytest.mark.django_db

PAGE, LIST = "/analytics/", "/analytics/conversations/"


@pytest.fixture
def manager(client: Client, mia: User) -> Client:
    client.force_login(mia)
    return client


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_empty_desk_says_no_data_and_never_zero_percent(manager: Client) -> None:
    page = manager.get(PAGE)
    text = words(page)
    assert page.status_code == 200
    assert "No data in this timeframe" in text
    assert "no data" in text
    assert "0.0%" not in text
    assert "0%<" not in text


@pytest.mark.parametrize("timeframe", ["24h", "7d", "30d", "90d"])
def test_a_full_desk_shows_every_metric_with_its_definition(manager: Client, timeframe: str) -> None:
    seed(until=timezone.now().isoformat(), conversations=150)
    text = words(manager.get(PAGE, {"timeframe": timeframe, "tz": "Europe/Berlin"}))
    assert "Europe/Berlin" in text
    for metric in METRICS.values():
        assert f'id="what-{metric.key}"' in text
        assert f"metric={metric.key}" in text


def test_a_page_holds_no_inline_style_or_script(manager: Client) -> None:
    opened(timezone.now() - timedelta(hours=1), said="ca", intents=("complaint",), rating=3, closed_after=5)
    for path in (PAGE, LIST, "/analytics/live/"):
        text = words(manager.get(path))
        assert " style=" not in text
        assert "<style" not in text
        assert "onclick" not in text


def test_few_conversations_are_marked_as_few(manager: Client) -> None:
    for _ in range(3):
        opened(timezone.now() - timedelta(hours=1), said="ca", closed_after=5)
    assert "only 3" in words(manager.get(PAGE))


def test_what_cannot_be_read_is_said_above_the_last_day(manager: Client) -> None:
    page = manager.get(PAGE, {"timeframe": "fortnight"})
    assert page.status_code == 400
    assert "One of 24h, 7d, 30d, 90d is needed." in words(page)
    for params in ({"metric": "happiness"}, {"tz": "Nowhere"}, {"after": "here"}, {"hour": "9"}):
        assert manager.get(LIST, params).status_code == 400


def test_names_are_escaped(manager: Client) -> None:
    conversation = opened(timezone.now() - timedelta(hours=1), intents=("<b>x</b>",))
    conversation.customer.name = "<script>alert(1)</script>"
    conversation.customer.save()
    for path in (PAGE, LIST, f"{LIST}{conversation.pk}/"):
        assert "<script>alert" not in words(manager.get(path))
        assert "<b>x" not in words(manager.get(path))


@pytest.mark.parametrize("path", [PAGE, LIST, "/analytics/live/", f"{LIST}00000000-0000-0000-0000-000000000000/"])
def test_only_who_may_measure_gets_in(client: Client, ana: User, path: str) -> None:
    assert client.get(path).status_code == 302
    client.force_login(ana)
    assert client.get(path).status_code == 403


def test_the_live_strip_tells_who_waits_and_who_is_there(manager: Client, ana: User) -> None:
    now = timezone.now()
    Agent.objects.create(user=ana, name="Ana", last_seen_at=now)
    waits = opened(now - timedelta(minutes=7), said="c", status=Status.ESCALATED)
    handoff = handed_off(waits)
    Handoff.objects.filter(pk=handoff.pk).update(status=Handoff.Status.WAITING)
    opened(now - timedelta(minutes=3), said="ca", status=Status.WAITING_FOR_INPUT)
    text = words(manager.get("/analytics/live/"))
    assert "7 min 0" in text
    assert "<small>Ana</small>" in text
    assert 'hx-trigger="every 10s"' in text
    assert words(manager.get(LIST, {"metric": "waiting_now"})).count("<tr>") == 2  # the head, and the one who waits
    assert words(manager.get(LIST, {"metric": "with_assistant_now"})).count("<tr>") == 2
    assert words(manager.get(LIST, {"metric": "with_agents_now"})).count("<tr>") == 0


def test_mia_reads_a_conversation_behind_her_numbers_with_its_notes(manager: Client) -> None:
    conversation = opened(timezone.now() - timedelta(hours=1), said="cpn", closed_after=5)
    page = manager.get(f"{LIST}{conversation.pk}/")
    assert page.status_code == 200
    assert [message["role"] for message in page.context["messages"]] == ["customer", "agent", "note"]


def test_the_list_is_cut_by_key_and_nothing_new_shifts_it(manager: Client) -> None:
    now = timezone.now()
    for number in range(60):
        opened(now - timedelta(minutes=number))
    first = manager.get("/api/v1/analytics/conversations/").json()
    opened(timezone.now())
    second = manager.get(first["next"]).json()
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert (len(first["results"]), len(ids), len(set(ids)), second["next"]) == (50, 60, 60, None)
    assert manager.get("/api/v1/analytics/conversations/", {"after": "x"}).status_code == 400


@pytest.mark.parametrize("path", [PAGE, LIST, "/api/v1/analytics/summary/", "/analytics/live/"])
def test_more_conversations_take_no_more_queries(
    manager: Client, django_assert_max_num_queries: Any, path: str
) -> None:
    seed(until=timezone.now().isoformat(), conversations=200, days=1)
    with django_assert_max_num_queries(26):
        assert manager.get(path, {"timeframe": "7d"}).status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_the_export_is_the_list_without_names(async_client: AsyncClient, mia: User) -> None:
    from asgiref.sync import sync_to_async

    def history() -> list[str]:
        seed(until=timezone.now().isoformat(), conversations=80, days=1)
        escalated = Conversation.objects.exclude(escalated_at=None).order_by("-created_at", "-pk")
        return [str(pk) for pk in escalated.values_list("pk", flat=True)]

    escalated = await sync_to_async(history)()
    await async_client.aforce_login(mia)
    answer: Any = await async_client.get(LIST, {"metric": "escalation_rate", "timeframe": "7d", "format": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join([part async for part in answer.streaming_content]).decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["id"] for row in rows] == escalated
    assert {row["escalated"] for row in rows} == {"True"}
    assert "@example.com" not in text
