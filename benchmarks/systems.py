"""The two systems under load, each a tree of processes on loopback that is ended by its pid."""

import math
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from supportdesk import leash

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
RESTING, LOOK = 0.1, 1.0  # of a core, over so many seconds


@dataclass(frozen=True)
class System:
    url: str
    pids: list[int]
    first_page: float = 0.0  # seconds from the command to the chat page

    def memory(self) -> float:
        """Proportional set size of all its processes, in MiB: a page that several share counts once."""
        trees = [process for pid in self.pids for process in _tree(pid)]
        return sum(process.memory_full_info().pss for process in trees) / 2**20

    def rest(self) -> None:
        """Returns once its processes have next to nothing to do: what a start or a load began is done then."""
        used = -math.inf

        def rests() -> bool:
            nonlocal used
            before, used = used, self._cpu()
            return used - before < RESTING * LOOK

        _wait(rests, f"rest at {self.url}", every=LOOK)

    def _cpu(self) -> float:
        """Seconds that its processes have used."""
        trees = [process for pid in self.pids for process in _tree(pid)]
        return sum(sum(process.cpu_times()[:2]) for process in trees)


@contextmanager
def floor(folder: Path, valkey: str) -> Iterator[System]:
    """uvicorn with the options that the desk gives it, and a Valkey of its own."""
    port, broker = _free_port(), folder / "floor.sock"
    environment = os.environ | {"FLOOR_REDIS_URL": f"unix://{broker}"}
    options = ["--lifespan", "off", "--log-level", "warning", "--no-access-log", "--ws-per-message-deflate", "false"]
    with (
        _process([valkey, "--port", "0", "--unixsocket", str(broker), "--save", ""], environment),
        _process(
            [sys.executable, "-m", "uvicorn", "benchmarks.floor:application", "--port", str(port), *options],
            environment,
        ) as web,
    ):
        _wait(lambda: _connects(port), "the floor")
        yield System(f"http://127.0.0.1:{port}", [web.pid])


@contextmanager
def desk(folder: Path, database: str = "", webs: int = 1) -> Iterator[System]:
    """The whole desk, as `up` runs it, with an empty shop and without limits."""
    port, began = _free_port(), time.perf_counter()
    environment = desk_environment(folder, database) | {"PORT": str(port)}
    with _process([sys.executable, "manage.py", "up", "--no-demo", "--web", str(webs)], environment) as up:
        url = f"http://127.0.0.1:{port}"
        _wait(lambda: _answers(f"{url}/chat/"), "the desk's first page", up)
        first_page = time.perf_counter() - began
        _wait(lambda: _answers(f"{url}/readyz"), "the desk", up)
        yield System(url, [up.pid], first_page)


def desk_environment(folder: Path, database: str) -> dict[str, str]:
    clean = {
        name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DESK_URL", "OPENAI_API_KEY")
    }
    return clean | {"DESK_DATA": str(folder / "data"), "DESK_RATE_LIMITS": "off", "DATABASE_URL": database}


def make_agents(folder: Path, database: str, count: int) -> list[str]:
    command = [sys.executable, "manage.py", "make_agents", str(count)]
    answer = subprocess.run(
        command, cwd=ROOT, env=desk_environment(folder, database), capture_output=True, text=True, check=True
    )
    return answer.stdout.split()[-1].split(",")


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Ends with this block and, on its leash, with this process, however that dies."""
    life, hand = os.pipe()
    how = "exec" if sys.platform == "linux" else "watch"
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", leash.__file__, str(life), how, *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[life],
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(life)
        os.close(hand)


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _wait(
    holds: Callable[[], bool], what: str, process: "subprocess.Popen[bytes] | None" = None, *, every: float = 0.02
) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end or (process and process.poll() is not None):
            raise RuntimeError(f"{what} did not come")
        time.sleep(every)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310  # loopback
            return bool(page.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
