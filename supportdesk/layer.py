"""The channel layer: Redis pub/sub, made to outlive its broker.

Channels' own layer lets a socket fail whenever the broker is away. Here a group is joined in this process at once and
at the broker as soon as that answers; what was announced in between, receivers fetch from the database (see
conversations/feed.py). Only groups are sent to, so a socket's channel is a mailbox in this process and nothing more.
"""

import asyncio
import logging
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _wrap_close, decode_hosts
from django.conf import settings
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

MAILBOX = 200  # announcements that may wait for one slow socket
RETRY_SECONDS = 1


class DeskLayer(RedisPubSubChannelLayer):
    def _get_layer(self) -> "LoopLayer":
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: LoopLayer = self._layers[loop]
        return layer


class LoopLayer(RedisPubSubLoopLayer):
    """The layer of one event loop. Its groups are wishes; the broker is brought to agree with them."""

    def __init__(self, hosts: list[Any], **options: Any) -> None:
        super().__init__(hosts, **options)
        self._shards = [Shard(host, self) for host in decode_hosts(hosts)]
        self._agreeing: asyncio.Task[None] | None = None

    async def _subscribe_to_channel(self, channel: str) -> None:
        self.channels[channel] = Mailbox(MAILBOX)

    async def group_add(self, group: str, channel: str) -> None:
        try:
            async with asyncio.timeout(settings.PUBLISH_TIMEOUT):
                await super().group_add(group, channel)
        except (RedisError, OSError) as error:
            self._agree_later(error)

    async def group_discard(self, group: str, channel: str) -> None:
        try:
            async with asyncio.timeout(settings.PUBLISH_TIMEOUT):
                await super().group_discard(group, channel)
        except (RedisError, OSError) as error:
            self._agree_later(error)

    async def flush(self) -> None:
        if self._agreeing:
            self._agreeing.cancel()
        await super().flush()

    def _agree_later(self, error: Exception) -> None:
        if self._agreeing is None or self._agreeing.done():
            log.warning("the broker is away, groups are joined when it is back: %r", error)
            self._agreeing = asyncio.create_task(self._agree())

    async def _agree(self) -> None:
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                async with asyncio.timeout(settings.CONNECT_TIMEOUT):
                    for shard in self._shards:
                        await shard.agree()
            except (RedisError, OSError) as error:
                log.debug("the broker is still away: %s", error)
            else:
                return


class Shard(RedisSingleShardConnection):
    async def agree(self) -> None:
        """Subscribes at the broker to the groups that this process has members of, and to no others."""
        wanted = {group for group in self.channel_layer.groups if self.channel_layer._get_shard(group) is self}
        for group in wanted - self._subscribed_to:
            await self.subscribe(group)
        for group in self._subscribed_to - wanted:
            if group not in self.channel_layer.groups:  # somebody may have joined while we waited
                await self.unsubscribe(group)

    async def _do_receiving(self) -> None:
        """Listens for as long as this process lives. (Channels' own loop ends at a TimeoutError, and then the process
        would hear nothing any more; and it logs a traceback a second while the broker is away.)"""
        away = False
        while True:
            try:
                if self._pubsub is not None and self._pubsub.subscribed:
                    self._receive_message(await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=1))
                else:
                    await asyncio.sleep(0.1)
            except (RedisError, OSError) as error:
                if not away:
                    log.warning("nothing is heard from the broker: %r", error)
                away = True
                await asyncio.sleep(RETRY_SECONDS)
            else:
                away = False


class Mailbox(asyncio.Queue[bytes]):
    """What waits for one socket. When it is full the newest is dropped: receivers heal by `seq`, memory does not."""

    def put_nowait(self, item: bytes) -> None:
        if not self.full():
            super().put_nowait(item)
