"""Everything the bot is: it sees a turn, finds out what is wanted, and drafts what to say."""

from .intents import HANDLERS
from .turn import Draft, Outcome, Routing, Say, Turn

__all__ = ["Draft", "Outcome", "Routing", "Say", "Turn", "draft", "route"]


async def route(turn: Turn) -> Routing:
    """What she wants: by the model where there is one, else, or when it fails, by the local classifier."""
    from .classifier import classify

    return await classify(turn)


async def draft(turn: Turn, say: Say) -> Draft:
    """The answer of the intent's handler; `say` hears its pieces while a model writes it."""
    assert turn.routing is not None
    return await HANDLERS[turn.routing.handler](turn, say)
