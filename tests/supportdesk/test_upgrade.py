"""A desk of an earlier version is started by this one: its data stay, and what is new finds its place in them."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from django.conf import settings


def test_a_desk_of_the_first_version_is_brought_up_to_date_with_its_data(tmp_path: Path) -> None:
    _migrate(tmp_path, "conversations", "0002")
    _migrate(tmp_path, "handoff", "0001")
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as desk, desk:
        desk.execute("UPDATE conversations_desksettings SET idle_after_minutes = 99000000, reminder = 'Still there?'")
        cleo = (1, "Cleo", "cleo@example.com", None, "premium", True, "{}", "2026-11-20 10:00:00")
        desk.execute("INSERT INTO conversations_customer VALUES (?, ?, ?, ?, ?, ?, ?, ?)", cleo)
    _migrate(tmp_path)
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as desk:
        kept = desk.execute("SELECT idle_after_minutes, reminder FROM conversations_desksettings").fetchone()
        now = desk.execute("SELECT name, verified, email_verified FROM conversations_customer").fetchone()
    assert kept == (525_600, "Still there?")  # what no desk may keep any more is at the bound
    assert now == ("Cleo", 1, 0)


def _migrate(data: Path, *what: str) -> None:
    environment = os.environ | {"DESK_DATA": str(data), "DATABASE_URL": ""}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", *what]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, timeout=60)
