"""RULES: the first that objects to the assistant going on wins, and leaves its evidence."""

from conversations.assistant.turn import Turn


def escalate(turn: Turn) -> bool:
    """Hands the conversation to a person if a rule objects; conversations.turns.Escalate says when it is called."""
    return False
