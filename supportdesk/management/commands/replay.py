"""Plays real dialogues through the running desk's own sockets, and fails if a message was lost, doubled or left out."""

import asyncio
import math
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from supportdesk import temporaries
from supportdesk.replay import dialogues, report
from supportdesk.replay.ledger import Account, audit
from supportdesk.replay.people import Agent
from supportdesk.replay.stage import Stage
from supportdesk.replay.wire import Rest


class Command(BaseCommand):
    help = "Plays dialogues from a JSONL file through a running desk: customers and agents both, over real sockets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help='a line each: {"id", "turns": [{"role", "text"}]}')
        parser.add_argument("--url", default=settings.DESK_URL, help="where the desk answers (%(default)s)")
        parser.add_argument("--conversations", type=int, metavar="N", help="only the first N dialogues")
        parser.add_argument("--speed", type=float, default=60, help="times as fast as keys; 0: no pauses (%(default)s)")
        parser.add_argument(
            "--at-once", type=int, default=20, metavar="N", help="conversations at a time (%(default)s)"
        )
        parser.add_argument("--agents", type=int, default=4, metavar="N", help="agents who answer (%(default)s)")
        parser.add_argument(
            "--tokens",
            help="comma-separated API tokens of agents; without them, agents are made in this desk's database",
        )

    def handle(self, *, file: Path, url: str, tokens: str | None, **options: Any) -> None:
        self._check(options)
        try:
            script = dialogues.read(file, options["conversations"])
        except dialogues.BadFile as error:
            raise CommandError(str(error)) from None
        began = time.monotonic()
        with self._agents(tokens, options["agents"], options["at_once"]) as keys:
            accounts = asyncio.run(self._play(script, url, keys, options))
        faults = [fault for account in accounts if not account.failure for fault in audit(account)]
        self.stdout.write("\n".join(report.table(script, accounts, faults, time.monotonic() - began)))
        if complaints := list(report.complaints(accounts, faults)):
            self.stdout.write("\n" + "\n".join(complaints))
            sys.exit(1)

    def _check(self, options: dict[str, Any]) -> None:
        for name in ("conversations", "at_once", "agents"):
            if options[name] is not None and options[name] < 1:
                raise CommandError(f"--{name.replace('_', '-')} is at least 1.")
        if not 0 <= options["speed"] < math.inf:
            raise CommandError("--speed is 0 or more.")

    @contextmanager
    def _agents(self, tokens: str | None, count: int, at_once: int) -> Iterator[list[str]]:
        """Agents' tokens. Those made here are let go afterwards, however it ends."""
        if tokens:
            yield [token.strip() for token in tokens.split(",") if token.strip()]
            return
        hired = temporaries.hire(count, kind="replay", capacity=at_once)
        try:
            yield [temporary.token for temporary in hired]
        finally:
            temporaries.release(hired)

    async def _play(
        self, script: dialogues.Script, url: str, keys: list[str], options: dict[str, Any]
    ) -> list[Account]:
        progress = report.Progress(len(script.dialogues), sys.stderr)
        ws_url = url.rstrip("/").replace("http", "ws", 1)
        if not await Rest(url).answers():
            raise CommandError(f"No desk answers at {url}: start it, or name it with --url.")
        agents = [Agent(token, ws_url) for token in keys]
        try:
            if not all(await asyncio.gather(*(agent.arrive() for agent in agents))):
                raise CommandError(f"{url} did not let the agents in: are these tokens of that desk?")
            stage = Stage(url.rstrip("/"), agents, options["at_once"], options["speed"])
            return await stage.play(script.dialogues, progress.step)
        finally:
            await asyncio.gather(*(agent.line.hang_up() for agent in agents))
