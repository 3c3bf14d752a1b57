"""The desk's log: a refusal is a line, an error says where it happened."""

import io
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


def breaks(request: HttpRequest) -> NoReturn:
    raise LookupError("no lamps left")


urlpatterns = [path("breaks/", breaks)]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the operator reads meanwhile."""
    [console] = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    heard = io.StringIO()
    before = console.setStream(heard)
    yield heard
    console.setStream(before)


def test_a_page_that_is_not_hers_is_one_line(client: Client, ana: "User", log: io.StringIO) -> None:
    client.force_login(ana)
    assert client.get("/analytics/").status_code == 403
    assert log.getvalue() == "WARNING django.request: Forbidden (Permission denied): /analytics/\n"


def test_a_page_that_is_not_there_is_one_line(client: Client, log: io.StringIO) -> None:
    assert client.get("/nowhere/").status_code == 404
    assert log.getvalue() == "WARNING django.request: Not Found: /nowhere/\n"


def test_a_strangers_name_for_the_desk_is_one_line(client: Client, log: io.StringIO) -> None:
    assert client.get("/accounts/login/", headers={"host": "elsewhere.example"}).status_code == 400
    assert log.getvalue().count("\n") == 1


@override_settings(ROOT_URLCONF=__name__)
def test_what_broke_is_told_with_the_place_where_it_did(client: Client, log: io.StringIO) -> None:
    client.raise_request_exception = False
    assert client.get("/breaks/").status_code == 500
    assert log.getvalue().startswith("ERROR   django.request: Internal Server Error: /breaks/\nTraceback")
    assert log.getvalue().endswith("LookupError: no lamps left\n")
