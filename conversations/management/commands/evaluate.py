"""Runs a labelled CSV through the desk's own classifier and signals, and prints how often they are right."""

import csv
import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from conversations.assistant import route, signals
from conversations.assistant.shipped import DEFAULT
from conversations.assistant.turn import Turn
from conversations.models import Conversation, Customer, Message, Role

Row = dict[str, str]
YES, NO = "1", "0"


async def intent(row: Row) -> str:
    """As if the text opened a conversation."""
    conversation = Conversation(customer=Customer())
    message = Message(conversation=conversation, seq=1, role=Role.CUSTOMER, body=row["text"])
    routing = await route(Turn(conversation, [message], seq=1, text=row["text"]))
    return routing.intent or DEFAULT


async def human_request(row: Row) -> str:
    return YES if signals.asks_for_person(row["text"]).score >= signals.YES else NO


async def frustration(row: Row) -> str:
    return YES if signals.frustration(row["text"]).score >= signals.YES else NO


#: Each task with its column.
TASKS: dict[str, tuple[Callable[[Row], Awaitable[str]], str]] = {
    "intent": (intent, "intent"),
    "human_request": (human_request, "human_request"),
    "frustration": (frustration, "frustrated"),
}


class Command(BaseCommand):
    help = (
        "Measure the classifier on a CSV with the columns text,intent · text,human_request · text,frustrated,context."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--task", choices=TASKS, default="intent")
        parser.add_argument("--json", action="store_true", help="print one object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        predict, column = TASKS[options["task"]]
        rows = _rows(options["file"], column)
        said, times = async_to_sync(_run)(predict, rows)
        figures = measure([row[column] for row in rows], said) | _percentiles(times)
        self.stdout.write(json.dumps(figures) if options["json"] else _table(figures, len(rows)))


async def _run(predict: Callable[[Row], Awaitable[str]], rows: list[Row]) -> tuple[list[str], list[float]]:
    """What is said of each row, and the milliseconds it took."""
    await predict(rows[0])  # what is learned once is not part of a message's time
    said, times = [], []
    for row in rows:
        began = time.perf_counter()
        said.append(await predict(row))
        times.append((time.perf_counter() - began) * 1000)
    return said, times


def _rows(file: Path, column: str) -> list[Row]:
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error
    if not rows or not {"text", column} <= rows[0].keys():
        raise CommandError(f"{file} needs rows with the columns text and {column}.")
    return rows


def measure(right: list[str], said: list[str]) -> dict[str, Any]:
    """Accuracy, macro-F1 and a row a class; of a yes/no task also precision, recall and F1 of yes."""
    hits = Counter(label for label, guess in zip(right, said, strict=True) if label == guess)
    there, guessed = Counter(right), Counter(said)
    classes = {label: _scores(hits[label], guessed[label], there[label]) for label in sorted(there)}
    figures = {
        "accuracy": round(hits.total() / len(right), 4),
        "macro_f1": round(sum(scores["f1"] for scores in classes.values()) / len(classes), 4),
        "classes": classes,
    }
    if there.keys() <= {YES, NO}:
        yes = classes.get(YES) or _scores(0, guessed[YES], 0)
        figures |= {name: yes[name] for name in ("precision", "recall", "f1")}
        figures["flagged"] = round(guessed[YES] / len(said), 4)
    return figures


def _scores(hits: int, guessed: int, there: int) -> dict[str, float]:
    precision, recall = hits / guessed if guessed else 0.0, hits / there if there else 0.0
    f1 = 2 * hits / (guessed + there) if guessed + there else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4), "support": there}


def _percentiles(times: list[float]) -> dict[str, float]:
    times = sorted(times)
    return {f"p{share}_ms": round(times[min(len(times) - 1, len(times) * share // 100)], 3) for share in (50, 95)}


def _table(figures: dict[str, Any], rows: int) -> str:
    lines = [f"{'':<20}{'precision':>10}{'recall':>10}{'f1':>10}{'support':>10}"]
    for name, scores in figures["classes"].items():
        values = "".join(f"{scores[key]:>10.3f}" for key in ("precision", "recall", "f1"))
        lines.append(f"{name:<20}{values}{scores['support']:>10}")
    rest = {key: value for key, value in figures.items() if key != "classes"}
    return "\n".join([*lines, f"{rows} rows · " + " · ".join(f"{key} {value}" for key, value in rest.items())])
