"""Reads dialogues from JSONL: a line each, `{"id", "turns": [{"role", "text"}]}`."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from conversations.models.message import MAX_BODY


class Speaker(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"


SILENT = "system"  # what a machine noted between the turns: nobody says it


class BadFile(Exception):
    """The file is not what it should be; the text says where and why."""


@dataclass(frozen=True)
class Said:
    speaker: Speaker
    text: str


@dataclass(frozen=True)
class Dialogue:
    id: str
    turns: list[Said]


@dataclass
class Script:
    """What is to be played, and how much of the file could not be."""

    dialogues: list[Dialogue]
    skipped_turns: int = 0  # empty, too long, or a machine's
    skipped_rows: int = 0  # with nothing left to say


def read(path: Path, most: int | None = None) -> Script:
    """The first `most` dialogues of the file; raises BadFile."""
    script = Script([])
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if most is not None and len(script.dialogues) >= most:
                    break
                if line.strip():
                    _take(line, f"{path}, line {number}", script)
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} cannot be read: {error}") from None
    if not script.dialogues:
        raise BadFile(f"{path} holds no dialogue.")
    return script


def _take(line: str, where: str, script: Script) -> None:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadFile(f"{where}: not JSON ({error}).") from None
    if not isinstance(row, dict) or not isinstance(row.get("turns"), list):
        raise BadFile(f'{where}: an object with a list "turns" is needed.')
    turns = [_turn(turn, f"{where}, turn {place}") for place, turn in enumerate(row["turns"], start=1)]
    said = [turn for turn in turns if turn is not None]
    script.skipped_turns += len(turns) - len(said)
    if said:
        script.dialogues.append(Dialogue(str(row.get("id") or f"line-{where.rpartition(' ')[2]}"), said))
    else:
        script.skipped_rows += 1


def _turn(turn: Any, where: str) -> Said | None:
    if not isinstance(turn, dict) or not isinstance(turn.get("text"), str):
        raise BadFile(f'{where}: an object with "role" and a string "text" is needed.')
    role, text = turn.get("role"), turn["text"].strip()
    if role == SILENT:
        return None
    if role not in list(Speaker):
        raise BadFile(f"{where}: the role is customer, agent or system, not {role!r}.")
    return Said(Speaker(role), text) if text and len(text) <= MAX_BODY else None
