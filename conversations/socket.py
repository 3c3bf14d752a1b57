"""What the customer's and the agent's socket share: JSON frames, hello first, and an error frame for what is wrong."""

import asyncio
import logging
import math
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache
from typing import Any, ClassVar

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import DatabaseError

from .following import following
from .frames import Frame, parse
from .limits import FRAMES
from .models.message import to_text
from .posting import Refused

log = logging.getLogger(__name__)

HELLO_SECONDS = 10
MAX_FRAME = 64 * 1024
MOST_HEARD = 200  # announcements that wait for a socket's look at the database
MOST_UNANSWERED = 32  # messages of one socket on their way to the database
MOST_UNSENT = 1000  # frames that wait for a peer to take them
NOT_YOURS, TOO_BIG, COME_BACK, BROKEN = 4404, 1009, 1013, 1011


class RateLimited(Refused):
    def __init__(self, wait: float) -> None:
        wait = max(1, math.ceil(wait))
        super().__init__("rate_limited", f"Too many at once. Wait {wait} s.", retry_after=wait)


class DeskSocket(AsyncWebsocketConsumer):
    """Calls `on_<type>` for each frame whose type `frames` lists; before the hello, for none but it.

    Frames are served one at a time, and so are announcements that take a look at the database. The others, those that
    `at_once` lists, are passed on by a plain function while a frame is still being served.

    Every access to the database goes through `database_sync_to_async` or the writer of commits.py. That is why this
    class need not make a trip to the database's thread before each event, as Channels does to close old connections.
    """

    frames: ClassVar[frozenset[str]]
    at_once: ClassVar[frozenset[str]] = frozenset()
    welcomed = closed = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.base_send = scope, send
        self.id = uuid.uuid4().hex
        self.joined: set[str] = set()
        self._deadline: asyncio.TimerHandle | None = None  # for the hello
        self._turn = asyncio.Lock()
        self._heard: deque[Frame] = deque()  # announcements that wait for their turn
        self._hearing: asyncio.Task[None] | None = None
        self.unanswered = Window(MOST_UNANSWERED)
        self._outbox: deque[str] = deque()
        self._sending: asyncio.Task[None] | None = None
        self.channel_layer = get_channel_layer()
        self.channel_name = await self.channel_layer.new_channel()
        self.channel_layer.call(self.channel_name, self.hear)
        try:
            with suppress(StopConsumer):
                while True:
                    await self.dispatch(await receive())
        finally:  # however it ended: a send to a peer that has vanished ends it without a disconnect
            await self._leave_all()

    async def _leave_all(self) -> None:
        self.closed = True
        self.gone()
        for task in (self._hearing, self._sending):
            if task:
                task.cancel()
        for group in tuple(self.joined):
            await self.leave(group)
        self.channel_layer.forget(self.channel_name)

    async def connect(self) -> None:
        await self.accept()
        self._deadline = asyncio.get_running_loop().call_later(HELLO_SECONDS, self.hang_up, COME_BACK)

    async def websocket_disconnect(self, message: Frame) -> None:
        raise StopConsumer

    def gone(self) -> None:
        """The socket has ended, in whatever way."""
        if self._deadline:
            self._deadline.cancel()

    async def join(self, group: str) -> None:
        self.joined.add(group)
        await self.channel_layer.group_add(group, self.channel_name)

    async def leave(self, group: str) -> None:
        self.joined.discard(group)
        await self.channel_layer.group_discard(group, self.channel_name)

    # --- What comes in -----------------------------------------------------------------------------------------------

    def may_stay(self) -> bool:
        """Whether what let this socket in still holds; asked before each frame and each announcement."""
        return True

    def may_hear(self) -> bool:
        """Whether an announcement may be passed on without a look at the database."""
        return self.may_stay()

    def hear(self, event: Frame) -> None:
        """An announcement, from the channel layer."""
        if event["type"] in self.at_once and self.welcomed and not self._hearing and self.may_hear():
            getattr(self, _handler_name(event["type"]))(event)
        elif not self.closed and len(self._heard) < MOST_HEARD:  # what is beyond, the next look at the database finds
            self._heard.append(event)
            if self._hearing is None:
                self._hearing = asyncio.create_task(self._hear_all())

    async def _hear_all(self) -> None:
        try:
            while self._heard:
                await self.dispatch(self._heard.popleft())
        except Exception as error:
            self._break(error)
        finally:
            self._hearing = None

    def layer_back(self, event: Frame) -> None:
        """The channel layer hears other processes again, after a time in which it did not."""
        following().look_now()

    async def dispatch(self, message: Frame) -> None:
        """One at a time: a frame of the client's, or what a group announced."""
        async with self._turn:
            if message["type"] != "websocket.disconnect" and not await self._heeds(message):
                return
            try:
                handled = getattr(self, _handler_name(message["type"]))(message)
                if handled is not None:
                    await handled
            except (Refused, DatabaseError) as error:  # an announcement; frames are answered where they are received
                if isinstance(error, Refused) and error.code == "not_yours":
                    self.hang_up(NOT_YOURS)
                log.warning("an announcement was not passed on, the next look heals it: %s", error)

    async def _heeds(self, message: Frame) -> bool:
        if self.welcomed and not self.closed and not self.may_stay():
            self.hang_up(NOT_YOURS)
        return not self.closed and (self.welcomed or message["type"].startswith("websocket."))

    async def websocket_receive(self, message: Frame) -> None:
        frame: Frame = {}
        try:
            text = message.get("text")
            if text and len(text) > MAX_FRAME:
                self.hang_up(TOO_BIG)
                return
            if wait := FRAMES.take(self.id):
                raise RateLimited(wait)
            frame = parse(text)
            await self._handler(frame)(frame)
        except (Refused, DatabaseError) as error:
            self.refuse(error, frame)

    def refuse(self, error: Exception, frame: Frame) -> None:
        """Tells whoever sent the frame why it was not served."""
        match error:
            case Refused(code="not_yours"):
                self.hang_up(NOT_YOURS)
            case Refused():
                self._say_error(error, frame)
            case DatabaseError():
                log.warning("a frame could not be served: %s", error)
                away = Refused("unavailable", "The desk cannot store this right now. Try again.", retry_after=2)
                self._say_error(away, frame)
                if not self.welcomed:
                    self.hang_up(COME_BACK)
            case _:
                self._break(error)

    def _break(self, error: Exception) -> None:
        """An error that nobody foresaw ends the socket: whoever comes back begins afresh."""
        log.error("a socket ends of an error", exc_info=error)
        self.hang_up(BROKEN)

    def _handler(self, frame: Frame) -> Callable[[Frame], Awaitable[None]]:
        kind = frame.get("type")
        if not isinstance(kind, str) or kind not in self.frames:
            raise Refused("unknown_type", f"A frame's type is one of {', '.join(sorted(self.frames))}.")
        if self.welcomed == (kind == "hello"):
            raise Refused("malformed", "Say hello first, and once.")
        handler: Callable[[Frame], Awaitable[None]] = getattr(self, f"on_{kind}")
        return handler

    # --- What goes out -----------------------------------------------------------------------------------------------

    def welcome(self, frame: Frame) -> None:
        if self._deadline:
            self._deadline.cancel()
        self.say({"type": "welcome", **frame})
        self.welcomed = True

    def say(self, frame: Frame) -> None:
        self.say_text(to_text(frame))

    def say_text(self, text: str) -> None:
        """Sends it as soon as the peer takes it. One that takes nothing is told to come back."""
        if self.closed:
            return
        if len(self._outbox) >= MOST_UNSENT:
            self._outbox.clear()
            self.hang_up(COME_BACK)
            return
        self._outbox.append(text)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())

    def hang_up(self, code: int) -> None:
        """Closes the socket, after what was said."""
        if not self.closed:
            self.closed, self._code = True, code
            if self._sending is None:
                self._sending = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._outbox:
                await self.base_send({"type": "websocket.send", "text": self._outbox.popleft()})
            if self.closed:
                await self.base_send({"type": "websocket.close", "code": self._code})
        except OSError:  # the peer has vanished; its disconnect is on the way
            self.closed = True
        finally:
            self._sending = None

    def _say_error(self, refusal: Refused, frame: Frame) -> None:
        error: Frame = {"type": "error", "code": refusal.code, "detail": refusal.detail}
        if isinstance(frame.get("client_id"), str):
            error["client_id"] = frame["client_id"]
        if isinstance(frame.get("conversation"), str):
            error["conversation"] = frame["conversation"]
        if refusal.retry_after:
            error["retry_after"] = refusal.retry_after
        self.say(error)


@cache
def _handler_name(kind: str) -> str:
    return kind.replace(".", "_")


class Window:
    """How many of a client's messages are on their way to the database. No more of its frames are read meanwhile than
    `size`."""

    def __init__(self, size: int) -> None:
        self.size, self.many = size, 0
        self._room: asyncio.Future[None] | None = None

    async def add(self) -> None:
        """Returns when there is room for another."""
        self.many += 1
        if self.many >= self.size:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def take(self) -> None:
        self.many -= 1
        if self._room and not self._room.done():
            self._room.set_result(None)
