"""One file an intent. A new one is a file here and a line in HANDLERS."""

from ..turn import Draft, Handler, Outcome, Say, Turn


async def _echo(turn: Turn, say: Say) -> Draft:
    return Draft(Outcome.ANSWERED, f"You said: {turn.text}")


HANDLERS: dict[str, Handler] = {"general_inquiry": _echo}
