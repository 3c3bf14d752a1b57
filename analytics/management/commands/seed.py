"""`manage.py seed`: a history of any size, for demonstrations and measurements."""

from collections import Counter
from datetime import datetime
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from analytics.seeding import history
from analytics.timeframes import zone


class Command(BaseCommand):
    help = "Writes conversations that could have happened, up to now: messages, turns, handoffs, ratings and all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--conversations", type=int, default=1000, metavar="N")
        parser.add_argument("--days", type=int, default=90, help="how far back the history reaches")
        parser.add_argument("--random-seed", type=int, default=1, help="the same seed gives the same history")
        parser.add_argument("--until", help="its last moment instead of now, as 2026-11-20T12:00Z")

    def handle(self, *args: Any, conversations: int, days: int, random_seed: int, until: str | None, **_: Any) -> None:
        if conversations < 1 or not 1 <= days <= 3650:
            raise CommandError("At least one conversation and 1 to 3650 days are needed.")
        begun, made = perf_counter(), Counter[str]()
        try:
            for chunk in history.write(conversations, days, random_seed, moment(until), zone("")):
                made += chunk
                self.progress(made["conversations"], conversations)
        except history.AlreadyThere:
            raise CommandError(
                f"The history of --random-seed {random_seed} is here already. Choose another --random-seed for more."
            ) from None
        tell_the_planner()
        counts = ", ".join(f"{number:,} {name}" for name, number in made.items())
        self.stdout.write(f"{counts} over {days} days, in {perf_counter() - begun:.1f} s.")

    def progress(self, done: int, of: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {of:,} conversations", ending="" if done < of else "\n")


def moment(text: str | None) -> datetime:
    if text is None:
        return timezone.now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--until {text} is not a time such as 2026-11-20T12:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=zone(""))


def tell_the_planner() -> None:
    """Statistics that are as old as the empty tables would lead the database to bad plans."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
