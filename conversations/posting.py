"""The one way a message is born: a short transaction gives it the next `seq`, and after the commit it is announced."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
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

    def __init__(self, code: str, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.retry_after = code, detail, retry_after  # seconds


@dataclass(frozen=True)
class Draft:
    """A message as its sender wrote it: it has no number yet."""

    conversation_id: UUID
    role: Role
    body: str
    client_id: UUID | None = None
    author: "User | None" = None
    author_name: str = ""


@dataclass(frozen=True)
class Posted:
    message: Message
    conversation: Conversation
    changes: dict[str, Any] = field(default_factory=dict)  # in the conversation's row
    move: Transition | None = None
    new: bool = False  # False: this client_id was known, and this is the first message again


#: By conversation and client_id.
Known = dict[tuple[UUID, UUID | None], Message]

#: What of a conversation's row it takes to decide, or what a message may change.
COLUMNS = (
    *("id", "status", "epoch", "episode", "token_expires_at", "escalated_at", "last_activity_at", "reminded_at"),
    *("last_seq", "last_public_seq", "last_customer_seq", "customer_seen_seq", "agent_seen_seq", "preview"),
    *("waiting_since", "lease_until", "turn_attempts"),
)


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
    draft = Draft(conversation.pk, role, body, client_id, author, author_name)
    posted = decide(conversation, draft, ask_known([draft])().get((conversation.pk, client_id)), timezone.now())
    if posted.new:
        write([posted], posted.changes)
    tell(posted)
    return posted


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
    draft = Draft(conversation.pk, role, body, author=author, author_name=author_name)
    posted = _take_up(conversation, draft, body, now or timezone.now(), data or {})
    write([posted], posted.changes)
    tell(posted)
    return posted.message


def decide(conversation: Conversation, draft: Draft, known: Message | None, now: datetime) -> Posted:
    """What becomes of a draft. It only decides: of many messages at once as of one, on both databases, and the
    conversation's row, which the caller has locked, is what it says after this message.

    `known` is the message that this conversation has under the draft's client_id. Raises Refused."""
    body = readable(draft.body)
    if known:
        if known.role != draft.role:  # the threat: a customer who names an agent's client_id is shown the agent's note
            raise Refused("malformed", "This client_id belongs to another message.")
        return Posted(known, conversation)
    if conversation.status == Status.CLOSED and draft.role is not Role.NOTE:
        raise Refused("closed", "This conversation has ended.")
    return _take_up(conversation, draft, body, now, {})


def _take_up(conversation: Conversation, draft: Draft, body: str, now: datetime, data: dict[str, Any]) -> Posted:
    message = Message(
        conversation_id=conversation.pk,
        seq=conversation.last_seq + 1,
        client_id=draft.client_id,
        role=draft.role,
        body=body,
        author=draft.author,
        author_name=draft.author_name,
        data=data,
        created_at=now,
    )
    changes, move = changes_on_message(conversation, message, now), None
    if draft.role is Role.CUSTOMER and conversation.with_assistant and conversation.status != Status.PROCESSING:
        move, more = conversation.plan_move(Status.PROCESSING, reason=Reason.ASKED, actor=Transition.CUSTOMER, now=now)
        changes |= more
    for name, value in changes.items():
        setattr(conversation, name, value)
    return Posted(message, conversation, changes, move, new=True)


def ask_known(drafts: Iterable[Draft]) -> Callable[[], Known]:
    """Asks which messages are known already under their client_id. Only a statement of its own, after the lock, sees
    what another process has committed while this one waited for it."""
    named = [(one.client_id, one.conversation_id) for one in drafts if one.client_id]
    found = statements.find(Message, ("client_id", "conversation_id"), named)
    return lambda: {(message.conversation_id, message.client_id): message for message in found()}


def write(posted: Sequence[Posted], names: Iterable[str] = COLUMNS) -> None:
    """Stores what was decided, and these fields of the conversations' rows."""
    statements.insert([one.message for one in posted])
    statements.update(list({one.conversation.pk: one.conversation for one in posted}.values()), names)
    statements.insert([one.move for one in posted if one.move])


def tell(posted: Posted) -> None:
    """Announces what was decided. A message that was known is announced as well: whoever sends again may do so because
    a commit was never confirmed, and then nobody was told of it."""
    conversation = posted.conversation
    live.announce_message(conversation.pk, posted.message.as_line())
    if posted.move:
        live.announce_status(conversation.pk, status=posted.move.new, reason=posted.move.reason)
    if posted.new and conversation.status == Status.ESCALATED:
        live.announce_queue()


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
    if not storable(body):
        raise Refused("malformed", "This message holds characters that cannot be stored.")
    return body


def storable(text: str) -> bool:
    """PostgreSQL keeps neither NUL nor a lone surrogate."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
