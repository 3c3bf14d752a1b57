"""Placeholder until the assistant's engineer replaces it."""

from .turn import Routing, Turn


async def classify(turn: Turn) -> Routing:
    return Routing("general_inquiry", "general_inquiry", 1.0, "local")
