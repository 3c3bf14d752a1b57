"""Cleo's browser as the desk sees it: tabs, each a socket that sends and hears frames."""

import uuid
from collections.abc import Callable
from typing import Any

from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import path

from conversations.consumers import CustomerConsumer

from .scene import Event, in_line, to_a_person, up_to

door = URLRouter(
    [path("ws/chat/<uuid:conversation_id>/", CustomerConsumer.as_asgi(escalate=to_a_person, handoff_of=in_line))]
)


class Tab:
    """A tab of Cleo's browser."""

    def __init__(self, conversation_id: uuid.UUID) -> None:
        self.conversation_id = conversation_id
        self.wire = WebsocketCommunicator(door, f"/ws/chat/{conversation_id}/")

    async def open(self) -> "Tab":
        connected, _ = await self.wire.connect(timeout=5)
        assert connected
        return self

    async def say(self, **frame: Any) -> None:
        await self.wire.send_json_to(frame)

    async def hear(self) -> Event:
        frame: Event = await self.wire.receive_json_from(timeout=5)
        return frame

    async def until(self, kind: str) -> list[Event]:
        return await up_to(kind, self.hear)

    async def hello(self, token: str, after: int = 0) -> Event:
        await self.say(type="hello", token=token, after=after)
        welcome = await self.hear()
        assert welcome["type"] == "welcome", welcome
        return welcome

    async def write(self, body: str, key: str | None = None) -> str:
        key = key or str(uuid.uuid4())
        await self.say(type="message", client_id=key, body=body)
        return key

    async def closed_with(self) -> int:
        while (output := await self.wire.receive_output(timeout=5))["type"] != "websocket.close":
            pass
        code: int = output["code"]
        return code


Open = Callable[..., Any]


def of_role(frames: list[Event], role: str) -> list[str]:
    return [
        frame["message"]["body"] for frame in frames if frame["type"] == "message" if frame["message"]["role"] == role
    ]
