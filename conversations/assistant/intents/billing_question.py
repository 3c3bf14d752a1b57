"""Money: bills, refunds, charges, ways to pay."""

from ..answering import from_articles
from ..turn import Draft, Say, Turn

MANNER = (
    "It is about her money. Explain what the articles say; you see no account and no payment, and cannot refund. "
    "If she needs somebody to look into a charge, offer a person."
)


async def answer_billing_question(turn: Turn, say: Say) -> Draft:
    return await from_articles(turn, say, manner=MANNER)
