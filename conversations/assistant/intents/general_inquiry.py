"""Greetings, thanks, and whatever fits nowhere else; the handler of every intent that has none."""

import re
from typing import Final

from .. import llm
from ..answering import from_articles
from ..turn import Draft, Outcome, Say, Turn

MANNER = "A general question or small talk. Small talk gets one friendly sentence, and the offer to help."

AM_I = (
    "I'm the desk's automated assistant, not a person. I can answer many questions myself, and if you'd rather "
    "talk to a person, say so and I'll connect you."
)
CAN_DO = (
    "I can look up an order by its number and your e-mail address, answer questions from our help articles, or "
    "connect you with a person. What is it about?"
)
LONGEST = 80  # characters of small talk
_OK = r"(?:ok(?:ay)?|great|perfect|super|cool|nice|awesome|wonderful|got it|alright|sure|fine|yes|no)"
_THANKS = r"(?:many )?(?:thanks|thank you|thx|ty|cheers)(?: a lot| so much| very much| again)?"
_ALL = r"that(?:'s| is| was) (?:all|it|everything)"

#: Small talk that needs no article: only where the whole message is no more than that.
SMALL_TALK: Final = {
    r"(?:hi+|hello+|hey+|hiya|good (?:morning|afternoon|evening|day))(?: there| you| team)?": (
        "Hello! What can I do for you?"
    ),
    r"(?:(?:hi|hello|hey),? )?(?:how are (?:you|things)|how's it going|what's up)(?: doing)?(?: today)?": (
        "All well here, thank you. What can I do for you?"
    ),
    rf"(?:{_OK},? )?{_THANKS}(?:,? (?:{_ALL}|that helped|bye|goodbye))?|that helped(?:,? {_THANKS})?": (
        "You're welcome! Is there anything else?"
    ),
    rf"{_OK}": "Good. Is there anything else I can do for you?",
    rf"(?:no,? )?(?:{_ALL}|nothing else|all good)(?:,? {_THANKS})?(?:,? bye)?|(?:good ?)?bye(?: bye)?"
    r"|see (?:you|ya)(?: later| soon)?|(?:have a )?(?:good|nice|great) (?:day|night|evening|weekend)": (
        "Glad I could help. Have a good day!"
    ),
    r".*\b(?:are|r) (?:you|u) (?:just |really )?(?:an? )?(?:real |live )?(?:human|person|bot|robot|machine|ai|real)\b.*"
    r"|(?:am i|are we) (?:\w+ )?(?:talking|speaking|chatting) (?:to|with) .*|who are you|what's your name": AM_I,
    r"what can you (?:do|help (?:me )?with)|how can you help(?: me)?|(?:please )?help(?: me)?(?: please)?"
    r"|i (?:need (?:some )?help|have a question)": CAN_DO,
    r"(?:no need to|(?:please )?(?:don't|do not)) (?:transfer|connect|escalate|pass|put).*": (
        "All right, we stay here. What can I do for you?"
    ),
}


async def answer_general_inquiry(turn: Turn, say: Say) -> Draft:
    if not llm.available() and (reply := small_talk(turn.text)):
        return Draft(Outcome.ANSWERED, reply)
    return await from_articles(turn, say, manner=MANNER)


def small_talk(text: str) -> str:
    """What to say to small talk; "" where it is more than that."""
    said = " ".join(re.sub(r"[^\w\s,']", " ", text.lower().replace("’", "'")).split()).strip(" ,")
    if len(said) > LONGEST:
        return ""
    return next((reply for pattern, reply in SMALL_TALK.items() if re.fullmatch(pattern, said)), "")
