"""One command, one desk: prepares what is missing, starts every process, keeps them alive until it is told to end."""

import fcntl
import http.client
import os
import socket
import sys
import time
import traceback
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from supportdesk import children, statics
from supportdesk.supervisor import Child, Supervisor

DOORS = {
    "front page": "/",
    "chat": "/chat/",
    "help": "/help/",
    "inbox": "/inbox/",
    "analytics": "/analytics/",
    "admin": "/admin/",
}
BROKER_PATIENCE = 20.0  # a broker reads its whole append-only file before it answers
READY_PATIENCE = 60.0
MOST = 64  # processes of a kind


class Command(BaseCommand):
    help = "Starts the whole desk: broker, web, worker and beat, with a demo shop when it is new."
    requires_system_checks: list[str] = []  # `make check` runs them; a start should be quick

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave a new desk empty")
        for name in ("web", "worker"):
            default = int(os.environ.get(f"DESK_{name.upper()}", "1"))
            parser.add_argument(f"--{name}", type=_some, default=default, help=f"{name} processes (%(default)s)")

    def handle(self, *, no_demo: bool, web: int, worker: int, **options: Any) -> None:
        self.folder = settings.DATA / "run"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with self._only_one():
            listeners = self._listen(web)
            if not settings.RATE_LIMITS:
                self._warn("RATE LIMITS ARE OFF (DESK_RATE_LIMITS=off): for load tests on loopback only.")
            supervisor = Supervisor(settings.BASE_DIR, self.folder / "pids.json")
            try:
                self._start_servers(supervisor)
                _apart(lambda: self._prepare(demo=not no_demo))
                self._serve(supervisor, list(map(children.web, range(1, web + 1), listeners)), worker)
            except KeyboardInterrupt:
                pass
            except children.NoBroker as error:
                sys.exit(str(error))
            finally:
                supervisor.stop()

    # --- before anything starts ---

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """Two desks on one database and one broker folder would ruin each other's files."""
        with (self.folder / "up.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit(
                    f"A desk is already running on {settings.DATA}: stop it, or set DESK_DATA and PORT for another one."
                )
            yield

    def _listen(self, many: int) -> list[socket.socket]:
        try:
            return children.listen(many)
        except OSError as error:
            sys.exit(
                f"Cannot listen on {children.HOST}:{settings.PORT} ({os.strerror(error.errno or 0)}): "
                f"set PORT to a free one, for example PORT={settings.PORT + 1}."
            )

    # --- step by step ---

    def _start_servers(self, supervisor: Supervisor) -> None:
        for child in children.servers():
            with self._step("broker"):
                supervisor.start(child)
                if not supervisor.run(until=children.broker_answers, seconds=BROKER_PATIENCE):
                    sys.exit(f"The broker did not answer within {BROKER_PATIENCE:.0f} s.")

    def _prepare(self, *, demo: bool) -> None:
        with self._step("database"):
            call_command("migrate", verbosity=0, interactive=False)
        with self._step("pages' files"):
            statics.collect()
        if demo and not get_user_model()._default_manager.exists():
            with self._step("demo shop"):
                call_command("demo", verbosity=0)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        self.stdout.write(f"  {f'{name} ':.<16} ", ending="")
        self.stdout.flush()
        try:
            yield
        except BaseException:
            self.stdout.write("failed")
            raise
        self.stdout.write(f"ready after {time.monotonic() - began:.1f} s")
        self.stdout.flush()  # a fork would otherwise take a copy along, and say it again

    # --- while it runs ---

    def _serve(self, supervisor: Supervisor, webs: list[Child], workers: int) -> None:
        supervisor.listen()
        supervisor.start(webs[0])
        # Alone at first: on two cores the others would double the wait for the first page.
        supervisor.run(until=lambda: _answers("/healthz"), seconds=READY_PATIENCE)
        for child in () if supervisor.asked_to_stop else (*webs[1:], *children.workers(workers)):
            supervisor.start(child)
        if supervisor.run(until=lambda: _answers("/readyz"), seconds=READY_PATIENCE):
            self._welcome()
        elif not supervisor.asked_to_stop:
            self._warn(f"The desk was not ready within {READY_PATIENCE:.0f} s; /readyz tells what is missing.")
        supervisor.run()
        self.stdout.write("Ending…")

    def _welcome(self) -> None:
        lines = ["", "The desk is ready.", ""]
        lines += [f"  {name:<10} {settings.DESK_URL}{path}" for name, path in DOORS.items()]
        if (sign_ins := settings.DATA / "sign-ins.txt").exists():
            lines += ["", f"  Sign-ins (kept in {sign_ins}):"]
            lines += [f"  {line}" for line in sign_ins.read_text().splitlines() if line.strip()]
        self.stdout.write("\n".join([*lines, "", "  Ctrl-C ends it.", ""]))
        self.stdout.flush()

    def _warn(self, text: str) -> None:
        self.stdout.write(self.style.WARNING(f"\n  !!! {text}\n"))


def _some(number: str) -> int:
    if not 1 <= (many := int(number)) <= MOST:
        raise ArgumentTypeError(f"from 1 to {MOST}")
    return many


def _apart(work: Callable[[], None]) -> None:
    """Does `work` in a process of its own: what it loads and connects to would stay here for days."""
    if (pid := os.fork()) == 0:
        code = 1
        try:
            work()
            code = 0
        except KeyboardInterrupt:
            pass
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        sys.exit(1)


def _answers(path: str) -> bool:
    host = "127.0.0.1" if children.HOST in ("0.0.0.0", "") else children.HOST  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=2)
    try:
        connection.request("GET", path, headers={"Host": settings.ALLOWED_HOSTS[0]})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
