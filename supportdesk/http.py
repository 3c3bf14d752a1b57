"""How a request is served: on a thread of its own, from the first middleware to the view, and back."""

from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections


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
