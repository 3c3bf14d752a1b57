"""What the customer's and the agent's socket share: JSON frames, hello first, and an error frame for what is wrong."""

import asyncio
import json
import logging
import math
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from .limits import FRAMES
from .posting import Refused

log = logging.getLogger(__name__)

HELLO_SECONDS = 10
MAX_FRAME = 64 * 1024
NOT_YOURS, TOO_BIG, COME_BACK = 4404, 1009, 1013

Frame = dict[str, Any]


class RateLimited(Refused):
    def __init__(self, wait: float) -> None:
        self.retry_after = max(1, math.ceil(wait))
        super().__init__("rate_limited", f"Too many at once. Wait {self.retry_after} s.")


class DeskSocket(AsyncWebsocketConsumer):
    """Calls `on_<type>` for each frame whose type `frames` lists; before the hello, for none but it."""

    frames: ClassVar[frozenset[str]]
    welcomed = closed = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.joined: set[str] = set()
        try:
            await super().__call__(scope, receive, send)
        finally:  # however it ended: a send to a peer that has vanished ends it without a disconnect
            for group in tuple(self.joined):
                await self.leave(group)

    async def connect(self) -> None:
        self.id = uuid.uuid4().hex
        await self.accept()
        self._deadline = asyncio.get_running_loop().call_later(HELLO_SECONDS, self._too_quiet)

    def _too_quiet(self) -> None:
        self._closing = asyncio.ensure_future(self.close(COME_BACK))

    async def disconnect(self, code: int) -> None:
        self._deadline.cancel()

    async def join(self, group: str) -> None:
        self.joined.add(group)
        await self.channel_layer.group_add(group, self.channel_name)

    async def leave(self, group: str) -> None:
        self.joined.discard(group)
        await self.channel_layer.group_discard(group, self.channel_name)

    def may_stay(self) -> bool:
        """Whether what let this socket in still holds; asked before each frame and each announcement."""
        return True

    async def dispatch(self, message: Frame) -> None:
        """One at a time: a frame of the client's, or what a group announced."""
        if message["type"] != "websocket.disconnect" and not await self._heeds(message):
            return
        try:
            # Not by super(): it begins with a trip to the database's thread, where announcements, which rarely need it,
            # would queue behind messages that are being stored.
            await getattr(self, get_handler_name(message))(message)
        except (Refused, DatabaseError) as error:  # an announcement; `receive` answers frames
            log.warning("an announcement was not passed on, the next ping heals it: %s", error)

    async def show_kept(self, showing: Awaitable[None]) -> None:
        """After an acknowledgement: what fails from here on is no error of the message, which is kept."""
        try:
            await showing
        except DatabaseError as error:
            log.warning("a message was kept and not shown, the next ping heals it: %s", error)

    async def _heeds(self, message: Frame) -> bool:
        if self.welcomed and not self.closed and not self.may_stay():
            await self.close(NOT_YOURS)
        return not self.closed and (self.welcomed or message["type"].startswith("websocket."))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        frame: Frame = {}
        try:
            if wait := FRAMES.take(self.id):
                raise RateLimited(wait)
            if text_data and len(text_data) > MAX_FRAME:
                await self.close(TOO_BIG)
                return
            frame = _parse(text_data)
            await self._handler(frame)(frame)
        except Refused as refusal:
            await self._refuse(refusal, frame)
        except DatabaseError as error:
            log.warning("a frame could not be served: %s", error)
            await self._refuse(Refused("unavailable", "The desk cannot store this right now. Try again."), frame, 2)
            if not self.welcomed:
                await self.close(COME_BACK)

    def _handler(self, frame: Frame) -> Callable[[Frame], Awaitable[None]]:
        kind = frame.get("type")
        if not isinstance(kind, str) or kind not in self.frames:
            raise Refused("unknown_type", f"A frame's type is one of {', '.join(sorted(self.frames))}.")
        if self.welcomed == (kind == "hello"):
            raise Refused("malformed", "Say hello first, and once.")
        handler: Callable[[Frame], Awaitable[None]] = getattr(self, f"on_{kind}")
        return handler

    async def welcome(self, frame: Frame) -> None:
        self._deadline.cancel()
        await self.say({"type": "welcome", **frame})
        self.welcomed = True

    async def say(self, frame: Frame) -> None:
        if self.closed:
            return
        try:
            await self.send(text_data=json.dumps(frame, separators=(",", ":")))
        except OSError:  # the peer has vanished; its disconnect is on the way
            self.closed = True

    async def close(self, code: int | bool | None = None, reason: str | None = None) -> None:
        if not self.closed:
            self.closed = True
            with suppress(OSError):  # the peer went first
                await super().close(code, reason)

    async def _refuse(self, refusal: Refused, frame: Frame, retry_after: int | None = None) -> None:
        error: Frame = {"type": "error", "code": refusal.code, "detail": refusal.detail}
        if isinstance(frame.get("client_id"), str):
            error["client_id"] = frame["client_id"]
        if isinstance(frame.get("conversation"), str):
            error["conversation"] = frame["conversation"]
        if retry_after := getattr(refusal, "retry_after", retry_after):
            error["retry_after"] = retry_after
        await self.say(error)


def _parse(text: str | None) -> Frame:
    try:
        frame = json.loads(text or "")
    except (ValueError, RecursionError):
        raise Refused("malformed", "A frame is a JSON object.") from None
    if not isinstance(frame, dict):
        raise Refused("malformed", "A frame is a JSON object.")
    return frame


def uuid_in(frame: Frame, field: str) -> UUID:
    try:
        return UUID(frame[field])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Refused("malformed", f"{field}: a UUID is needed.") from None


def number_in(frame: Frame, field: str, default: int | None = None) -> int:
    value = frame.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Refused("malformed", f"{field}: a whole number from 0 is needed.")
    return value


def text_in(frame: Frame, field: str) -> str:
    value = frame.get(field)
    if not isinstance(value, str):
        raise Refused("malformed", f"{field}: text is needed.")
    return value
