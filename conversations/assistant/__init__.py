"""Everything the bot is: it sees a turn, finds out what is wanted, and drafts what to say."""

from dataclasses import replace

from .turn import Draft, Outcome, Routing, Say, Turn

__all__ = ["Draft", "Outcome", "Routing", "Say", "Turn", "draft", "route"]


async def route(turn: Turn) -> Routing:
    """What she wants: by the model where there is one, else, or when it fails, by the local classifier."""
    from .classifier import classify

    return await classify(turn)


async def draft(turn: Turn, say: Say) -> Draft:
    """The answer of the intent's handler; `say` hears its pieces while a model writes it. A model that fails raises:
    turns.py makes of it a draft that a person takes over."""
    from .intents import HANDLERS
    from .shipped import DEFAULT
    from .signals import denies

    assert turn.routing is not None
    # A handler that an admin misspelt, or that is gone, is no reason to fall silent.
    drafted = await HANDLERS.get(turn.routing.handler, HANDLERS[DEFAULT])(turn, say)
    last = next((message for message in reversed(turn.history) if message.role in ("assistant", "agent")), None)
    if last and denies(turn.text, answered="sources" in last.data):
        drafted = replace(drafted, data=drafted.data | {"denied": True})
    return drafted
