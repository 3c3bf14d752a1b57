"""Before buying: what there is, what it can do, what it costs."""

from ..answering import from_articles
from ..turn import Draft, Say, Turn

MANNER = (
    "She is choosing or comparing. Name what fits and what does not, and name prices only as the articles give them."
)


async def answer_product_inquiry(turn: Turn, say: Say) -> Draft:
    return await from_articles(turn, say, manner=MANNER)
