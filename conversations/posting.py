"""The one way a message is born: a short transaction gives it the next `seq`, and after the commit it is announced."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from . import live
from .lifecycle import Reason, Status
from .models import Conversation, Message, Role, Transition, statements
from .models.conversation import TURN_LEASE
from .models.message import MAX_BODY

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Refused(Exception):
    """A message that is not taken; `code` and `detail` go to its sender as docs/protocol.md lists them."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Posted:
    message: Message
    conversation: Conversation
    new: bool  # False: this client_id was known, and this is the first message again


def post(
    conversation_id: UUID,
    *,
    role: Role,
    body: str,
    client_id: UUID | None = None,
    author: "User | None" = None,
    author_name: str = "",
) -> Posted:
    """Posts what a person wrote. When this returns, it is committed.

    Raises Refused (`empty`, `too_long`, `malformed`, `closed`) and Conversation.DoesNotExist.
    """
    with transaction.atomic():
        conversation = Conversation.objects.lock(conversation_id)
        return post_to(conversation, role=role, body=body, client_id=client_id, author=author, author_name=author_name)


def post_to(
    conversation: Conversation,
    *,
    role: Role,
    body: str,
    client_id: UUID | None = None,
    author: "User | None" = None,
    author_name: str = "",
) -> Posted:
    """As `post`, to a conversation whose row the caller has locked, as part of the caller's transaction."""
    message = Message(role=role, body=readable(body), client_id=client_id, author=author, author_name=author_name)
    ended = conversation.status == Status.CLOSED and role is not Role.NOTE
    if not ended and _add(message, conversation):
        return Posted(message, conversation, new=True)
    known = client_id and statements.fetch(Message, client_id=client_id, conversation=conversation.pk)
    if not known:
        raise Refused("closed", "This conversation has ended.")
    if known.role != role:  # the threat: a customer who names an agent's client_id is shown the agent's note
        raise Refused("malformed", "This client_id belongs to another message.")
    # Whoever sends again may do so because a commit was never confirmed, and then nobody was told of it.
    live.announce_message(conversation.pk, known.as_json())
    return Posted(known, conversation, new=False)


def append(
    conversation: Conversation,
    *,
    role: Role,
    body: str,
    author: "User | None" = None,
    author_name: str = "",
    data: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> Message:
    """Adds the desk's own words to a conversation whose row the caller has locked, as part of the caller's transaction,
    ended or not."""
    message = Message(
        role=role, body=body, author=author, author_name=author_name, data=data or {}, created_at=now or timezone.now()
    )
    _add(message, conversation)
    return message


def _add(message: Message, conversation: Conversation) -> bool:
    """False: its client_id is known, and nothing was written."""
    message.conversation, message.seq = conversation, conversation.last_seq + 1
    if not statements.insert(message, unless_known=("client_id", "conversation")):
        return False
    now = message.created_at
    statements.update(conversation, changes_on_message(conversation, message, now))
    live.announce_message(conversation.pk, message.as_json())
    if message.role == Role.CUSTOMER and conversation.with_assistant and conversation.status != Status.PROCESSING:
        conversation.move(Status.PROCESSING, reason=Reason.ASKED, actor=Transition.CUSTOMER, now=now)
    if conversation.status == Status.ESCALATED:
        live.announce_queue()
    return True


def mark_read(conversation_id: UUID, *, role: Role, seq: int) -> None:
    """Notes that the customer, or an agent, has seen everything up to `seq`. Late and repeated marks change nothing."""
    field = "customer_seen_seq" if role is Role.CUSTOMER else "agent_seen_seq"
    unseen = Conversation.objects.filter(pk=conversation_id, last_seq__gte=seq, **{f"{field}__lt": seq})
    if unseen.update(**{field: seq}):
        live.announce_read(conversation_id, role, seq)


def changes_on_message(conversation: Conversation, message: Message, now: datetime) -> dict[str, Any]:
    """What a message changes in its conversation's row."""
    changes: dict[str, Any] = {"last_seq": message.seq}
    if message.role == Role.NOTE:
        return changes
    changes["last_public_seq"] = message.seq
    match message.role:
        case Role.CUSTOMER:
            changes |= {"last_customer_seq": message.seq, "last_activity_at": now, "reminded_at": None}
            changes["preview"] = " ".join(message.body.split())[:140]
            changes |= {"customer_seen_seq": message.seq}
            if conversation.status == Status.ESCALATED:
                changes |= {"waiting_since": conversation.waiting_since or now}
            elif conversation.status == Status.PROCESSING:
                changes |= {"lease_until": now + TURN_LEASE, "turn_attempts": 0}
        case Role.ASSISTANT:
            changes |= {"last_activity_at": now}
        case Role.AGENT:
            changes |= {"last_activity_at": now, "waiting_since": None, "agent_seen_seq": message.seq}
    return changes


def readable(body: str) -> str:
    """`body` as it is kept; raises Refused if it cannot be."""
    body = body.strip()
    if not body:
        raise Refused("empty", "Write something first.")
    if len(body) > MAX_BODY:
        raise Refused("too_long", f"A message may have {MAX_BODY:,} characters; this one has {len(body):,}.")
    # PostgreSQL stores neither NUL nor a lone surrogate.
    if "\0" in body or any("\ud800" <= char <= "\udfff" for char in body):
        raise Refused("malformed", "This message holds characters that cannot be stored.")
    return body
