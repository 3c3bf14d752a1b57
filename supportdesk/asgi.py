"""The desk as one ASGI application: HTTP, and sockets behind the origin check."""

import asyncio
import gc
import os
from typing import Any
from urllib.parse import ParseResult

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")

import django

django.setup(set_prefix=False)  # loads the apps, which what follows imports

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware
from django.conf import settings

from conversations import background
from conversations.assistant import llm

from .http import ThreadedHandler
from .routing import websocket_urlpatterns

SETTLED = 5.0  # seconds after its start, when a desk's first page has been asked for and the other processes are up


class SameOrigin(OriginValidator):
    """Refuses a browser whose page is not ours. Only browsers carry somebody's cookie, and they always name their
    origin; a client that names none is not one of them."""

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        return parsed_origin is None or bool(super().valid_origin(parsed_origin))


_routes = ProtocolTypeRouter(
    {
        "http": ThreadedHandler(),
        # No more of the session than its key: whose it is the inbox asks at each look (actors.staff_in).
        "websocket": SameOrigin(CookieMiddleware(URLRouter(websocket_urlpatterns)), settings.ALLOWED_HOSTS),
    }
)


async def _settle() -> None:
    await llm.get_ready()
    # What is loaded by now stays: to look through all of it for garbage again and again would stop every chat for tens
    # of milliseconds.
    gc.collect()
    gc.freeze()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    loop = asyncio.get_running_loop()
    background.attach(loop)
    if scope["type"] == "lifespan":  # a server's first word to its application, before it serves
        loop.call_later(SETTLED, lambda: background.run(_settle()))
        return
    await _routes(scope, receive, send)
