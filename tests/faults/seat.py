"""A person at a screen, as a good client is one: reconnects, catches up by `after`, sends again by `client_id`."""

import asyncio
import json
import random
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.running import Desk
from tests.waiting import wait_until_async

Frame = dict[str, Any]


class Seat:
    """One side of one conversation. `shown` is what came, in the order in which it came: nothing is sorted, and
    nothing that comes twice is hidden."""

    def __init__(self, url: str, hello: Frame, conversation: str = "", chance: random.Random | None = None) -> None:
        self.url, self.hello, self.conversation, self.chance = url, hello, conversation, chance
        self.pings = True
        self.shown: list[Frame] = []
        self.frames: list[Frame] = []
        self.farewells: list[str] = []  # how her connections ended, for whoever reads a failed test
        self.unsent: dict[str, str] = {}
        self.acked: dict[str, int] = {}
        self.cuts = self.welcomes = 0
        self.wire: ClientConnection | None = None

    # --- What she does ---

    async def write(self, body: str) -> str:
        key = str(uuid.uuid4())
        self.unsent[key] = body
        if self.wire:
            with suppress(WebSocketException):  # it stays in the outbox
                await self._send(self.wire, key)
        return key

    async def _send(self, wire: ClientConnection, key: str) -> None:
        frame = {"type": "message", "client_id": key, "body": self.unsent[key]}
        await wire.send(json.dumps(frame | ({"conversation": self.conversation} if self.conversation else {})))

    # --- What she sees ---

    @property
    def seen(self) -> int:
        return max((message["seq"] for message in self.shown), default=0)

    def seqs(self) -> list[int]:
        return [message["seq"] for message in self.shown]

    def said_by(self, role: str) -> list[str]:
        return [message["body"] for message in self.shown if message["role"] == role]

    async def until(self, condition: Callable[[], Any], seconds: float, what: str) -> None:
        async def holds() -> bool:
            return bool(condition())

        await wait_until_async(holds, seconds, what)

    async def until_welcomed(self) -> None:
        await self.until(lambda: self.welcomes, 20, "a welcome")

    async def until_seen(self, seq: int) -> None:
        await self.until(lambda: self.seen >= seq, 30, f"message {seq} on the screen")

    async def hears(self, role: str, body: str, seconds: float) -> bool:
        try:
            await self.until(lambda: body in self.said_by(role), seconds, body)
        except AssertionError:
            return False
        return True

    # --- Her connection ---

    async def stay(self) -> None:
        """Keeps coming back until it is cancelled."""
        while True:
            try:
                async with connect(self.url, open_timeout=10, ping_interval=None) as wire:
                    await self._attend(wire)
            except (WebSocketException, OSError) as error:
                self.farewells.append(repr(error))
            self.wire = None
            await asyncio.sleep(0.1)

    async def _attend(self, wire: ClientConnection) -> None:
        after = {} if self.conversation else {"after": self.seen}
        await wire.send(json.dumps({"type": "hello"} | self.hello | after))
        until_cut = self.chance.randint(5, 60) if self.chance else 0
        pinging = asyncio.create_task(self._ping(wire))
        try:
            async for text in wire:
                await self._take(json.loads(text), wire)
                until_cut -= 1
                if self.chance and until_cut == 0:
                    self.cuts += 1
                    wire.transport.abort()
        finally:
            pinging.cancel()

    async def _ping(self, wire: ClientConnection) -> None:
        while self.pings:
            await asyncio.sleep(1)
            await wire.send('{"type":"ping"}')

    async def _take(self, frame: Frame, wire: ClientConnection) -> None:
        self.frames.append(frame)
        match frame["type"]:
            case "welcome":
                self.welcomes += 1
                self.shown += frame.get("messages", [])
                if self.conversation:
                    watch = {"type": "watch", "conversation": self.conversation, "after": self.seen}
                    await wire.send(json.dumps(watch))
                await self._send_the_unsent(wire)
            case "messages":
                self.shown += frame["messages"]
            case "message":
                self.shown.append(frame["message"])
            case "ack":
                self.acked[frame["client_id"]] = frame["seq"]
                self.unsent.pop(frame["client_id"], None)

    async def _send_the_unsent(self, wire: ClientConnection) -> None:
        """In the order in which they were written, and before anything newer."""
        sent: set[str] = set()
        while left := [key for key in self.unsent if key not in sent]:
            for key in left:
                sent.add(key)
                await self._send(wire, key)
        self.wire = wire


@asynccontextmanager
async def seated(*seats: Seat) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(seat.stay()) for seat in seats]
    try:
        for seat in seats:
            await seat.until_welcomed()
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# --- The desk's other doors ----------------------------------------------------------------------------------------


def call(desk: Desk, method: str, path: str, body: Any = None, auth: str = "") -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": auth} if auth else {})
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{desk.url}/api/v1/{path}", data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310 - our own address
        return json.loads(answer.read() or "null")


def cleo_at(desk: Desk, chance: random.Random | None = None) -> tuple[Seat, Frame]:
    """Cleo with a new conversation, and what opening it returned."""
    talk = call(desk, "POST", "conversations/", {"customer": {"name": "Cleo"}})
    url = f"{desk.ws_url}/ws/chat/{talk['id']}/"
    return Seat(url, {"token": talk["token"]}, chance=chance), talk


def agent_key(desk: Desk) -> str:
    made = subprocess.run(
        [sys.executable, "manage.py", "make_agents", "1"],
        cwd=settings.BASE_DIR,
        env=desk.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.splitlines()[-1]


def agent_at(desk: Desk, key: str, talk: Frame, chance: random.Random | None = None) -> Seat:
    return Seat(f"{desk.ws_url}/ws/inbox/", {"token": key}, conversation=talk["id"], chance=chance)


def stored(desk: Desk, talk: Frame) -> list[Frame]:
    """The whole conversation as the database has it."""
    messages: list[Frame] = []
    while True:
        after = messages[-1]["seq"] if messages else 0
        path = f"conversations/{talk['id']}/messages/?after={after}&limit=200"
        page = call(desk, "GET", path, auth=f"Bearer {talk['token']}")
        messages += page["results"]
        if not page["next"]:
            return messages


def status_of(desk: Desk, talk: Frame) -> Frame:
    shown: Frame = call(desk, "GET", f"conversations/{talk['id']}/", auth=f"Bearer {talk['token']}")
    return shown
