"""Child processes under one parent: started, named in the log, restarted with back-off, ended together."""

import json
import os
import random
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from supportdesk import leash

TICK = 0.1  # seconds between two looks at the children
FIRST_BACKOFF, LONGEST_BACKOFF = 0.2, 10.0
STEADY = 30.0  # who lived this long has earned a fresh start
GRACE = 10.0  # between "please end" and SIGKILL

COLOURS = ("36", "32", "33", "35", "34", "31")


@dataclass(frozen=True)
class Child:
    name: str
    command: Sequence[str]
    ends_last: bool = False  # the others still need it while they end
    mute: Sequence[str] = ()  # lines with one of these are noise
    env: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[int] = ()  # descriptors that it inherits


@dataclass
class Life:
    """A child's process now, and when to start the next one."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0
    rest: bytes = b""  # of a log line that has not ended yet

    @property
    def now(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    @property
    def output(self) -> int:
        assert self.now.stdout is not None
        return self.now.stdout.fileno()

    def close(self) -> None:
        assert self.now.stdout is not None
        self.now.stdout.close()
        self.process, self.rest = None, b""


class Supervisor:
    def __init__(self, folder: Path, pids: Path, out: IO[str] = sys.stdout) -> None:
        self.folder, self.pids, self.out = folder, pids, out
        self.asked_to_stop = 0
        self._lives: list[Life] = []
        self._streams = selectors.DefaultSelector()
        # Nobody else may hold the write end: its closing is what tells the children that this process is gone.
        self._leash, self._hand = os.pipe()

    # --- signals ---

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop += 1

    # --- life ---

    def start(self, child: Child) -> None:
        life = Life(child)
        self._lives.append(life)
        self._spawn(life)

    def run(self, until: Callable[[], bool] | None = None, seconds: float = float("inf")) -> bool:
        """Keep every child alive until asked to stop, until `until` holds (then True) or until the time is up."""
        end, look = time.monotonic() + seconds, 0.0
        while not self.asked_to_stop and (now := time.monotonic()) < end:
            if until is not None and now >= look:  # not at every line that a child writes
                if until():
                    return True
                look = time.monotonic() + TICK
            self._pump(TICK)
            for life in self._lives:
                self._care_for(life)
        return False

    def stop(self) -> None:
        """End everything: politely, then firmly; those the others lean on come last."""
        self._end([life for life in self._lives if not life.child.ends_last])
        self._end([life for life in self._lives if life.child.ends_last])
        self.pids.unlink(missing_ok=True)

    def _spawn(self, life: Life) -> None:
        how = "exec" if sys.platform == "linux" else "watch"
        life.process = subprocess.Popen(
            # -I -S: the leash itself needs nothing of ours, and starts in some 15 ms.
            [sys.executable, "-I", "-S", leash.__file__, str(self._leash), how, *life.child.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **life.child.env},
            pass_fds=[self._leash, *life.child.files],
            start_new_session=True,  # Ctrl-C reaches `up` alone, which then ends the children in order
        )
        life.started = time.monotonic()
        os.set_blocking(life.output, False)
        self._streams.register(life.output, selectors.EVENT_READ, life)
        self._write_pids()

    def _care_for(self, life: Life) -> None:
        now = time.monotonic()
        if life.process is None:
            if now >= life.due:
                self._spawn(life)
        elif life.process.poll() is not None:
            code = life.process.returncode
            self._bury(life)
            life.deaths = 0 if now - life.started >= STEADY else life.deaths + 1
            pause = backoff(life.deaths)
            life.due = now + pause
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
            self.say(life, f"{how}; starting it again in {pause:.1f} s")

    def _bury(self, life: Life) -> None:
        _signal_group(life.now.pid, signal.SIGKILL)  # whatever it started goes with it
        while self._read(life):
            pass
        if life.output in self._streams.get_map():
            self._streams.unregister(life.output)
        life.close()
        self._write_pids()

    def _end(self, lives: Iterable[Life]) -> None:
        left = [life for life in lives if life.process is not None]
        for life in left:
            _signal_group(life.now.pid, signal.SIGTERM)
        asked, deadline = self.asked_to_stop, time.monotonic() + GRACE
        while left:
            self._pump(TICK)
            for life in left:
                # A second Ctrl-C means "now".
                if time.monotonic() > deadline or self.asked_to_stop > max(asked, 1):
                    _signal_group(life.now.pid, signal.SIGKILL)
                if life.now.poll() is not None:
                    self._bury(life)
            left = [life for life in left if life.process is not None]

    def _write_pids(self) -> None:
        """Who is who, for an operator and for the tests that kill."""
        pids = {life.child.name: life.process.pid for life in self._lives if life.process is not None}
        draft = self.pids.with_suffix(".new")
        draft.write_text(json.dumps({"up": os.getpid()} | pids))
        draft.replace(self.pids)

    # --- the log ---

    def say(self, life: Life, text: str) -> None:
        width = max(len(life.child.name) for life in self._lives)
        label = f"{life.child.name:<{width}} |"
        if self.out.isatty():
            label = f"\x1b[{COLOURS[self._lives.index(life) % len(COLOURS)]}m{label}\x1b[0m"
        print(label, text, file=self.out, flush=True)

    def _pump(self, seconds: float) -> None:
        for key, _ in self._streams.select(seconds):
            if not self._read(key.data):
                self._streams.unregister(key.fd)  # ended; it would count as readable for ever

    def _read(self, life: Life) -> bool:
        """Log what the child has written; False at the end of it, or where there is nothing more for now."""
        try:
            chunk = os.read(life.output, 65536)
        except BlockingIOError:
            return False
        *lines, life.rest = (life.rest + chunk).split(b"\n")
        for line in (line.decode(errors="replace").rstrip() for line in lines):
            if line and not any(noise in line for noise in life.child.mute):
                self.say(life, line)
        return bool(chunk)


def backoff(deaths: int) -> float:
    """Seconds to wait after so many deaths in a row, spread so that children that fell together rise apart."""
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** max(deaths - 1, 0))
    return float(longest) * random.uniform(0.5, 1)  # noqa: S311 - nobody gains by guessing it


def _signal_group(group: int, number: signal.Signals) -> None:
    # It may be gone already; macOS answers with PermissionError where a group holds only zombies.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
