"""Something does not work, is lost or needs changing."""

from ..answering import from_articles
from ..turn import Draft, Say, Turn

MANNER = "Something of hers does not work or must change. Give the steps in order, the most likely remedy first."


async def answer_support_request(turn: Turn, say: Say) -> Draft:
    return await from_articles(turn, say, manner=MANNER, opening="Let's get this sorted.")
