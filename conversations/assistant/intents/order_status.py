"""Where an order is: looked up by its number together with the e-mail address it was placed with."""

import re
from functools import reduce
from operator import or_

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils.formats import date_format

from ...models import Order
from ..answering import from_articles
from ..signals import EMAIL, IDENTIFIER
from ..turn import Draft, Outcome, Say, Turn

MOST = 5  # numbers and addresses one turn may try: a message is no way to search through orders
#: What signals.given calls it, and what she is asked for.
NEEDED = {"order number": "the order number", "e-mail address": "the e-mail address you ordered with"}
ASK = "I can look that up. Please give me {}."
#: It says not which of the two was wrong: that would tell a stranger who ordered what.
NOT_FOUND = (
    "I can't find an order with that number and e-mail address. Please check both; the number is in the confirmation "
    "we sent you. Or say “talk to a person”, and somebody looks into it."
)
NO_ORDERS = (
    "I see no order under your e-mail address. If you ordered with another one, please give me that address and the "
    "order number."
)
MANNER = (
    "She asks about deliveries in general. If it is about an order of hers, ask for its number and her e-mail address."
)
_GENERAL = re.compile(
    r"\bhow (?:long|soon|fast|many (?:days|weeks))\b|\busual(?:ly)?\b|\bdo (?:you|u|ya) (?:ship|deliver)", re.I
)


async def answer_order_status(turn: Turn, say: Say) -> Draft:
    customer = turn.conversation.customer
    numbers = _named(turn, IDENTIFIER)
    emails = [email for email in [*_named(turn, EMAIL), customer.email] if email]
    if not numbers and _GENERAL.search(turn.text):
        draft = await from_articles(turn, say, manner=MANNER)
        if draft.outcome is Outcome.ANSWERED:
            return draft
    if not numbers and customer.email and customer.email_verified:
        draft = await database_sync_to_async(_newest)(customer.email)
    elif missing := [needed for needed, held in zip(NEEDED, (numbers, emails), strict=True) if not held]:
        asked = ASK.format(" and ".join(NEEDED[each] for each in missing))
        draft = Draft(Outcome.ANSWERED, asked, data={"awaits": missing})
    else:
        draft = await database_sync_to_async(_one)(numbers, emails)
    return draft


def _named(turn: Turn, pattern: re.Pattern[str]) -> list[str]:
    """What she names of this kind now, else what she named last."""
    hers = [turn.text, *(message.body for message in reversed(turn.history) if message.role == "customer")]
    for text in hers:
        named = pattern.findall(text if pattern is EMAIL else EMAIL.sub(" ", text))
        if named:
            return named[:MOST]
    return []


def _one(numbers: list[str], emails: list[str]) -> Draft:
    wanted = {_bare(number) for number in numbers}
    orders = Order.objects.filter(reduce(or_, (Q(email__iexact=email) for email in emails)))
    order = next((each for each in orders if any(_is_called(each, number) for number in wanted)), None)
    if order is None:
        return Draft(Outcome.FALLBACK, NOT_FOUND, data={"awaits": list(NEEDED), "found": False})
    return Draft(Outcome.ANSWERED, describe(order), data={"order": order.number, "found": True})


def _is_called(order: Order, number: str) -> bool:
    """Is that the order's number, with or without its letters, dashes and zeros in front?"""
    bare = _bare(order.number)
    return bare == number or (number.isdigit() and re.sub(r"^[A-Z]+0*", "", bare) == number.lstrip("0"))


def _bare(number: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", number.upper())


def _newest(email: str) -> Draft:
    """Orders of a customer who is vouched for: she need not remember a number."""
    orders = list(Order.objects.filter(email__iexact=email)[:3])
    if not orders:
        return Draft(Outcome.ANSWERED, NO_ORDERS, data={"awaits": ["order number"], "found": False})
    told = "\n\n".join(map(describe, orders))
    return Draft(Outcome.ANSWERED, told, data={"order": orders[0].number, "found": True})


def describe(order: Order) -> str:
    """One order in a few sentences, as of what the shop knows."""
    lines = [f"Order **{order.number}** ({order.items}) is {order.get_status_display()}."]
    if order.expected_on and order.status not in (Order.Status.DELIVERED, Order.Status.CANCELLED):
        lines.append(f"It should be with you by {date_format(order.expected_on, 'j F Y')}.")
    if order.tracking and order.status in (Order.Status.SHIPPED, Order.Status.DELIVERED):
        lines.append(f"The tracking number is {order.tracking}.")
    return " ".join(lines)
