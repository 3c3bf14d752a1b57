"""She wants a person."""

from ..turn import Draft, Outcome, Say, Turn


async def answer_human_agent(turn: Turn, say: Say) -> Draft:
    return Draft(Outcome.HAND_OVER, data={"why": "Wants to talk to a person"})
