"""An agent's and a customer's socket in a test: through the desk's own ASGI application and the real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator

from conversations import background
from supportdesk.asgi import application
from tests.waiting import wait_until_async

Frame = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")

INBOX = "/ws/inbox/"
PATIENCE = 5  # seconds


class Socket:
    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        self._wire = WebsocketCommunicator(application, path, headers)

    async def say(self, kind: str, **frame: Any) -> None:
        await self._wire.send_json_to({"type": kind, **frame})

    async def hear(self, kind: str, **facts: Any) -> Frame:
        """The next frame of that type with those facts; what comes before it is not what the test is about."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Frame = await self._wire.receive_json_from(timeout=PATIENCE)
                if frame["type"] == kind and facts.items() <= frame.items():
                    return frame

    async def ask(self, kind: str, answer: str, **frame: Any) -> Frame:
        await self.say(kind, **frame)
        return await self.hear(answer)

    async def heard(self, kind: str) -> list[Frame]:
        """All frames of that type by which she hears of what was announced. A frame of hers and an announcement that
        wait at the same time are served in that order: so the second ping is answered when all is said."""
        await wait_until_async(_nothing_under_way)
        return [*await self._until_pong(kind), *await self._until_pong(kind)]

    async def _until_pong(self, kind: str) -> list[Frame]:
        await self.say("ping")
        frames: list[Frame] = []
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Frame = await self._wire.receive_json_from(timeout=PATIENCE)
                if frame["type"] == "pong":
                    return frames
                if frame["type"] == kind:
                    frames.append(frame)

    async def closes(self) -> int:
        """The code with which the desk closes it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                output = await self._wire.receive_output(timeout=PATIENCE)
                if output["type"] == "websocket.close":
                    code: int = output["code"]
                    return code

    async def end(self) -> None:
        await self._wire.disconnect()


@asynccontextmanager
async def socket(path: str, *, cookie: str = "") -> AsyncIterator[Socket]:
    headers = [(b"cookie", cookie.encode())] if cookie else []
    end = Socket(path, headers)
    connected, _ = await end._wire.connect()
    assert connected
    try:
        yield end
    finally:
        await end.end()


@asynccontextmanager
async def agents_inbox(key: str) -> AsyncIterator[Socket]:
    async with socket(INBOX) as agent:
        await agent.ask("hello", "welcome", token=key)
        yield agent


async def _nothing_under_way() -> bool:
    return background.running() == 0


async def db(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does `work` with the database, as consumers do."""
    answer: T = await database_sync_to_async(work)(*args, **kwargs)
    return answer
