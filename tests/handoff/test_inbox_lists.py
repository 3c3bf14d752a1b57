"""The inbox's lists: who stands in each and in what order, page by page, and whom a search finds."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Conversation
from handoff import inbox, lists
from handoff.models import Agent, HandoffSettings
from tests.handoff.talking import Talk, waits_for

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

WHO_ASKS = ("django_session", "auth_user", "auth_permission")  # every page of the staff looks there


def shown(response: "Response") -> list[str]:
    """The names in the list, from top to bottom."""
    return re.findall(r'class="entry-name">([^<]*)<', response.content.decode())


def test_the_queue_is_shown_as_it_is_served(anas: Client, new_talk: Callable[..., Talk]) -> None:
    waits_for(new_talk("Dora").asks_for_person(), minutes=5)
    waits_for(new_talk("Erna").asks_for_person(), minutes=8)
    new_talk("Paula", tier="premium").asks_for_person()
    waits_for(new_talk("Wanda").asks_for_person(), minutes=45)
    assert shown(anas.get("/inbox/")) == ["Wanda", "Paula", "Erna", "Dora"]


def test_mine_holds_only_mine_and_who_waits_for_me_is_first(
    anas: Client, new_talk: Callable[..., Talk], ana_agent: Agent, ben_agent: Agent
) -> None:
    answered, waiting, bens = new_talk("Answered"), new_talk("Waiting"), new_talk("Bens")
    for talk, agent in ((answered, ana_agent), (waiting, ana_agent), (bens, ben_agent)):
        inbox.claim(talk.asks_for_person().pk, agent)
        inbox.reply(talk.pk, agent, "Good morning.")
    waiting.says("And now?")
    assert shown(anas.get("/inbox/?view=mine")) == ["Waiting", "Answered"]


def test_all_open_holds_those_with_the_assistant_too(anas: Client, talk: Talk, new_talk: Callable[..., Talk]) -> None:
    talk.says("Hello")
    new_talk("Dora").asks_for_person()
    assert set(shown(anas.get("/inbox/?view=open"))) == {"Cleo", "Dora"}


def test_a_resolved_one_moves_to_closed_recently(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    inbox.resolve(handoff.pk, ana_agent)
    assert shown(anas.get("/inbox/?view=closed")) == ["Cleo"]
    assert shown(anas.get("/inbox/?view=mine")) == []


def test_who_waits_past_the_day_is_overdue(anas: Client, talk: Talk, new_talk: Callable[..., Talk]) -> None:
    talk.asks_for_person()
    new_talk("Dora").asks_for_person()
    Conversation.objects.filter(pk=talk.pk).update(overdue_at=timezone.now())
    assert shown(anas.get("/inbox/?view=overdue")) == ["Cleo"]


def test_the_counts_are_what_the_views_hold(
    talk: Talk, new_talk: Callable[..., Talk], ana: "User", ana_agent: Agent
) -> None:
    new_talk("Dora").asks_for_person()
    inbox.claim(new_talk("Erna").asks_for_person().pk, ana_agent)
    answered = new_talk("Fanny")
    inbox.claim(answered.asks_for_person().pk, ana_agent)
    inbox.reply(answered.pk, ana_agent, "Good morning.")
    assert lists.counts(ana) == {"queue": 1, "mine": 2, "open": 4, "overdue": 0, "unanswered": 1}


@pytest.mark.parametrize("view", lists.View.values)
def test_a_list_costs_the_same_few_queries_whatever_its_length(
    anas: Client, new_talk: Callable[..., Talk], ana_agent: Agent, view: str
) -> None:
    HandoffSettings.current()

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            anas.get(f"/inbox/list/?view={view}")
        return sum(not any(table in query["sql"] for table in WHO_ASKS) for query in queries)

    def fill() -> None:
        for number in range(6):
            handoff = new_talk(f"Customer {number}").asks_for_person()
            if number % 2:
                inbox.claim(handoff.pk, ana_agent)
            if number == 5:
                inbox.resolve(handoff.pk, ana_agent)
        Conversation.objects.filter(status="escalated").update(overdue_at=timezone.now())

    fill()
    few = cost()
    fill()
    assert cost() == few <= 6


def test_a_long_queue_comes_in_pages_without_a_gap_or_a_repetition(
    anas: Client, new_talk: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 3)
    for number in range(7):
        waits_for(new_talk(f"C{number}").asks_for_person(), minutes=60 - 7 * number)
    seen, page = [], anas.get("/inbox/list/?view=queue").content.decode()
    while True:
        seen += re.findall(r'class="entry-name">([^<]*)<', page)
        more = re.search(r'hx-get="(/inbox/list/\?[^"]*after=[^"]*)"', page)
        if not more:
            break
        page = anas.get(more[1].replace("&amp;", "&")).content.decode()
    assert seen == [f"C{number}" for number in range(7)]


def test_a_forged_cursor_is_refused(anas: Client) -> None:
    assert anas.get("/inbox/list/?view=queue&after=gAAAA").status_code == 400


def test_the_cursor_of_one_list_is_refused_on_another(
    anas: Client, ana_agent: Agent, new_talk: Callable[..., Talk]
) -> None:
    for _ in range(2):
        new_talk().asks_for_person()
    cursor = lists.page(lists.View.QUEUE, ana_agent, now=timezone.now(), count=1).next
    assert anas.get("/inbox/list/", {"view": "queue", "after": cursor}).status_code == 200
    assert anas.get("/inbox/list/", {"view": "open", "after": cursor}).status_code == 400
    assert anas.get("/inbox/list/", {"q": "Dora", "after": cursor}).status_code == 400


def test_search_finds_by_name_by_email_and_by_ticket(anas: Client, talk: Talk, new_talk: Callable[..., Talk]) -> None:
    handoff = talk.asks_for_person()
    new_talk("Dora", email="dora@example.org").asks_for_person()
    assert shown(anas.get("/inbox/list/?q=cle")) == ["Cleo"]
    assert shown(anas.get("/inbox/list/?q=dora@example")) == ["Dora"]
    assert shown(anas.get(f"/inbox/list/?q={handoff.ticket}")) == ["Cleo"]
    assert shown(anas.get("/inbox/list/?q=nobody")) == []


def test_search_finds_what_is_closed(anas: Client, talk: Talk, ana_agent: Agent) -> None:
    inbox.resolve(inbox.claim(talk.asks_for_person().pk, ana_agent).pk, ana_agent)
    assert shown(anas.get("/inbox/list/?q=cleo")) == ["Cleo"]


def test_a_name_is_text(anas: Client, new_talk: Callable[..., Talk]) -> None:
    talk = new_talk("<img src=x onerror=alert(1)>")
    talk.asks_for_person()
    for path in ("/inbox/", f"/inbox/{talk.pk}/"):
        assert "<img" not in anas.get(path).content.decode()
