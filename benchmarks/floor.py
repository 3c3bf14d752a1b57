"""The floor: Django Channels with its Redis pub/sub layer, passing messages on and keeping nothing.

A customer at `/customer/<n>` says `{"id", "body"}`; everybody in conversation n gets it back, the agent at
`/agent/<n>,<n>,…` among them. What the desk does beyond this is what its ratios measure.
"""

import os
from typing import Any

from django.conf import settings

settings.configure(
    SECRET_KEY="only for a load test on loopback",  # noqa: S106
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["FLOOR_REDIS_URL"]], "prefix": "floor"},
        }
    },
)

import django  # noqa: E402

django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Relay(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.talks = [f"talk.{number}" for number in self.scope["url_route"]["kwargs"]["numbers"].split(",")]
        await self.accept()
        for talk in self.talks:
            await self.channel_layer.group_add(talk, self.channel_name)
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        for talk in self.talks:
            await self.channel_layer.group_discard(talk, self.channel_name)

    async def receive_json(self, content: dict[str, Any]) -> None:
        await self.channel_layer.group_send(self.talks[0], {"type": "said", "message": content})

    async def said(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "said", "message": event["message"]})


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path(f"{role}/<numbers>", Relay.as_asgi()) for role in ("customer", "agent")])}
)
