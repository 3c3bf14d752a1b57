"""`/healthz` and `/readyz`: what an operator's probes are told, and when a desk counts as unable to serve."""

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import redis

from supportdesk import health
from tests.running import Desk
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def hurt(_new_desk: Callable[..., Desk]) -> Iterator[Desk]:
    desk = _new_desk("--no-demo")
    try:
        yield desk.start()
    finally:
        desk.close()


def readiness(desk: Desk) -> tuple[int, dict[str, Any]]:
    status, body = desk.get("/readyz")
    return status, json.loads(body)


def freeze(desk: Desk, *names: str) -> list[psutil.Process]:
    frozen = [psutil.Process(desk.pids()[name]) for name in names]
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    return frozen


def thaw(frozen: list[psutil.Process]) -> None:
    for process in frozen:
        process.send_signal(signal.SIGCONT)


def test_a_desk_that_runs_is_alive_and_ready(hurt: Desk) -> None:
    assert hurt.get("/healthz") == (200, "ok\n")
    status, answer = readiness(hurt)
    assert (status, answer["ready"], answer["missing"]) == (200, True, [])
    assert answer["worker"]["seen_seconds_ago"] < health.WORKER_PATIENCE


def test_a_desk_whose_broker_is_frozen_is_alive_but_not_ready_and_says_why(hurt: Desk) -> None:
    frozen = freeze(hurt, "broker")
    try:
        status, answer = readiness(hurt)
        assert (status, answer["ready"]) == (503, False)
        assert "layer" in answer["missing"]
        assert answer["database"]["ok"]
        assert hurt.get("/healthz")[0] == 200
    finally:
        thaw(frozen)
    wait_until(hurt.is_ready, 20, "a ready desk")


def test_a_worker_that_is_away_for_a_moment_takes_no_page_away(hurt: Desk) -> None:
    frozen = freeze(hurt, "worker")
    try:
        assert readiness(hurt)[0] == 200
    finally:
        thaw(frozen)


def test_a_worker_that_was_not_seen_for_long_makes_the_desk_unready(hurt: Desk) -> None:
    frozen = freeze(hurt, "worker", "beat")
    broker = redis.Redis(unix_socket_path=str(hurt.data / "run" / "valkey.sock"))
    try:
        seen = float(broker.get(health.HEARTBEAT) or 0)
        broker.set(health.HEARTBEAT, seen - health.WORKER_PATIENCE)
        status, answer = readiness(hurt)
        assert (status, answer["missing"]) == (503, ["worker"])
        broker.delete(health.HEARTBEAT)
        assert readiness(hurt)[1]["worker"] == {"ok": False, "seen_seconds_ago": None}
    finally:
        broker.close()
        thaw(frozen)
    wait_until(hurt.is_ready, 20, "a worker's heartbeat")
