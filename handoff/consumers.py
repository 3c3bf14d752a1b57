"""The agent's socket: the queue, and the conversations she watches."""

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from conversations import live, posting
from conversations.actors import Action, StaffActor
from conversations.feed import Feed
from conversations.following import following
from conversations.frames import Frame, number_in, text_in, uuid_in
from conversations.lifecycle import Status
from conversations.limits import MESSAGES
from conversations.models import Conversation, Role
from conversations.models.message import Line
from conversations.posting import Posted, Refused
from conversations.socket import RateLimited

from . import inbox, presence, waits
from .lists import counts
from .models import Agent
from .socket import StaffSocket
from .viewers import STILL_HERE_EVERY, Viewers

log = logging.getLogger(__name__)

MAX_WATCHED = 200  # conversations a socket
QUEUE_EVERY = 0.5  # seconds between two `queue` frames, however fast the queue changes

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Watched:
    """A conversation on an agent's screen."""

    feed: Feed
    status: str
    viewers: Viewers = field(default_factory=Viewers)


class InboxConsumer(StaffSocket):
    frames = frozenset({"hello", "watch", "unwatch", "message", "typing", "read", "ping"})
    at_once = frozenset({"chat.message", "chat.delta", "chat.delta.end", "chat.typing", "chat.read"})
    agent: Agent | None = None

    def __init__(self) -> None:
        super().__init__()
        self.watched: dict[UUID, Watched] = {}
        self.queue_said, self.pings = 0.0, 0
        self.queue_due: asyncio.Task[None] | None = None

    async def on_hello(self, frame: Frame) -> None:
        self.token = text_in(frame, "token") if "token" in frame else ""
        agent, many = await self.allowed(self._arrive)
        self.agent = agent
        await self.join(live.INBOX)
        await self.join(live.agent_group(agent.user_id))
        self.welcome({"agent": agent.as_json(), "counts": many})

    def gone(self) -> None:
        super().gone()
        if self.queue_due:
            self.queue_due.cancel()
        for conversation_id in tuple(self.watched):
            self._stop_watching(conversation_id)

    def _stop_watching(self, conversation_id: UUID) -> None:
        self.watched.pop(conversation_id).feed.close()
        following().discard(conversation_id, self)
        self._announce_me(conversation_id, "left")

    # --- What the agent sends ------------------------------------------------------------------------------------

    async def on_watch(self, frame: Frame) -> None:
        conversation_id, after = uuid_in(frame, "conversation"), number_in(frame, "after", 0)
        if conversation_id not in self.watched and len(self.watched) >= MAX_WATCHED:
            raise Refused("too_many", f"At most {MAX_WATCHED} conversations at a time. Leave one first.")
        conversation = await self.allowed(self._look, conversation_id, Action.READ)
        if former := self.watched.get(conversation_id):
            former.feed.close()
        feed = Feed(conversation_id, after=after, notes=True, show=partial(self._show, conversation_id))
        self.watched[conversation_id] = Watched(feed, conversation.status)
        # Join first, then read: what is said in between is announced as well as read, and shown once.
        await self.join(live.conversation_group(conversation_id))
        await self.join(live.watchers_group(conversation_id))
        messages = await feed.read()
        self.say({"type": "messages", "conversation": str(conversation_id), "messages": messages})
        feed.release()
        following().add(conversation_id, self)
        self._announce_me(conversation_id, "came")

    async def on_unwatch(self, frame: Frame) -> None:
        conversation_id = uuid_in(frame, "conversation")
        if conversation_id in self.watched:
            await self.leave(live.conversation_group(conversation_id))
            await self.leave(live.watchers_group(conversation_id))
            self._stop_watching(conversation_id)

    async def on_message(self, frame: Frame) -> None:
        conversation_id, client_id = uuid_in(frame, "conversation"), uuid_in(frame, "client_id")
        body, as_note = text_in(frame, "body"), frame.get("note") is True
        assert self.agent is not None
        if wait := MESSAGES.take(f"agent:{self.agent.pk}:{conversation_id}"):
            raise RateLimited(wait)
        posted = await self.allowed(self._speak, conversation_id, body, client_id, as_note)
        ack = {"type": "ack", "conversation": str(conversation_id), "client_id": str(client_id)}
        self.say(ack | {"seq": posted.message.seq})

    async def on_typing(self, frame: Frame) -> None:
        conversation_id = uuid_in(frame, "conversation")
        role = Role.NOTE if frame.get("note") is True else Role.AGENT
        await self.allowed(self._look, conversation_id, Action.SPEAK)
        assert self.agent is not None
        live.announce_typing(conversation_id, role, sender=self.id, name=self.agent.name)

    async def on_read(self, frame: Frame) -> None:
        await self.allowed(self._read, uuid_in(frame, "conversation"), number_in(frame, "seq"))

    async def on_ping(self, frame: Frame) -> None:
        """Her heartbeat."""
        version = await self.allowed(self._beat)
        self._refresh_viewers()
        last_seqs = {str(conversation_id): watched.feed.last_shown for conversation_id, watched in self.watched.items()}
        self.say({"type": "pong", "queue_version": version, "last_seq": last_seqs})

    # --- What is compared --------------------------------------------------------------------------------------------

    def compare(self, conversation_id: UUID, last_seq: int, status: str) -> None:
        watched = self.watched[conversation_id]
        if self.may_hear():
            watched.feed.reach(last_seq)
        if status != watched.status or not self.may_hear():  # it may be on its way: what is so is read in its turn
            self.hear({"type": "chat.look", "conversation": str(conversation_id)})

    async def chat_look(self, event: Frame) -> None:
        conversation_id = UUID(event["conversation"])
        if watched := self.watched.get(conversation_id):
            status = (await self.allowed(self._look, conversation_id, Action.READ)).status
            if status != watched.status:
                await self.chat_status(event | {"status": status})

    # --- What the groups announce --------------------------------------------------------------------------------

    def chat_message(self, event: Frame) -> None:
        if watched := self.watched.get(UUID(event["conversation"])):
            watched.feed.offer(Line(*event["line"]))

    async def chat_status(self, event: Frame) -> None:
        conversation_id = UUID(event["conversation"])
        if not (watched := self.watched.get(conversation_id)):
            return
        watched.status = event["status"]
        if event["status"] == Status.ESCALATED and "handoff" not in event:
            event = event | {"handoff": await self.allowed(self._handoff, conversation_id)}
        more = {key: event[key] for key in ("reason", "handoff") if event.get(key)}
        self.say({"type": "status", "conversation": event["conversation"], "status": event["status"]} | more)

    def chat_delta(self, event: Frame) -> None:
        self._pass_on("delta", event, "turn", "text")

    def chat_delta_end(self, event: Frame) -> None:
        self._pass_on("delta_end", event, "turn")

    def chat_typing(self, event: Frame) -> None:
        if event["sender"] != self.id:
            self._pass_on("typing", event, "role", "name")

    def chat_read(self, event: Frame) -> None:
        self._pass_on("read", event, "role", "seq")

    async def inbox_handoff(self, event: Frame) -> None:
        conversation_id = UUID(event["conversation"])
        if conversation_id in self.watched:
            handoff = await self.allowed(self._handoff, conversation_id)
            self.say({"type": "handoff", "conversation": event["conversation"], "handoff": handoff})

    async def inbox_assigned(self, event: Frame) -> None:
        self.say({"type": "assigned", "handoff": event["handoff"]})

    async def inbox_queue(self, event: Frame) -> None:
        """At once, or as one frame for all that happens within QUEUE_EVERY."""
        if self.queue_due is None:
            self.queue_due = asyncio.create_task(self._say_queue())

    async def _say_queue(self) -> None:
        await asyncio.sleep(max(0.0, self.queue_said + QUEUE_EVERY - monotonic()))
        self.queue_due, self.queue_said = None, monotonic()  # what changes from here on is told by the next
        try:
            if await self.is_allowed() and self.agent:
                many = await database_sync_to_async(self._counts)(self.agent)
                self.say({"type": "queue", "counts": many})
        except DatabaseError as error:
            log.warning("the queue's counts could not be told: %s", error)

    async def inbox_viewer(self, event: Frame) -> None:
        watched = self.watched.get(conversation_id := UUID(event["conversation"]))
        assert self.agent is not None
        if watched is None or event["viewer"] == str(self.agent.pk):
            return
        if event["state"] == "came":
            self._announce_me(conversation_id, "here")
        if watched.viewers.hear(event, monotonic()):
            self._say_viewers(conversation_id)

    # --- Who else looks on ---------------------------------------------------------------------------------------

    def _announce_me(self, conversation_id: UUID, state: str) -> None:
        if self.agent:
            live.announce_viewer(conversation_id, str(self.agent.pk), self.agent.name, state)

    def _refresh_viewers(self) -> None:
        self.pings += 1
        for conversation_id, watched in self.watched.items():
            if watched.viewers.forget_silent(monotonic()):
                self._say_viewers(conversation_id)
            if self.pings % STILL_HERE_EVERY == 0:
                self._announce_me(conversation_id, "here")

    def _say_viewers(self, conversation_id: UUID) -> None:
        names = self.watched[conversation_id].viewers.names()
        self.say({"type": "viewers", "conversation": str(conversation_id), "agents": names})

    # --- Database ------------------------------------------------------------------------------------------------

    def _arrive(self, actor: StaffActor) -> tuple[Agent, Frame]:
        agent = Agent.of(actor.user)
        presence.seen(agent, timezone.now())
        return agent, counts(actor.user)

    def _beat(self, actor: StaffActor) -> str:
        presence.seen(Agent.of(actor.user), timezone.now())
        return waits.queue_version()

    def _counts(self, agent: Agent) -> Frame:
        return counts(agent.user)  # which may have to be read first

    def _look(self, actor: StaffActor, conversation_id: UUID, action: Action) -> Conversation:
        conversation = Conversation.objects.visible_to(actor).filter(pk=conversation_id).first()
        if conversation is None or not actor.may(action, conversation):
            raise Refused("not_found", "There is no such conversation.")
        return conversation

    def _handoff(self, actor: StaffActor, conversation_id: UUID) -> Frame | None:
        return waits.handoff_of(self._look(actor, conversation_id, Action.READ), for_staff=True)

    def _speak(self, actor: StaffActor, conversation_id: UUID, body: str, client_id: UUID, as_note: bool) -> Posted:
        self._look(actor, conversation_id, Action.NOTE if as_note else Action.SPEAK)
        say = inbox.note if as_note else inbox.reply
        return say(conversation_id, Agent.of(actor.user), body, client_id=client_id)

    def _read(self, actor: StaffActor, conversation_id: UUID, seq: int) -> None:
        self._look(actor, conversation_id, Action.READ)
        posting.mark_read(conversation_id, role=Role.AGENT, seq=seq)

    # --- Frames --------------------------------------------------------------------------------------------------

    def _show(self, conversation_id: UUID, line: Line) -> None:
        self.say_text(f'{{"type":"message","conversation":"{conversation_id}","message":{line.text}}}')

    def _pass_on(self, kind: str, event: Frame, *keys: str) -> None:
        if UUID(event["conversation"]) in self.watched:
            content: dict[str, Any] = {key: event[key] for key in keys if event.get(key) not in (None, "")}
            self.say({"type": kind, "conversation": event["conversation"]} | content)
