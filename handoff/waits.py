"""How long a customer will wait: the estimate she is told, and how right it was."""

from typing import Any

from conversations.models import Conversation


def handoff_of(conversation: Conversation, *, for_staff: bool) -> dict[str, Any] | None:
    """What is told about the conversation's newest handoff; conversations.serializers.HandoffOf."""
    return None
