"""The desk as one ASGI application: HTTP, and sockets behind the origin check and the session."""

import asyncio
import os
from typing import Any
from urllib.parse import ParseResult

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")

import django

django.setup(set_prefix=False)  # loads the apps, which what follows imports

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from conversations import background

from .http import ThreadedHandler
from .routing import websocket_urlpatterns


class SameOrigin(OriginValidator):
    """Refuses a browser whose page is not ours. Only browsers carry somebody's cookie, and they always name their
    origin; a client that names none is not one of them."""

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        return parsed_origin is None or bool(super().valid_origin(parsed_origin))


_routes = ProtocolTypeRouter(
    {
        "http": ThreadedHandler(),
        "websocket": SameOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ALLOWED_HOSTS),
    }
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    background.attach(asyncio.get_running_loop())
    if scope["type"] == "lifespan":
        return  # nothing to start or stop here
    await _routes(scope, receive, send)
