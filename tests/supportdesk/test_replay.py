"""`manage.py replay`: dialogues through a running desk's own sockets, with an account that finds what is missing."""

import asyncio
import json
import re
import subprocess
from pathlib import Path

import pytest

from supportdesk.replay import dialogues
from tests import servers
from tests.running import Desk

from .thief import thief_before

TALKS = [
    {
        "id": "lost-mitten",
        "turns": [
            {"role": "customer", "text": "One of my mittens was not in the parcel."},
            {"role": "customer", "text": "The left one."},
            {"role": "agent", "text": "I'm sorry. I've sent you a left one."},
            {"role": "customer", "text": "Thank you!"},
            {"role": "agent", "text": "You're welcome."},
        ],
    },
    {
        "id": "asks-at-once",
        "turns": [
            {"role": "customer", "text": "let me talk to a person please"},
            {"role": "system", "text": "action: opened the account"},
            {"role": "agent", "text": "Hello, here is one."},
            {"role": "customer", "text": "   "},
        ],
    },
    {"id": "nothing-to-say", "turns": [{"role": "customer", "text": ""}]},
    {"id": "agent-first", "turns": [{"role": "agent", "text": "Your order is ready. 🧤"}]},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "talks.jsonl"
    path.write_text("".join(json.dumps(talk) + "\n" for talk in TALKS))
    return path


def replay(desk: Desk, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return servers.manage("replay", *arguments, "--speed", "0", "--agents", "2", env=desk.environment())


def figure(answer: "subprocess.CompletedProcess[str]", row: str) -> str:
    found = re.search(rf"^ *{re.escape(row)} {{2,}}(.+)$", answer.stdout, re.MULTILINE)
    assert found, f"no row {row!r} in:\n{answer.stdout}{answer.stderr}"
    return found[1].strip()


def test_what_was_said_is_stored_shown_and_counted(desk: Desk, file: Path) -> None:
    answer = replay(desk, str(file))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert figure(answer, "Conversations").startswith("3 in ")
    assert figure(answer, "Messages sent") == "8"
    assert figure(answer, "… stored").startswith("8, ")
    assert figure(answer, "Skipped") == "3 turns with nothing to say, 1 empty rows"
    assert figure(answer, "Escalated") == "3 of 3"
    assert "1  User requested human assistance" in answer.stdout
    assert "2  The customer pressed the button" in answer.stdout
    for row in ("Lost", "Duplicates", "Gaps", "Out of order", "Broken off"):
        assert figure(answer, row) == "0"
    for row in ("… on customers' screens", "… on agents' screens"):
        shown, due = figure(answer, row).split(" of ")
        assert shown == due


def test_only_as_many_dialogues_as_asked_for_are_played(desk: Desk, file: Path) -> None:
    answer = replay(desk, str(file), "--conversations", "1")
    assert figure(answer, "Conversations").startswith("1 in ")
    assert figure(answer, "Messages sent") == "5"


@pytest.mark.parametrize(("times", "fault"), [(0, "Lost"), (2, "Duplicates")])
async def test_a_message_that_is_stolen_or_repeated_on_the_way_is_noticed(
    desk: Desk, file: Path, times: int, fault: str
) -> None:
    async with thief_before(desk.url, times) as url:
        answer = await asyncio.to_thread(replay, desk, str(file), "--conversations", "1", "--url", url)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert int(figure(answer, fault)) >= 1
    assert "lost-mitten" in answer.stdout


def test_where_no_desk_answers_it_says_so(desk: Desk, file: Path) -> None:
    answer = replay(desk, str(file), "--url", "http://127.0.0.1:1")
    assert answer.returncode == 1
    assert "No desk answers at http://127.0.0.1:1" in answer.stderr


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: not JSON"),
        ("[]", 'line 2: an object with a list "turns"'),
        ('{"turns": "none"}', 'line 2: an object with a list "turns"'),
        ('{"turns": [{"role": "customer"}]}', "line 2, turn 1: an object with"),
        ('{"turns": [{"role": "robot", "text": "beep"}]}', "line 2, turn 1: the role is customer, agent or system"),
    ],
)
def test_a_file_that_is_not_dialogues_is_refused_with_the_line(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_text(json.dumps(TALKS[0]) + "\n" + line + "\n")
    with pytest.raises(dialogues.BadFile, match=re.escape(complaint)):
        dialogues.read(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
def test_a_file_with_no_dialogue_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_bytes(content)
    with pytest.raises(dialogues.BadFile, match=r"talks\.jsonl"):
        dialogues.read(path)


def test_words_too_long_for_a_message_are_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "talks.jsonl"
    turns = [{"role": "customer", "text": "a" * 10_001}, {"role": "customer", "text": "Hello"}]
    path.write_text(json.dumps({"turns": turns}))
    script = dialogues.read(path)
    assert (len(script.dialogues[0].turns), script.skipped_turns) == (1, 1)
