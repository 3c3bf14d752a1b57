"""The servers, a running desk, and the cast: Cleo the customer, Ana and Ben the agents, Mia the manager, Zed."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings

from tests import servers

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from playwright.sync_api import Browser

    from conversations.models import Customer
    from tests.running import Desk

assert not django_settings.configured, "unset DJANGO_SETTINGS_MODULE: the tests name the settings after their servers"
_folder = servers.prepare_environment()
_running = ExitStack()
if servers.ON_POSTGRES:
    os.environ["DATABASE_URL"] = _running.enter_context(servers.postgres(_folder))


def pytest_configure() -> None:
    # Fast where nothing is at stake: a test's passwords guard nobody, and its pages may name their files plainly.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    _running.enter_context(servers.valkey(_folder))


def pytest_unconfigure() -> None:
    _running.close()
    servers.remove(_folder)


def pytest_report_header() -> str:
    return f"desk: {'PostgreSQL' if servers.ON_POSTGRES else 'SQLite'} and Valkey, both real, in {_folder}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that commits empties the database after itself; the next one gets back what the migrations put there.
    Browsers come last: theirs is a loop that runs in this thread until the end, and no other can run meanwhile."""
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", []))
    for item in items:
        marker, fixtures = item.get_closest_marker("django_db"), getattr(item, "fixturenames", [])
        if (marker and marker.kwargs.get("transaction")) or "transactional_db" in fixtures:
            fixtures.insert(0, "django_db_serialized_rollback")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """A database that somebody is connected to cannot be dropped: the writer keeps its connection, and the tests' own
    `await` on a query leaves one open in the thread that all of them share."""
    yield
    from asgiref.sync import SyncToAsync
    from django.db import connection

    from conversations.commits import _thread

    for thread in (_thread, SyncToAsync.single_thread_executor):
        thread.submit(lambda: connection.close()).result()  # of that thread: each has its own


@pytest.fixture(autouse=True)
def _unused_limits() -> Iterator[None]:
    """Every test starts with limits that nobody has used, and ends when what it began in the background has."""
    from conversations import background, limits

    for limit in limits.ALL:
        limit._buckets.clear()
    yield
    background.flush(10)


# --- the cast ---


@pytest.fixture
def cleo(db: None) -> "Customer":
    from conversations.models import Customer

    return Customer.objects.create(name="Cleo", email="cleo@example.com")


@pytest.fixture
def zed(db: None) -> "Customer":
    """A stranger: a customer of the same desk, with no business in Cleo's conversation."""
    from conversations.models import Customer

    return Customer.objects.create(name="Zed", email="zed@example.com")


@pytest.fixture
def ana(db: None) -> "User":
    return _staff("ana", "Agents")


@pytest.fixture
def ben(db: None) -> "User":
    return _staff("ben", "Agents")


@pytest.fixture
def mia(db: None) -> "User":
    return _staff("mia", "Managers")


def _staff(username: str, group: str) -> "User":
    from django.contrib.auth.models import Group, User

    user = User.objects.create_user(username, first_name=username.title(), password=f"{username}-password")
    user.groups.add(Group.objects.get(name=group))
    return user


# --- a desk that runs ---

_numbers = count(1)


@pytest.fixture(scope="session")
def _static(pytestconfig: pytest.Config) -> Path:
    """The collected static files, kept between runs and shared by all desks: to compress them takes seconds."""
    return Path(pytestconfig.cache.mkdir("desk-static"))


@pytest.fixture(scope="session")
def _new_desk(_static: Path) -> Callable[..., "Desk"]:
    from tests.running import Desk

    def new(*arguments: str, **env: str) -> Desk:
        number = next(_numbers)
        desk = Desk(_folder / f"desk-{number}", env, arguments)
        (desk.data / "static").symlink_to(_static, target_is_directory=True)
        # Only Valkey is shared between desks by nobody: each one runs its own.
        desk.env.setdefault("DATABASE_URL", servers.new_database(f"desk_{number}") if servers.ON_POSTGRES else "")
        return desk

    return new


@pytest.fixture(scope="session")
def desk(_new_desk: Callable[..., "Desk"]) -> Iterator["Desk"]:
    """A desk with its demo, for every test that only talks to it."""
    desk = _new_desk()
    try:
        yield desk.start()
    finally:
        desk.close()


@pytest.fixture
def new_desk(_new_desk: Callable[..., "Desk"]) -> Iterator[Callable[..., "Desk"]]:
    """Makes a desk of the test's own, to be started, hurt and ended: `new_desk("--no-demo", LLM_MODEL="…").start()`."""
    with ExitStack() as desks:

        def new(*arguments: str, **env: str) -> "Desk":
            desk = _new_desk(*arguments, **env)
            desks.callback(desk.close)
            return desk

        yield new


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The machine's own Chromium; without one the browser's tests are skipped."""
    from playwright.sync_api import sync_playwright

    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if binary is None:
        pytest.skip("no Chromium on this machine: the browser's tests are skipped")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield browser
        browser.close()
