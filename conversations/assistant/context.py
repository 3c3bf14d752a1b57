"""What fits into the model's window: a budget of tokens, spent on the newest messages first, and never on notes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..models import Message

BUDGET = 6000  # tokens of one prompt, beside the answer
CLASSIFYING = 1500
HERS = 1000  # that her newest words may take in any case


def tokens(text: str) -> int:
    """About how many tokens the text is. By bytes, so that scripts with more of them a letter cost more."""
    return len(text.encode()) // 4 + 4


def newest(text: str, budget: int) -> str:
    """The end of the text, as much of it as fits: what she said last counts most."""
    if tokens(text) <= budget:
        return text
    return text.encode()[-max(4, (budget - 4) * 4) :].decode(errors="ignore")


def window(history: "list[Message]", budget: int) -> "list[Message]":
    """The newest messages that fit, each whole, oldest first; the newest is always among them."""
    kept: list[Message] = []
    for message in reversed(history):
        if message.role in ("note", "system"):
            continue
        budget -= tokens(message.body)
        if budget < 0 and kept:
            break
        kept.append(message)
    return kept[::-1]
