"""Greetings, thanks, and whatever fits nowhere else; the handler of every intent that has none."""

import re

from .. import llm
from ..answering import from_articles
from ..turn import Draft, Outcome, Say, Turn
from .human_agent import AM_I

MANNER = "A general question or small talk. Small talk gets one friendly sentence, and the offer to help."

#: Small talk that needs no article: only where the whole message is no more than that.
SMALL_TALK = (
    (r"(?:hi+|hello+|hey+|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))(?: there| you| team| everyone)?"
     r"(?:,? how are (?:you|things)(?: doing| today)?)?",
     "Hello! What can I do for you?"),
    (r"(?:how are (?:you|things)|how'?s it going|what'?s up)(?: doing| today)?",
     "All well here, thank you. What can I do for you?"),
    (r"(?:ok(?:ay)?|great|perfect|super|cool|nice|awesome|got it|yes|no)?,? ?(?:many )?(?:thanks|thank you|thx|ty|cheers)"
     r"(?: a lot| so much| very much| again)?(?:,? (?:that(?:'s| is| was) (?:all|it|everything|great|perfect)|that helped|bye))?",
     "You're welcome! Is there anything else?"),
    (r"(?:ok(?:ay)?|great|perfect|super|cool|nice|awesome|got it|alright|sure|fine)(?:,? thanks)?",
     "Good. Is there anything else I can do for you?"),
    (r"(?:no,? )?(?:that(?:'s| is| was) (?:all|it|everything)|nothing else|all good)(?:,? (?:thanks|thank you|bye))?",
     "Glad to hear it. Have a good day!"),
    (r"(?:good ?)?bye(?: bye)?|see (?:you|ya)(?: later| soon)?|(?:have a )?(?:good|nice|great) (?:day|night|evening|weekend)",
     "Goodbye, and have a good day!"),
    (r".*\b(?:are|r) (?:you|u) (?:an? )?(?:really )?(?:real|human|person|bot|robot|machine|ai|computer)\b.*"
     r"|(?:am i|are we) (?:talking|speaking|chatting) (?:to|with) .*|who are you|what(?:'s| is) your name",
     AM_I),
    (r"(?:what can you (?:do|help (?:me )?with)|how can you help(?: me)?|help(?: me)?(?: please)?|i (?:need|have) (?:help|a question))",
     "I can look up an order by its number and your e-mail address, answer questions from our help articles, or "
     "connect you with a person. What is it about?"),
)  # fmt: skip


async def answer_general_inquiry(turn: Turn, say: Say) -> Draft:
    if not llm.available() and (reply := small_talk(turn.text)):
        return Draft(Outcome.ANSWERED, reply)
    return await from_articles(turn, say, manner=MANNER)


def small_talk(text: str) -> str:
    said = " ".join(re.sub(r"[^\w\s,']", " ", text.lower().replace("’", "'")).split()).strip(" ,")
    return next((reply for pattern, reply in SMALL_TALK if re.fullmatch(pattern, said)), "")
