"""A whole desk under test: `manage.py up` as its own process, with its own data, port and environment."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil
from django.conf import settings

from supportdesk import leash
from tests.waiting import wait_until

#: What `up` is given, beside this process's environment, unless a test says otherwise.
QUIET = {"DESK_RATE_LIMITS": "off"}


@dataclass(frozen=True)
class SignIn:
    role: str
    username: str
    password: str


@dataclass
class Desk:
    data: Path
    env: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self.log = self.data / "up.log"
        self._life, self._hand = os.pipe()

    def environment(self) -> dict[str, str]:
        return os.environ | QUIET | {"DESK_DATA": str(self.data), "PORT": str(self.port)} | self.env

    def launch(self) -> Self:
        """Starts `up` without waiting for it. It is on the tests' own leash: they leave no desk behind."""
        how = "exec" if sys.platform == "linux" else "watch"
        up = [sys.executable, "manage.py", "up", *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, str(self._life), how, *up],
                cwd=settings.BASE_DIR,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self._life],
                start_new_session=True,
            )
        return self

    def start(self) -> Self:
        """Starts `up` and waits until it has printed its addresses."""
        before = self.text().count("The desk is ready.")
        self.launch()
        try:
            wait_until(lambda: self.text().count("The desk is ready.") > before or self.ended(), 100, "a ready desk")
            assert not self.ended(), "`up` ended at once"
        except AssertionError as error:
            raise AssertionError(f"{error}; its log ends with:\n{self.text()[-4000:]}") from None
        return self

    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    # --- people ---

    @property
    def sign_ins_path(self) -> Path:
        return self.data / "sign-ins.txt"

    def sign_ins(self) -> list[SignIn]:
        lines = self.sign_ins_path.read_text().splitlines()
        return [SignIn(*parts) for line in lines if len(parts := line.split()) == 3]

    def sign_in(self, role: str) -> SignIn:
        return next(person for person in self.sign_ins() if person.role == role)

    def browser_of(self, person: SignIn) -> urllib.request.OpenerDirector:
        """An HTTP client that has signed in as `person` and keeps the cookies."""
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        opener = urllib.request.build_opener(jar)
        with opener.open(f"{self.url}/accounts/login/", timeout=10) as page:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
        assert token, "the sign-in page has no form"
        form = {"csrfmiddlewaretoken": token[1], "username": person.username, "password": person.password}
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.url}/accounts/login/", urllib.parse.urlencode(form).encode(), {"Referer": self.url}
        )
        with opener.open(request, timeout=10) as page:
            assert "/accounts/login/" not in page.url, f"{person.username} could not sign in"
        return opener

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as page:  # noqa: S310 - our own address
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    # --- faults ---

    def pids(self) -> dict[str, int]:
        path = self.data / "run" / "pids.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Kills the child called `name` (or `up` itself) and says which process it was."""
        pid = self.pids()[name]
        os.kill(pid, number)
        return pid

    def wait_for_another(self, name: str, than: int, seconds: float = 15) -> int:
        """The pid of the process that took the place of the child `than`."""
        return wait_until(
            lambda: (pid := self.pids().get(name, than)) != than and alive(pid) and pid,
            seconds,
            f"a new {name}",
        )

    def processes(self) -> list[psutil.Process]:
        """Everything alive on this machine that belongs to this desk."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            return alive(process.pid) and process.environ().get("DESK_DATA") == str(self.data)
        except psutil.Error:
            return False

    def stop(self) -> int:
        """Ends it as an operator would, and says how it ended."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def close(self) -> None:
        self.stop()
        os.close(self._life)
        os.close(self._hand)


def alive(pid: int) -> bool:
    """Runs still: a zombie does not, it only waits to be counted."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
