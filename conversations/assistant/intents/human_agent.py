"""She wants a person."""

from .. import signals
from ..turn import Draft, Outcome, Say, Turn

AM_I = (
    "I'm the desk's automated assistant, not a person. I can answer many questions myself, and if you'd rather "
    "talk to a person, say so and I'll connect you."
)


async def answer_human_agent(turn: Turn, say: Say) -> Draft:
    """Hands over; only wondering what she is talking to, or declining a person, is no reason to."""
    if signals.declines_person(turn.text):
        return Draft(Outcome.ANSWERED, AM_I)
    return Draft(Outcome.HAND_OVER, data={"reason": "human_requested"})
