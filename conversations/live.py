"""What is happening, told to whoever looks on: the groups, and the only place that sends to them.

An announcement is a hint. It leaves after the commit, never holds anybody up, and may be lost or come twice: the
database is the record, and receivers heal by `seq` (see feed.py).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

from . import background

log = logging.getLogger(__name__)

INBOX = "inbox"
QUEUE_EVERY = 0.25  # seconds between two announcements of the queue by one process
MAX_LEAVING = 5000  # past that the event loop is not keeping up, and hints are dropped

Event = dict[str, Any]

if TYPE_CHECKING:
    from .models.message import Line


def conversation_group(conversation_id: UUID) -> str:
    return f"conversation.{conversation_id}"


def watchers_group(conversation_id: UUID) -> str:
    """The agents who look at a conversation; what is said here, its customer does not hear."""
    return f"watchers.{conversation_id}"


def agent_group(user_id: int) -> str:
    return f"agent.{user_id}"


def announce_message(conversation_id: UUID, line: "Line") -> None:
    """A message was committed: everybody in the conversation gets it whole."""
    _after_commit(conversation_group(conversation_id), _about(conversation_id, "chat.message", line=line))


def announce_status(conversation_id: UUID, *, status: str, reason: str = "", **more: Any) -> None:
    """The conversation moved, or what the customer is told about her place in line did (`handoff=…`)."""
    event = _about(conversation_id, "chat.status", status=status, reason=reason, **more)
    _after_commit(conversation_group(conversation_id), event)


def announce_delta(conversation_id: UUID, turn: str, text: str) -> None:
    """A piece of a reply that is being written."""
    _publish(conversation_group(conversation_id), _about(conversation_id, "chat.delta", turn=turn, text=text))


def announce_delta_end(conversation_id: UUID, turn: str) -> None:
    """The reply begun in this turn will not come."""
    _publish(conversation_group(conversation_id), _about(conversation_id, "chat.delta.end", turn=turn))


def announce_typing(conversation_id: UUID, role: str, sender: str, name: str = "") -> None:
    event = _about(conversation_id, "chat.typing", role=role, sender=sender, name=name)
    _publish(conversation_group(conversation_id), event)


def announce_read(conversation_id: UUID, role: str, seq: int) -> None:
    _after_commit(conversation_group(conversation_id), _about(conversation_id, "chat.read", role=role, seq=seq))


def announce_viewer(conversation_id: UUID, viewer: str, name: str, state: str) -> None:
    """An agent's socket began to look at a conversation ("came"), still does ("here"), or stopped ("left")."""
    event = _about(conversation_id, "inbox.viewer", viewer=viewer, name=name, state=state)
    _publish(watchers_group(conversation_id), event)


def announce_handoff(conversation_id: UUID) -> None:
    """What agents are told of the conversation's handoff changed, its brief for one."""
    _after_commit(watchers_group(conversation_id), _about(conversation_id, "inbox.handoff"))


def announce_queue() -> None:
    """The queue, or a row of the inbox, changed."""
    _do_after_commit(_publish_queue)


def announce_assigned(user_id: int, handoff: Event) -> None:
    _after_commit(agent_group(user_id), {"type": "inbox.assigned", "handoff": handoff})


def _about(conversation_id: UUID, kind: str, **content: Any) -> Event:
    # A socket may be in the groups of many conversations, and is not told through which of them an event came.
    return {"type": kind, "conversation": str(conversation_id), **content}


# --- How an announcement leaves the process ------------------------------------------------------------------------


_quiet = ContextVar("quiet", default=False)
_committed = ContextVar("committed", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Nobody is told of what happens in this block: it is the past that is being written."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


@contextmanager
def committed() -> Iterator[None]:
    """What is announced in this block is committed: nothing need be asked of the connection."""
    token = _committed.set(True)
    try:
        yield
    finally:
        _committed.reset(token)


def _after_commit(group: str, event: Event) -> None:
    _do_after_commit(partial(_publish, group, event))


def _do_after_commit(work: Callable[[], None]) -> None:
    if _quiet.get():
        return
    if _committed.get():
        work()
    else:
        transaction.on_commit(work, robust=True)


_queue_at = 0.0  # when the inbox is told next, or was told last


def _publish_queue() -> None:
    """At once, or as one announcement for all that happens within QUEUE_EVERY: each goes to every agent."""
    global _queue_at
    now = time.monotonic()
    with _lock:
        if now < _queue_at:
            return  # told then, of this too
        _queue_at = max(now, _queue_at + QUEUE_EVERY)
        wait = _queue_at - now
    if wait:
        background.run(_publish_queue_after(wait))
    else:
        _publish(INBOX, {"type": "inbox.queue"})


async def _publish_queue_after(wait: float) -> None:
    await asyncio.sleep(wait)
    _publish(INBOX, {"type": "inbox.queue"})


_lock = threading.Lock()
_leaving: list[tuple[str, Event]] = []  # what was published and not yet sent


def _publish(group: str, event: Event) -> None:
    """Hands the event over to the event loop, from any thread; what comes in one breath leaves together."""
    with _lock:
        if len(_leaving) >= MAX_LEAVING:
            log.warning("too much is under way, an announcement to %s was dropped", group)
            return
        _leaving.append((group, event))
        first = len(_leaving) == 1
    if first:
        background.run(_send_all())


async def _send_all() -> None:
    with _lock:
        events = tuple(_leaving)
        _leaving.clear()
    layer = get_channel_layer()
    assert layer is not None
    try:
        async with asyncio.timeout(settings.PUBLISH_TIMEOUT):
            for group, event in events:
                await layer.group_send(group, event)
    except Exception as error:  # any failure of the broker: what was lost here, receivers fetch from the database
        log.warning("of %s announcements some did not leave: %s", len(events), str(error) or type(error).__name__)
