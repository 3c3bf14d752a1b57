"""The replay's account: whatever is planted in it is found, and nothing else."""

from typing import Any
from uuid import uuid4

import pytest

from supportdesk.replay.dialogues import Speaker
from supportdesk.replay.ledger import Account, Screen, Sent, audit, delivered, latencies


@pytest.fixture
def account() -> Account:
    """Cleo and Ana have talked, and all is well: a question, a line of the desk's, an answer."""
    question = Sent(uuid4(), Speaker.CUSTOMER, "Where is it?", at=10.0, seq=1)
    answer = Sent(uuid4(), Speaker.AGENT, "On its way.", at=20.0, seq=3)
    stored = [
        {"seq": 1, "role": "customer", "body": "Where is it?", "client_id": str(question.client_id)},
        {"seq": 2, "role": "system", "body": "Ana joined."},
        {"seq": 3, "role": "agent", "body": "On its way.", "client_id": str(answer.client_id)},
    ]
    account = Account("a talk", sent=[question, answer], stored=stored)
    account.screens[Speaker.CUSTOMER] = screen(10.1, 10.2, 20.5)
    account.screens[Speaker.AGENT] = screen(15.0, 15.0, 20.1)
    return account


def screen(*times: float) -> Screen:
    shown = Screen(opened_at=min(times) - 1)
    for seq, at in enumerate(times, start=1):
        shown.show(seq, at)
    return shown


def kinds(account: Account) -> set[str]:
    return {fault.kind for fault in audit(account)}


def test_a_conversation_in_which_all_arrived_has_no_faults(account: Account) -> None:
    assert audit(account) == []
    assert delivered(account, Speaker.CUSTOMER) == delivered(account, Speaker.AGENT) == (3, 3)


def test_delivery_is_timed_to_the_other_ones_screen_if_it_was_open(account: Account) -> None:
    assert latencies(account) == [0.5]  # Ana's answer to Cleo; Cleo's question came before Ana looked


def test_a_message_that_was_acknowledged_and_is_not_stored_is_lost(account: Account) -> None:
    del account.stored[2]
    assert "lost" in kinds(account)


def test_a_message_that_was_never_acknowledged_nor_stored_is_lost(account: Account) -> None:
    account.sent.append(Sent(uuid4(), Speaker.CUSTOMER, "Hello?", at=30.0))
    assert kinds(account) == {"lost"}


def test_a_message_that_the_desk_refused_is_not_lost(account: Account) -> None:
    account.sent.append(Sent(uuid4(), Speaker.CUSTOMER, "Hello?", at=30.0, refused="closed"))
    assert audit(account) == []


def test_a_message_that_is_stored_with_other_words_is_lost(account: Account) -> None:
    account.stored[0]["body"] = "Where is"
    assert kinds(account) == {"lost"}


@pytest.mark.parametrize("whose", Speaker)
def test_a_message_that_a_screen_never_showed_is_lost(account: Account, whose: Speaker) -> None:
    account.screens[whose].shown.remove(3)
    del account.screens[whose].at[3]
    assert kinds(account) == {"lost"}
    assert delivered(account, whose) == (2, 3)


def test_a_message_in_the_middle_that_a_screen_never_showed_leaves_a_gap_too(account: Account) -> None:
    account.screens[Speaker.CUSTOMER].shown.remove(2)
    assert kinds(account) == {"lost", "gap"}


@pytest.mark.parametrize("whose", Speaker)
def test_a_message_that_a_screen_showed_twice_is_a_duplicate(account: Account, whose: Speaker) -> None:
    account.screens[whose].show(3, 40.0)
    assert kinds(account) == {"duplicate"}


def test_a_message_that_is_stored_twice_is_a_duplicate(account: Account) -> None:
    account.stored.append(account.stored[2] | {"seq": 4})
    for shown in account.screens.values():
        shown.show(4, 40.0)
    assert kinds(account) == {"duplicate"}


def test_a_number_that_no_message_has_is_a_gap(account: Account) -> None:
    rename(account.stored[2], 3, 4)
    account.sent[1].seq = 4
    for shown in account.screens.values():
        shown.shown[2] = 4
    assert kinds(account) == {"gap"}


def rename(message: dict[str, Any], before: int, after: int) -> None:
    assert message["seq"] == before
    message["seq"] = after


def test_a_screen_that_showed_the_later_first_was_out_of_order(account: Account) -> None:
    account.screens[Speaker.AGENT].shown[1:] = [3, 2]
    assert "disorder" in kinds(account)


def test_words_that_are_stored_in_another_order_than_they_were_said_are_out_of_order(account: Account) -> None:
    account.sent[1].speaker = Speaker.CUSTOMER
    account.sent.reverse()
    assert kinds(account) == {"disorder"}


def test_an_acknowledgement_that_names_another_number_is_out_of_order(account: Account) -> None:
    account.sent[1].seq = 2
    assert kinds(account) == {"disorder"}


def test_a_note_among_agents_is_not_missed_on_the_customers_screen(account: Account) -> None:
    account.stored.append({"seq": 4, "role": "note", "body": "She is nice."})
    account.screens[Speaker.AGENT].show(4, 40.0)
    assert audit(account) == []
