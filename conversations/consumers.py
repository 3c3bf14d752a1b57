"""The customer's socket: hello, messages both ways, what is happening meanwhile."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async

from . import commits, live, posting, turns
from .actors import Action, CustomerActor, customer_with
from .feed import Feed
from .following import following
from .frames import Frame, number_in, text_in, uuid_in
from .lifecycle import Status
from .limits import MESSAGES
from .models import Conversation, Role
from .models.message import Line
from .posting import Draft, Refused
from .serializers import HandoffOf, conversation_json
from .socket import NOT_YOURS, DeskSocket, RateLimited

T = TypeVar("T")


class Standing(NamedTuple):
    """What she was told last, as far as a ping compares it."""

    status: str
    handoff: str
    agent: str


def standing(told: Frame) -> Standing:
    handoff = (told.get("handoff") if told["status"] == Status.ESCALATED else None) or {}
    return Standing(told["status"], handoff.get("status", ""), handoff.get("agent", ""))


class CustomerConsumer(DeskSocket):
    frames = frozenset({"hello", "message", "typing", "read", "ping"})
    at_once = frozenset({"chat.message", "chat.delta", "chat.delta.end", "chat.typing", "chat.read"})
    actor: CustomerActor | None = None

    def __init__(self, *, escalate: turns.Escalate, handoff_of: HandoffOf) -> None:
        super().__init__()
        self.escalate, self.handoff_of = escalate, handoff_of

    async def on_hello(self, frame: Frame) -> None:
        self.conversation_id = self.scope["url_route"]["kwargs"]["conversation_id"]
        after = number_in(frame, "after", 0)
        self.actor = await database_sync_to_async(customer_with)(text_in(frame, "token"), self.conversation_id)
        if self.actor is None:
            self.hang_up(NOT_YOURS)
            return
        self.feed = Feed(self.conversation_id, after=after, notes=False, show=self._show)
        # Join first, then read: what is said in between is announced as well as read, and shown once.
        await self.join(live.conversation_group(self.conversation_id))
        messages = await self.feed.read()
        conversation = await self._allowed(self._look)
        self.name, self.told = conversation["customer"]["name"], standing(conversation)
        self.welcome({"conversation": conversation, "messages": messages})
        self.feed.release()
        following().add(self.conversation_id, self)

    def gone(self) -> None:
        super().gone()
        if self.welcomed:
            self.feed.close()
            following().discard(self.conversation_id, self)

    def may_stay(self) -> bool:
        return self.actor is not None and not self.actor.expired

    async def on_message(self, frame: Frame) -> None:
        client_id, body = uuid_in(frame, "client_id"), text_in(frame, "body")
        if wait := MESSAGES.take(f"customer:{self.conversation_id}"):
            raise RateLimited(wait)
        assert self.actor is not None
        draft = Draft(self.conversation_id, Role.CUSTOMER, body, client_id, author_name=self.name)
        # Not awaited: her next frames are read meanwhile, and what she says in one breath shares a commit.
        commits.post(draft, by=self.actor, then=partial(self._posted, frame))
        await self.unanswered.add()

    def _posted(self, frame: Frame, outcome: commits.Outcome) -> None:
        self.unanswered.take()
        if isinstance(outcome, Exception):
            self.refuse(outcome, frame)
            return
        # As she spelt it: she looks for it among what she has sent.
        self.say({"type": "ack", "client_id": frame["client_id"], "seq": outcome.message.seq})
        if outcome.new and outcome.conversation.status == Status.PROCESSING:
            # Sent again, it may have a turn under way in any process: that of a dead one is the sweep's.
            turns.start(self.conversation_id, escalate=self.escalate)

    async def on_typing(self, frame: Frame) -> None:
        live.announce_typing(self.conversation_id, Role.CUSTOMER, sender=self.id)

    async def on_read(self, frame: Frame) -> None:
        await self._allowed(self._seen, number_in(frame, "seq"))

    async def on_ping(self, frame: Frame) -> None:
        if self.told.status == Status.ESCALATED:  # what a person does to it is no change of the conversation's own
            await self.chat_look(frame)
        self.say({"type": "pong", "last_seq": self.feed.last_shown})

    # --- What the group announces --------------------------------------------------------------------------------

    def chat_message(self, event: Frame) -> None:
        self.feed.offer(Line(*event["line"]))

    def compare(self, conversation_id: UUID, last_seq: int, status: str) -> None:
        if self.may_hear():
            self.feed.reach(last_seq)
        if status != self.told.status:  # which may be on its way: what is so is read when it is this look's turn
            self.hear({"type": "chat.look"})

    async def chat_look(self, event: Frame) -> None:
        if await self._allowed(self._glance) != self.told:
            conversation = await self._allowed(self._look)
            self._show_status(conversation | {"reason": conversation["close_reason"]})

    async def chat_status(self, event: Frame) -> None:
        if event["status"] == Status.ESCALATED and "handoff" not in event:
            event = event | {"handoff": (await self._allowed(self._look))["handoff"]}
        self._show_status(event)

    def chat_delta(self, event: Frame) -> None:
        self.say({"type": "delta", "turn": event["turn"], "text": event["text"]})

    def chat_delta_end(self, event: Frame) -> None:
        self.say({"type": "delta_end", "turn": event["turn"]})

    def chat_typing(self, event: Frame) -> None:
        if event["sender"] != self.id and event["role"] != Role.NOTE:
            self.say({"type": "typing", "role": event["role"]})

    def chat_read(self, event: Frame) -> None:
        self.say({"type": "read", "role": event["role"], "seq": event["seq"]})

    # --- Database ------------------------------------------------------------------------------------------------

    async def _allowed(self, work: Callable[..., T], *args: Any) -> T:
        """Does `work` with her conversation if her token still opens it; otherwise the socket closes."""

        def look_and_work() -> T:
            conversation = self._seen_by_her()
            if self.actor is None or conversation is None or not self.actor.may(Action.READ, conversation):
                raise Refused("not_yours", "This conversation is not yours.")
            return work(conversation, *args)

        result: T = await database_sync_to_async(look_and_work)()
        return result

    def _seen_by_her(self) -> Conversation | None:
        return Conversation.objects.visible_to(self.actor).select_related("customer").first()

    def _look(self, conversation: Conversation) -> Frame:
        return conversation_json(conversation, handoff=self.handoff_of(conversation, for_staff=False))

    def _glance(self, conversation: Conversation) -> Standing:
        """Her place in line, which takes the whole queue to know, is announced as it changes."""
        escalated = conversation.status == Status.ESCALATED
        handoff = self.handoff_of(conversation, for_staff=False, placed=False) if escalated else None
        return standing({"status": conversation.status, "handoff": handoff})

    def _seen(self, conversation: Conversation, seq: int) -> None:
        posting.mark_read(conversation.pk, role=Role.CUSTOMER, seq=seq)

    # --- Frames --------------------------------------------------------------------------------------------------

    def _show(self, line: Line) -> None:
        self.say_text(f'{{"type":"message","message":{line.text}}}')

    def _show_status(self, event: Frame) -> None:
        self.told = standing(event)
        frame = {"type": "status", "status": event["status"]}
        # Why a conversation ended is hers to know; why a person was called ("frustration") is the agents'.
        told = ("reason", "handoff") if event["status"] == Status.CLOSED else ("handoff",)
        self.say(frame | {key: event[key] for key in told if event.get(key)})
