"""She is unhappy with us."""

from dataclasses import replace

from .. import llm
from ..answering import from_articles
from ..turn import Draft, Outcome, Say, Turn

MANNER = (
    "She is unhappy. Say sorry once, briefly and without excuses, name what went wrong in her words, then say what can "
    "be done next; offer a person. Do not judge who is right."
)
SORRY = "I'm sorry, that is not how it should have been."
OFFER = (
    "Tell me what happened, with an order number if there is one, and I'll see what I can find. Or say “talk to a "
    "person”, and somebody from the team takes it from here."
)


async def answer_complaint(turn: Turn, say: Say) -> Draft:
    """A short apology and an offer; what is offered twice in a row has got her nowhere."""
    draft = await from_articles(turn, say, manner=MANNER, opening=SORRY)
    if draft.outcome is Outcome.ANSWERED and not llm.available():
        return replace(draft, body=f"{draft.body} If not, say “talk to a person”.")
    if draft.outcome is Outcome.ANSWERED:
        return draft
    again = turn.conversation.intent == "complaint"
    return Draft(Outcome.FALLBACK if again else Outcome.ANSWERED, f"{SORRY} {OFFER}")
