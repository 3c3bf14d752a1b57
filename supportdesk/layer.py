"""The channel layer, local first: members of a group in this process hear at once, other processes through the broker.

It keeps the interface of Channels' Redis pub/sub layer, and outlives its broker: while that is away, own sockets are
served as ever, and what other processes said meanwhile receivers fetch from the database (see conversations/feed.py).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from channels.exceptions import ChannelFull
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close, create_pool, decode_hosts
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

Event = dict[str, Any]

MAILBOX = 200  # announcements that may wait for one slow socket
BATCH, BATCH_BYTES = 1000, 4 * 2**20  # announcements that may wait for the broker
QUIET = 5.0  # seconds without a word from the broker, after which it is asked for one
VANISHED = 15.0  # and after which it is taken for gone, though the connection looks whole
RETRY = 1.0  # seconds


class DeskLayer(RedisPubSubChannelLayer):
    def _get_layer(self) -> "LoopLayer":
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: LoopLayer = self._layers[loop]
        return layer

    def call(self, channel: str, hear: Callable[[Event], None]) -> None:
        """From now on what comes for `channel` is not kept for `receive`: `hear` is called with it at once. It may not
        change the event, which others hear as well."""
        self._get_layer().ears[channel] = hear

    def forget(self, channel: str) -> None:
        """Nobody hears or receives on `channel` any more."""
        self._get_layer().forget(channel)


class LoopLayer(RedisPubSubLoopLayer):
    """The layer of one event loop."""

    def __init__(self, hosts: list[Any], **options: Any) -> None:
        super().__init__(hosts, **options)
        self.ears: dict[str, Callable[[Event], None]] = {}
        host, name = decode_hosts(hosts)[0], f"{self.prefix}.bus"
        self.bus = Bus(host, name, form=self.channel_layer, hear=self._deliver, back=self._tell_own)

    def forget(self, channel: str) -> None:
        self.ears.pop(channel, None)
        self.channels.pop(channel, None)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._tell(channel, message).left()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        batch = self._tell(self._get_group_channel_name(group), message)
        if not self.channels:  # a process without sockets may end before the broker has it
            await batch.left()

    def _tell(self, name: str, message: dict[str, Any]) -> "Batch":
        """Own sockets have it when this returns: what is told one after the other arrives so."""
        data = self.channel_layer.serialize(message)
        self._deliver(name, data, message)
        return self.bus.publish(name, data)

    def _deliver(self, name: str, data: bytes, event: Event | None = None) -> None:
        """To a channel, or to the channels of a group, as far as they are in this process."""
        for channel in tuple(self.groups.get(name, (name,))):
            if hear := self.ears.get(channel):
                event = event or self.channel_layer.deserialize(data)
                try:
                    hear(event)
                except Exception:  # one socket's own trouble is not the others'
                    log.exception("an announcement was not heard on %s", channel)
            elif mailbox := self.channels.get(channel):
                mailbox.put_nowait(data)

    def _tell_own(self) -> None:
        """What other processes said meanwhile was not heard."""
        for hear in tuple(self.ears.values()):
            hear({"type": "layer.back"})

    async def group_add(self, group: str, channel: str) -> None:
        if channel not in self.channels:
            raise RuntimeError("Only a channel of this process, out of new_channel(), can join a group here.")
        self.groups.setdefault(self._get_group_channel_name(group), set()).add(channel)
        await self.bus.listening()

    async def group_discard(self, group: str, channel: str) -> None:
        name = self._get_group_channel_name(group)
        members = self.groups.get(name, set())
        members.discard(channel)
        if not members:
            self.groups.pop(name, None)

    async def _subscribe_to_channel(self, channel: str) -> None:
        self.channels[channel] = Mailbox(MAILBOX)

    async def flush(self) -> None:
        await self.bus.close()
        await super().flush()


@dataclass
class Batch:
    """What leaves for the broker in one publish, and the error with which that ended."""

    events: list[tuple[str, bytes]] = field(default_factory=list)
    size: int = 0  # bytes
    ended: asyncio.Future[Exception | None] = field(default_factory=asyncio.Future)

    def add(self, name: str, data: bytes) -> None:
        if len(self.events) >= BATCH or self.size >= BATCH_BYTES:
            raise ChannelFull
        self.events.append((name, data))
        self.size += len(data)

    def end(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(error)

    async def left(self) -> None:
        """Returns when the broker has it. Raises what leaves that in doubt."""
        # Shielded: one who no longer waits does not end the batch for the others.
        if error := await asyncio.shield(self.ended):
            raise error


class Bus:
    """One channel at the broker for the whole desk. One publish is under way; what comes meanwhile is the next."""

    def __init__(
        self,
        host: dict[str, Any],
        name: str,
        *,
        form: DeskLayer,
        hear: Callable[[str, bytes], None],
        back: Callable[[], None],
    ) -> None:
        self.host, self.name, self.form, self.hear, self.back = host, name, form, hear, back
        self.origin = uuid4().bytes  # what comes back from here has been heard here
        self._redis: Redis | None = None
        self._batch = Batch()
        self._publisher: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()  # to subscribe: since then it is, or will be as soon as the broker is back

    # --- To other processes ------------------------------------------------------------------------------------------

    def publish(self, name: str, data: bytes) -> Batch:
        """Returns the batch that it leaves with. Raises ChannelFull."""
        batch = self._batch
        batch.add(name, data)
        if self._publisher is None:
            self._publisher = asyncio.create_task(self._publish())
        return batch

    async def _publish(self) -> None:
        try:
            while self._batch.events:
                batch, self._batch = self._batch, Batch()
                error: Exception | None = ConnectionError("the layer was closed")
                try:
                    error = await self._sent(batch)
                finally:
                    batch.end(error)
        finally:
            self._publisher = None

    async def _sent(self, batch: Batch) -> Exception | None:
        try:
            async with asyncio.timeout(settings.PUBLISH_TIMEOUT):
                await self._client().publish(self.name, self.origin + self.form.serialize({"events": batch.events}))
        except Exception as error:  # whatever it was: a publisher that ends leaves what came meanwhile behind
            why = str(error) or type(error).__name__
            log.warning("%s announcements did not leave for other processes: %s", len(batch.events), why)
            return error
        return None

    # --- From other processes ----------------------------------------------------------------------------------------

    async def listening(self) -> None:
        """Returns when other processes are heard, or will be as soon as a broker that is away is back."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        await self._tried.wait()

    async def _listen(self) -> None:
        """For as long as this process lives. The broker's going and coming is one line in the log each."""
        away = False
        while True:
            try:
                async with self._client().pubsub() as subscription:
                    async with asyncio.timeout(settings.CONNECT_TIMEOUT):
                        await subscription.subscribe(self.name)
                        await subscription.parse_response()  # it is confirmed
                    if away:
                        log.warning("the broker is back")
                        self.back()
                    away = False
                    self._tried.set()
                    await self._hear_all(subscription)
            except (RedisError, OSError) as error:
                if not away:
                    log.warning("nothing is heard from the broker: %s", str(error) or type(error).__name__)
                away = True
            except Exception:  # whatever it was: a process that stops listening hears nothing until it ends
                log.exception("listening to the broker failed")
            self._tried.set()
            await asyncio.sleep(RETRY)

    async def _hear_all(self, subscription: Any) -> None:
        quiet = 0.0
        while quiet < VANISHED:
            said = await subscription.get_message(timeout=QUIET)
            quiet = 0.0 if said else quiet + QUIET
            if said is None:
                await subscription.ping()
            elif said["type"] == "message":
                self._hear(said["data"])
        raise TimeoutError("it says nothing any more")

    def _hear(self, data: bytes) -> None:
        if data.startswith(self.origin):
            return
        try:
            events = [(name, event) for name, event in self.form.deserialize(data[len(self.origin) :])["events"]]
            if not all(isinstance(event, bytes) for _, event in events):
                raise TypeError("an announcement is bytes")  # a socket would end of it
        except Exception as error:  # another version's, or another program's
            log.warning("what nobody here understands was said on %s: %r", self.name, error)
            return
        for name, event in events:
            self.hear(name, event)

    def _client(self) -> Redis:
        if self._redis is None:
            self._redis = Redis(connection_pool=create_pool(self.host))
        return self._redis

    async def close(self) -> None:
        for task in (self._listener, self._publisher):
            if task:
                task.cancel()
                await asyncio.wait([task])
        self._listener = self._publisher = None
        self._batch.end(ConnectionError("the layer was closed"))
        self._batch = Batch()
        self._tried.clear()
        if self._redis:
            await self._redis.aclose(close_connection_pool=True)
            self._redis = None


class Mailbox(asyncio.Queue[bytes]):
    """What waits for one socket. When it is full the newest is dropped: receivers heal by `seq`, memory does not."""

    def put_nowait(self, item: bytes) -> None:
        if not self.full():
            super().put_nowait(item)
