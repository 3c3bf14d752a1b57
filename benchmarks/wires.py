"""How the load reaches a system: opening conversations with an agent on each, and saying message number n in one."""

import asyncio
import json
import urllib.request
from collections.abc import Callable
from typing import Any, Protocol
from uuid import uuid4

from .sockets import Frame, Socket, connect
from .tally import Tally

PATIENCE = 60.0


class Wire(Protocol):
    async def open(self, talks: int, agents: int) -> None:
        """Connects a customer for each talk and, with `agents`, an agent who sees it."""

    def say(self, talk: int, number: int) -> None: ...
    def close(self) -> None: ...


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  # it holds once in a run, and nothing is timed meanwhile
            await asyncio.sleep(0.02)


class FloorWire:
    def __init__(self, url: str, tally: Tally) -> None:
        self.url, self.tally = url.replace("http", "ws", 1), tally
        self.customers: list[Socket] = []
        self.agents: list[Socket] = []
        self.ready = 0

    async def open(self, talks: int, agents: int) -> None:
        for agent in range(agents):
            numbers = ",".join(map(str, range(agent, talks, agents)))
            self.agents.append(await connect(f"{self.url}/agent/{numbers}", self._agent_hears))
        for talk in range(talks):
            self.customers.append(await connect(f"{self.url}/customer/{talk}", self._customer_hears))
        await until(lambda: self.ready >= talks + agents)

    def say(self, talk: int, number: int) -> None:
        self.customers[talk].say({"id": number, "body": self.tally.BODY})

    def close(self) -> None:
        for socket in (*self.customers, *self.agents):
            socket.hang_up()

    def _agent_hears(self, frame: Frame) -> None:
        if frame["type"] == "ready":
            self.ready += 1
        else:
            self.tally.shown(frame["message"]["id"])

    def _customer_hears(self, frame: Frame) -> None:
        if frame["type"] == "ready":
            self.ready += 1
        else:
            self.tally.stored(frame["message"]["id"])


class DeskWire:
    """By the public contract only: REST to open, escalate and claim, then the customers' and the agents' sockets."""

    def __init__(self, url: str, tally: Tally, tokens: list[str]) -> None:
        self.url, self.ws_url, self.tally, self.tokens = url, url.replace("http", "ws", 1), tally, tokens
        self.talks: list[Frame] = []
        self.customers: list[Socket] = []
        self.agents: list[Socket] = []
        self.welcomed = self.watched = 0
        self.numbers: dict[str, int] = {}

    async def open(self, talks: int, agents: int) -> None:
        self.talks = [await self._rest("POST", "conversations/", {"customer": {"name": "Load"}}) for _ in range(talks)]
        for talk in self.talks:
            socket = await connect(f"{self.ws_url}/ws/chat/{talk['id']}/", self._customer_hears)
            socket.say({"type": "hello", "token": talk["token"], "after": 0})
            self.customers.append(socket)
        for token in self.tokens[:agents]:
            socket = await connect(f"{self.ws_url}/ws/inbox/", self._agent_hears)
            socket.say({"type": "hello", "token": token})
            self.agents.append(socket)
        await until(lambda: self.welcomed >= talks + len(self.agents))
        if agents:
            for number in range(talks):
                await self._connect_agent(number, number % len(self.agents))
            await until(lambda: self.watched >= talks)

    async def _connect_agent(self, talk: int, agent: int) -> None:
        conversation = self.talks[talk]
        path, staff = f"conversations/{conversation['id']}/", f"Token {self.tokens[agent]}"
        await self._rest("POST", f"{path}escalate/", auth=f"Bearer {conversation['token']}")
        handoff = (await self._rest("GET", path, auth=staff))["handoff"]["id"]
        await self._rest("POST", f"handoffs/{handoff}/claim/", auth=staff)
        self.agents[agent].say({"type": "watch", "conversation": conversation["id"], "after": 0})

    def say(self, talk: int, number: int) -> None:
        client_id = str(uuid4())
        self.numbers[client_id] = number
        self.customers[talk].say({"type": "message", "client_id": client_id, "body": self.tally.BODY})

    async def count_stored(self) -> int:
        """The customers' messages that the desk says it has."""
        count, staff = 0, f"Token {self.tokens[0]}"
        for talk in self.talks:
            after = 0
            while True:
                path = f"conversations/{talk['id']}/messages/?limit=200&after={after}"
                page = await self._rest("GET", path, auth=staff)
                count += sum(message["role"] == "customer" for message in page["results"])
                if not page["next"]:
                    break
                after = page["results"][-1]["seq"]
        return count

    def close(self) -> None:
        for socket in (*self.customers, *self.agents):
            socket.hang_up()

    def _customer_hears(self, frame: Frame) -> None:
        match frame["type"]:
            case "ack":
                self.tally.stored(self.numbers[frame["client_id"]])
            case "welcome":
                self.welcomed += 1
            case "error":
                self.tally.errors.append(f"{frame['code']}: {frame['detail']}")

    def _agent_hears(self, frame: Frame) -> None:
        match frame["type"]:
            case "message":
                if number := self.numbers.get(frame["message"].get("client_id", "")):
                    self.tally.shown(number)
            case "messages":
                self.watched += 1
            case "welcome":
                self.welcomed += 1

    async def _rest(self, method: str, path: str, body: Frame | None = None, *, auth: str = "") -> Any:
        return await asyncio.to_thread(self._ask, method, path, body or {}, auth)

    def _ask(self, method: str, path: str, body: Frame, auth: str) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": auth} if auth else {})
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  # loopback
            return json.load(answer)
