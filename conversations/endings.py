"""How a conversation ends, and how it begins again as a new episode."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from .lifecycle import Reason, Status
from .models import Conversation, Role
from .posting import Refused, append

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CLOSING_LINES = {
    Reason.RESOLVED: "This conversation was marked as resolved.",
    Reason.CUSTOMER_LEFT: "You ended this conversation.",
    Reason.INACTIVITY: "This conversation was closed due to inactivity.",
    Reason.MAX_AGE: "This conversation was closed because it had been open for so long.",
}


def close(
    conversation_id: UUID,
    *,
    reason: Reason,
    actor: str,
    user: "User | None" = None,
    now: datetime | None = None,
) -> Conversation:
    """Closes, with a line in the transcript that says why. Closing what is closed changes nothing."""
    with transaction.atomic():
        conversation = Conversation.objects.lock(conversation_id)
        if conversation.status != Status.CLOSED:
            end(conversation, reason=reason, actor=actor, user=user, now=now)
    return conversation


def end(
    conversation: Conversation,
    *,
    reason: Reason,
    actor: str,
    user: "User | None" = None,
    now: datetime | None = None,
) -> None:
    """Closes a conversation whose row the caller has locked, as part of the caller's transaction."""
    append(conversation, role=Role.SYSTEM, body=CLOSING_LINES[reason], now=now)
    conversation.move(Status.CLOSED, reason=reason, actor=actor, user=user, now=now)


def reopen(conversation_id: UUID, *, actor: str, user: "User | None" = None) -> Conversation:
    """Continues a closed conversation as a new episode; raises Refused once the time for that is over."""
    with transaction.atomic():
        conversation = Conversation.objects.lock(conversation_id)
        if conversation.status == Status.CLOSED:
            if not conversation.may_reopen:
                raise Refused("closed", "This conversation ended too long ago. Please start a new one.")
            conversation.move(Status.ACTIVE, reason=Reason.REOPENED, actor=actor, user=user)
            append(conversation, role=Role.SYSTEM, body="This conversation was reopened.")
    return conversation
