"""What a customer wants a person for, among all that she has wanted: that she wants one says little about it."""

from conversations.assistant.shipped import HUMAN


def matters(intents: list[str]) -> list[str]:
    """Without the person, unless that is all she has wanted."""
    return [intent for intent in intents if intent != HUMAN] or intents


def matter_of(intents: list[str]) -> str:
    """The newest, which is the last; "" where she has wanted nothing yet."""
    return next(reversed(matters(intents)), "")
