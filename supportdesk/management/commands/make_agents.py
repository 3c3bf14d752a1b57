"""Makes agents for a load test; the last line it prints is their API tokens, comma-separated."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportdesk import temporaries

MOST = 1000


class Command(BaseCommand):
    help = "Makes N agents for a load test and prints their API tokens, comma-separated, on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, metavar="N")
        parser.add_argument("--capacity", type=int, default=1000, help="conversations at a time, each (%(default)s)")

    def handle(self, *, count: int, capacity: int, verbosity: int, **options: Any) -> None:
        if not 1 <= count <= MOST:
            raise CommandError(f"N is from 1 to {MOST}.")
        if capacity < 1:
            raise CommandError("--capacity is at least 1.")
        hired = temporaries.hire(count, kind="load", capacity=capacity)
        if verbosity:
            self.stdout.write(f"{count} agents, load-1 to load-{count}, with room for {capacity} conversations each.")
        self.stdout.write(",".join(temporary.token for temporary in hired))
