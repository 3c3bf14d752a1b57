"""The two ways into a desk, as any outside client goes: REST, and a socket that comes back when it is cut."""

import asyncio
import json
import random
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

PING_SECONDS = 10.0
PATIENCE = 30.0  # for an answer over HTTP
TRIES = 20  # of a call that is asked to come back later
LONGEST_BACKOFF = 5.0
STOP = 4404  # "not yours": coming back is no use

Frame = dict[str, Any]


class Refusal(Exception):
    """The desk answered, and the answer is no."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status


class Rest:
    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    async def call(self, method: str, path: str, *, auth: str = "", body: Frame | None = None) -> Any:
        """The answer's JSON; None for an empty one. Waits and asks again where the desk asks for that."""
        for attempt in range(TRIES):
            try:
                return await asyncio.to_thread(self._ask, method, path, auth, body)
            except urllib.error.HTTPError as error:
                if error.code not in (429, 502, 503):
                    raise Refusal(error.code, error.read(500).decode(errors="replace")) from None
                wait = float(error.headers.get("Retry-After") or 1)
            except OSError:  # it may have been done; every call that is made here may be made twice
                wait = min(LONGEST_BACKOFF, 0.2 * 2**attempt)
            await asyncio.sleep(wait * random.uniform(1, 1.3))
        raise Refusal(503, f"{method} {path}: still asked to wait after {TRIES} tries")

    async def pages(self, path: str, *, auth: str) -> list[Frame]:
        """All results of a list that comes in pages of messages, by the last one's `seq`."""
        results: list[Frame] = []
        while True:
            after = results[-1]["seq"] if results else 0
            page = await self.call("GET", f"{path}?after={after}&limit=200", auth=auth)
            results += page["results"]
            if not page["next"]:
                return results

    async def answers(self) -> bool:
        """Whether a desk is there at all."""
        try:
            await asyncio.to_thread(urllib.request.urlopen, f"{self.url}/healthz", timeout=PATIENCE)
        except OSError:
            return False
        return True

    def _ask(self, method: str, path: str, auth: str, body: Frame | None) -> Any:
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", method=method)  # noqa: S310  # an operator's own
        request.add_header("Content-Type", "application/json")
        if auth:
            request.add_header("Authorization", auth)
        data = json.dumps(body or {}).encode() if method == "POST" else None
        with urllib.request.urlopen(request, data, timeout=PATIENCE) as answer:  # noqa: S310
            content = answer.read()
        return json.loads(content) if content else None


class Line:
    """A socket that stays up: `greet` tells what to say after each connecting, `hear` gets every frame."""

    def __init__(self, url: str, *, greet: Callable[[], list[Frame]], hear: Callable[[Frame], None]) -> None:
        self.url, self.greet, self.hear = url, greet, hear
        self._socket: ClientConnection | None = None
        self._life = asyncio.create_task(self._live())

    async def say(self, frame: Frame) -> None:
        """Says it if the line is up just now; what must arrive is said again until it was acknowledged."""
        if self._socket is None:
            return
        with suppress(ConnectionClosed):  # _live is on its way back already
            await self._socket.send(json.dumps(frame))

    async def hang_up(self) -> None:
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        backoff = 0.1
        while True:
            try:
                # A proxy of the operator's shell has no business between two processes of one desk.
                async with connect(self.url, compression=None, proxy=None, max_size=None) as self._socket:
                    for frame in self.greet():
                        await self.say(frame)
                    pings = asyncio.create_task(self._ping())
                    try:
                        async for text in self._socket:
                            backoff = 0.1
                            self.hear(json.loads(text))
                    finally:
                        pings.cancel()
                if self._socket.close_code == STOP:
                    return
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake):
                pass  # counted by nobody: what a cut costs shows in the latencies and the account
            finally:
                self._socket = None
            await asyncio.sleep(random.uniform(0, backoff))
            backoff = min(LONGEST_BACKOFF, backoff * 2)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            await self.say({"type": "ping"})
