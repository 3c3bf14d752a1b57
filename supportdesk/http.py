"""How a request is served: on a thread of its own, from the first middleware to the view, and back."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpResponseBase, StreamingHttpResponse

PIECE = 65_536  # bytes of a file that are read in one trip to the request's thread


class ThreadedHandler(ASGIHandler):
    """Django's, less its trips between the loop and the request's thread: one static-file middleware that knows no
    async makes every other one take two, which cost more than the pages themselves."""

    def load_middleware(self, is_async: bool = True) -> None:
        super().load_middleware(is_async=False)
        self._middleware_chain: Any = sync_to_async(self._middleware_chain, thread_sensitive=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with ThreadSensitiveContext():  # Django makes one too; in this one the thread is still there afterwards
            try:
                await super().__call__(scope, receive, send)
            finally:
                # Otherwise the thread's connections would outlive it, until the garbage is collected.
                await sync_to_async(connections.close_all)()

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            # Django would read all of a file before it sends the first of it, and warn of that.
            parts = cast("Iterator[bytes]", response.streaming_content)
            response.streaming_content = _in_pieces(parts)
        await super().send_response(response, send)


async def _in_pieces(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await sync_to_async(_piece, thread_sensitive=True)(parts):
        yield piece


def _piece(parts: Iterator[bytes]) -> bytes:
    """The next PIECE of it, or a little more; empty at its end only."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= PIECE:
            break
    return bytes(piece)
