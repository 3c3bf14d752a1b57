"""The supervisor: what it started never outlives it, and comes back when it falls, ever more slowly."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supportdesk import leash, supervisor
from supportdesk.supervisor import FIRST_BACKOFF, LONGEST_BACKOFF, Child, Supervisor, backoff
from tests.running import alive
from tests.waiting import wait_until


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def keeper(tmp_path: Path, log: io.StringIO) -> Iterator[Supervisor]:
    keeper = Supervisor(tmp_path, tmp_path / "pids.json", log)
    yield keeper
    keeper.stop()


def pid_of(keeper: Supervisor, name: str) -> int:
    return int(json.loads(keeper.pids.read_text())[name])


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("how", ["exec", "watch"])
def test_a_command_on_the_leash_ends_with_its_owner(how: str) -> None:
    """`exec` is Linux's way, where the kernel does it; `watch` is the way of every other system."""
    if how == "exec" and sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent died")
    # The owner: it holds the pipe, starts a command that says its own pid, and is killed.
    code = (
        "import os, subprocess, sys\n"
        "life, hand = os.pipe()\n"
        f"leashed = [sys.executable, '-I', '-S', {leash.__file__!r}, str(life), {how!r}]\n"
        "say = [sys.executable, '-uc', 'import os, signal; print(os.getpid()); signal.pause()']\n"
        "subprocess.Popen([*leashed, *say], pass_fds=[life], start_new_session=True).wait()"
    )
    with subprocess.Popen(python(code), stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        leashed = int(owner.stdout.readline())
        assert alive(leashed)
        owner.kill()
    wait_until(lambda: not alive(leashed), 5, "the command's end")


def test_a_command_whose_owner_died_before_it_started_does_not_start() -> None:
    life, hand = os.pipe()
    os.close(hand)
    try:
        command = [sys.executable, "-I", "-S", leash.__file__, str(life), "exec", *python("print('here I am')")]
        answer = subprocess.run(command, pass_fds=[life], capture_output=True, check=False, timeout=20)
        assert answer.stdout == b""
    finally:
        os.close(life)


def test_what_a_child_writes_is_logged_under_its_name(keeper: Supervisor, log: io.StringIO) -> None:
    noisy = "print('hello'); print('Warm shutdown'); print('for ever', flush=True); import signal; signal.pause()"
    keeper.start(Child("chatty", python(noisy), mute=["Warm shutdown"]))
    assert keeper.run(until=lambda: "for ever" in log.getvalue(), seconds=10)
    assert log.getvalue() == "chatty | hello\nchatty | for ever\n"


def test_a_child_that_falls_is_started_again(keeper: Supervisor, log: io.StringIO) -> None:
    keeper.start(Child("clumsy", python("raise SystemExit(3)")))
    assert keeper.run(until=lambda: log.getvalue().count("exited with 3; starting it again") >= 2, seconds=10)


def test_the_pauses_grow_to_a_bound_and_are_never_the_same_for_all() -> None:
    pauses = [[backoff(deaths) for _ in range(50)] for deaths in range(12)]
    assert all(FIRST_BACKOFF / 2 <= pause <= LONGEST_BACKOFF for row in pauses for pause in row)
    assert max(pauses[1]) < min(pauses[3]) < max(pauses[3]) < min(pauses[6])
    assert min(pauses[11]) >= LONGEST_BACKOFF / 2
    assert len(set(pauses[11])) > 1


def test_a_child_that_will_not_end_is_made_to(
    keeper: Supervisor, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.3)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    keeper.start(Child("deaf", python(deaf)))
    assert keeper.run(until=lambda: "deaf | deaf" in log.getvalue(), seconds=10)
    child = pid_of(keeper, "deaf")
    keeper.stop()
    assert not alive(child)


def test_what_a_child_started_goes_with_it(keeper: Supervisor, log: io.StringIO) -> None:
    parent = (
        "import subprocess, sys\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']).pid, flush=True)\n"
        "import signal; signal.pause()"
    )
    keeper.start(Child("parent", python(parent)))
    assert keeper.run(until=lambda: "\n" in log.getvalue(), seconds=10)
    grandchild = int(log.getvalue().split("|")[1])
    os.kill(pid_of(keeper, "parent"), signal.SIGKILL)
    assert keeper.run(until=lambda: "was killed by SIGKILL" in log.getvalue(), seconds=10)
    wait_until(lambda: not alive(grandchild), 5, "the grandchild's end")
