"""The doors: who is shown which, what stands on them, and who may hold them in a frame."""

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def test_the_front_page_shows_four_doors_and_needs_no_script(client: Client) -> None:
    page = text_of(client, "/")
    for door in ("/chat/", "/inbox/", "/analytics/", "/admin/"):
        assert f'href="{door}"' in page
    assert "<script" not in page


@pytest.mark.parametrize("path", ["/", "/chat/", "/chat/embed/", "/accounts/login/", "/help/"])
def test_no_page_carries_styles_or_scripts_of_its_own(client: Client, path: str) -> None:
    page = text_of(client, path)
    assert "<style" not in page
    assert "style=" not in page
    assert page.count("<script") == page.count('<script type="module" src=')


def test_only_the_embedded_chat_may_be_framed(client: Client) -> None:
    page, embedded = client.get("/chat/"), client.get("/chat/embed/")
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded
    assert "frame-ancestors 'self' *" in embedded["Content-Security-Policy"]
    assert "script-src 'self'" in embedded["Content-Security-Policy"]


def test_the_loader_may_be_kept_for_minutes_only(client: Client) -> None:
    response = client.get("/widget.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert "max-age=300" in response["Cache-Control"]


def test_the_chat_greets_in_the_desks_own_words(client: Client) -> None:
    from conversations.models import DeskSettings

    desk = DeskSettings.current()
    desk.name, desk.greeting = "Lamps & Co", "Hello from <Lamps>"
    desk.save()
    page = text_of(client, "/chat/")
    assert "Lamps &amp; Co" in page
    assert "Hello from &lt;Lamps&gt;" in page


@pytest.mark.parametrize(
    ("door", "words"), [("/inbox/", "To the inbox"), ("/analytics/", "To the dashboard"), ("/admin/", "To the admin")]
)
def test_signing_in_says_which_door_it_is(client: Client, door: str, words: str) -> None:
    assert words in text_of(client, f"{reverse('login')}?next={door}")


def test_a_wrong_password_is_said_kindly(client: Client, ana: "User") -> None:
    response = client.post(reverse("login"), {"username": "ana", "password": "no"})
    assert (
        "don&#x27;t belong together" in response.content.decode()
        or "don't belong together" in response.content.decode()
    )


def test_signing_in_leads_each_to_their_work(client: Client, ana: "User", mia: "User", django_user_model: Any) -> None:
    django_user_model.objects.create_superuser("admin", password="admin-password")
    for name, place in (("ana", "/inbox/"), ("mia", "/analytics/"), ("admin", "/admin/")):
        form = {"username": name, "password": f"{name}-password"}
        assert client.post(reverse("login"), form)["Location"] == place
        assert client.get(reverse("login"))["Location"] == place  # asked again though signed in
        assert client.get(place).status_code == 200
        client.logout()


def test_signing_in_on_the_way_somewhere_leads_there(client: Client, ana: "User") -> None:
    form = {"username": "ana", "password": "ana-password", "next": "/help/"}
    assert client.post(reverse("login"), form)["Location"] == "/help/"


def test_who_has_no_work_here_is_led_to_the_front_page(client: Client, django_user_model: Any) -> None:
    django_user_model.objects.create_user("zed", password="zed-password")
    form = {"username": "zed", "password": "zed-password"}
    assert client.post(reverse("login"), form)["Location"] == "/"


def test_the_front_page_shows_who_is_signed_in_no_door_that_stays_shut(
    client: Client, ana: "User", mia: "User", django_user_model: Any
) -> None:
    admin = django_user_model.objects.create_superuser("admin")
    doors = ("/chat/", "/inbox/", "/analytics/", "/admin/")
    for somebody, shown in ((ana, {"/chat/", "/inbox/"}), (mia, {"/chat/", "/analytics/"}), (admin, set(doors))):
        client.force_login(somebody)
        page = text_of(client, "/")
        assert {door for door in doors if f'href="{door}"' in page} == shown
        assert {door for door in doors if client.get(door).status_code == 200} >= shown


def test_the_admin_sends_strangers_to_the_one_sign_in_and_agents_away(client: Client, ana: "User") -> None:
    assert client.get("/admin/", follow=True).request["PATH_INFO"] == reverse("login")
    client.force_login(ana)
    assert client.get("/admin/", follow=True).status_code == 403


def test_staff_are_shown_only_the_doors_that_open_for_them(client: Client, ana: "User", mia: "User") -> None:
    from django.template.loader import render_to_string
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = ana
    agents = render_to_string("_partials/staff_nav.html", {"here": "inbox"}, request)
    assert 'href="/inbox/" aria-current="page"' in agents
    assert "/analytics/" not in agents
    assert "/admin/" not in agents
    request.user = mia
    assert 'href="/analytics/"' in render_to_string("_partials/staff_nav.html", {}, request)


@override_settings(DEBUG=False)
def test_what_is_not_there_is_said_in_the_desks_words(client: Client) -> None:
    page = text_of(client, "/nowhere/", 404)
    assert "This page isn't here" in page
    assert "oops" not in page.lower()


def test_a_failure_is_said_without_asking_the_database(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    from django.test import RequestFactory
    from django.views.defaults import server_error

    with django_assert_num_queries(0):
        response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_who_guesses_passwords_is_told_to_wait(client: Client) -> None:
    for number in range(10):
        assert client.post("/accounts/login/", {"username": "guessed", "password": str(number)}).status_code == 200
    refused = client.post("/accounts/login/", {"username": "Guessed", "password": "10"})
    assert (refused.status_code, int(refused["Retry-After"]) >= 1) == (429, True)
    assert "Too many tries" in refused.content.decode()
    for spelt in (" guessed", "guessed  ", "\uff47uessed"):  # signing in reads them all as one name
        assert client.post("/accounts/login/", {"username": spelt, "password": "11"}).status_code == 429
    assert client.post("/accounts/login/", {"username": "another", "password": "1"}).status_code == 200
