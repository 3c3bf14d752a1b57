"""What one turn holds on its way from the customer's message to a reply or a handoff."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from ..models import Conversation, Message


@dataclass(frozen=True)
class Routing:
    """What she wants, as a classifier saw it."""

    intent: str  # an Intent's name; "" when nothing was recognised
    handler: str  # a key of intents.HANDLERS
    confidence: float  # 0 to 1
    engine: str  # "model" or "local"
    why: str = ""


class Outcome(StrEnum):
    ANSWERED = "answered"
    FALLBACK = "fallback"  # it did not know: a failed attempt
    HAND_OVER = "hand_over"  # the handler itself wants a person
    FAILED = "failed"  # the assistant broke or timed out: a person must take over


@dataclass(frozen=True)
class Draft:
    """What the assistant would say. Nobody has seen it as a message until turns.settle posts it."""

    outcome: Outcome
    body: str = ""
    sources: list[dict[str, str]] = field(default_factory=list)  # {"title", "url"} of each article used
    data: dict[str, Any] = field(default_factory=dict)  # what it looked up, for the record
    error: str = ""  # with FAILED: what went wrong


@dataclass
class Turn:
    """One customer's turn. `conversation` is as last read; turns.settle reads it again under its lock."""

    conversation: "Conversation"
    history: list["Message"]  # the newest messages, oldest first, without notes
    seq: int = 0  # of her newest message
    text: str = ""  # all she has said since the last reply
    asked: bool = False  # she, or an agent for her, pressed the button for a person
    asked_by: "User | None" = None  # that agent
    routing: Routing | None = None
    draft: Draft | None = None
    epoch: int = 0
    begun: bool = False  # somebody may have seen the beginning of a reply
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.epoch = self.conversation.epoch

    @property
    def failed_attempts(self) -> int:
        """Consecutive attempts that got nowhere, this turn's included."""
        before = self.conversation.failed_attempts
        if self.draft is None:
            return before
        if self.draft.outcome is Outcome.FALLBACK or self.draft.data.get("denied"):
            return before + 1
        return 0


#: Called with each piece of a reply while it is being written.
Say = Callable[[str], None]


class Handler(Protocol):
    """Answers one kind of wish. It holds no lock and no transaction; errors may be raised."""

    async def __call__(self, turn: Turn, say: Say) -> Draft: ...
