"""Cleo asks where her order is."""

import pytest

from conversations.assistant.turn import Outcome, Turn
from conversations.models import Article, Customer, Order

from .talk import Talk


@pytest.fixture(autouse=True)
def order(db: None) -> Order:
    return Order.objects.create(
        number="FW-09712",
        email="Cleo@Example.com",
        status=Order.Status.SHIPPED,
        items="1 blanket",
        total=89,
        tracking="PB123",
    )


@pytest.fixture(autouse=True)
def _a_guest(talk: Talk) -> None:
    """Who has not said who she is."""
    talk.conversation.customer.email = ""
    talk.conversation.customer.save()


def outcome(turn: Turn) -> Outcome:
    assert turn.draft is not None
    return turn.draft.outcome


def test_number_and_address_together_find_it(talk: Talk) -> None:
    turn = talk.says("Where is my order FW-09712? I used cleo@example.com.")
    assert outcome(turn) is Outcome.ANSWERED
    assert talk.reply == "Order **FW-09712** (1 blanket) is on its way. The tracking number is PB123."


@pytest.mark.parametrize("number", ["fw-09712", "#FW09712", "09712", "9712"])
def test_people_write_numbers_their_own_way(talk: Talk, number: str) -> None:
    talk.says(f"where is my order {number}, cleo@example.com")
    assert "FW-09712" in talk.reply


def test_she_is_asked_for_what_is_missing_and_gives_it_bit_by_bit(talk: Talk) -> None:
    talk.says("where is my order?")
    assert "the order number and the e-mail address" in talk.reply
    talk.says("FW-09712")
    assert talk.reply == "I can look that up. Please give me the e-mail address you ordered with."
    turn = talk.says("cleo@example.com")
    assert turn.routing is not None
    assert turn.routing.intent == "order_status"
    assert "is on its way" in talk.reply


def test_a_wrong_address_and_a_wrong_number_sound_the_same(talk: Talk) -> None:
    wrong_address = talk.says("Where is my order FW-09712? zed@example.com")
    said = talk.reply
    wrong_number = talk.says("Where is my order FW-11111? cleo@example.com")
    assert talk.reply == said
    assert outcome(wrong_address) is outcome(wrong_number) is Outcome.FALLBACK
    assert "blanket" not in said
    assert talk.conversation.failed_attempts == 2


def test_a_typing_error_is_put_right(talk: Talk) -> None:
    talk.says("Where is my order FW-09713? cleo@example.com")
    talk.says("sorry, FW-09712")
    assert "is on its way" in talk.reply


def test_one_message_cannot_search_through_orders(talk: Talk) -> None:
    numbers = " ".join(f"FW-{number:05d}" for number in range(9700, 9720))
    talk.says(f"where is my order {numbers} cleo@example.com")
    assert "can't find" in talk.reply


def test_an_address_nobody_vouched_for_needs_the_number_too(talk: Talk) -> None:
    talk.conversation.customer.email = "cleo@example.com"
    talk.conversation.customer.save()
    talk.says("where is my order?")
    assert talk.reply == "I can look that up. Please give me the order number."


def test_an_address_she_gave_herself_needs_the_number_however_well_she_is_known(talk: Talk) -> None:
    Customer.objects.update(email="cleo@example.com", verified=True)
    talk.conversation.customer.refresh_from_db()
    talk.says("where is my order?")
    assert talk.reply == "I can look that up. Please give me the order number."


def test_a_customer_whose_address_is_vouched_for_need_not_know_the_number(talk: Talk) -> None:
    Customer.objects.update(email="cleo@example.com", verified=True, email_verified=True)
    talk.conversation.customer.refresh_from_db()
    talk.says("where is my order?")
    assert "FW-09712" in talk.reply


def test_how_long_delivery_takes_is_no_question_about_one_order(talk: Talk) -> None:
    Article.objects.create(slug="delivery", title="Delivery times", body="Delivery takes two to four days.")
    talk.says("how long does delivery take?")
    assert "two to four days" in talk.reply
    assert talk.sources == ["/help/delivery/"]
