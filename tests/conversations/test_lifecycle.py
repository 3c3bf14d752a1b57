"""The six statuses: which moves are legal, what each leaves behind, and that nobody moves what has moved already."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.lifecycle import TRANSITIONS, IllegalMove, Status
from conversations.models import Conversation, Customer, Transition

from .scene import WAY_TO, moved

# Copied by hand from the table that the desk was built from, so that a slip in lifecycle.py shows.
MAY_BECOME = {
    "active": {"processing", "escalated", "idle", "closed"},
    "processing": {"waiting_for_input", "escalated", "closed"},
    "waiting_for_input": {"processing", "idle", "escalated", "closed"},
    "idle": {"processing", "escalated", "closed"},
    "escalated": {"active", "closed"},
    "closed": {"active"},
}
MATRIX = [(old, new, new in MAY_BECOME[old]) for old in MAY_BECOME for new in MAY_BECOME]

pytestmark = pytest.mark.django_db


def test_there_are_these_six_statuses_and_no_other() -> None:
    assert set(Status.values) == set(MAY_BECOME)
    assert {str(old): {str(new) for new in news} for old, news in TRANSITIONS.items()} == MAY_BECOME


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, legal in MATRIX if legal])
def test_a_legal_move_is_recorded(conversation: Conversation, old: str, new: str) -> None:
    moved(conversation, *WAY_TO[Status(old)])
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    conversation.move(Status(new), reason="because", actor=Transition.AGENT, now=at)
    stored = Conversation.objects.get(pk=conversation.pk)
    assert stored.status == conversation.status == new
    newest = stored.transitions.latest("pk")
    assert (newest.old, newest.new, newest.reason, newest.actor, newest.at) == (old, new, "because", "agent", at)


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, legal in MATRIX if not legal])
def test_an_illegal_move_raises_and_changes_nothing(conversation: Conversation, old: str, new: str) -> None:
    moved(conversation, *WAY_TO[Status(old)])
    before = Conversation.objects.filter(pk=conversation.pk).values().get()
    recorded = conversation.transitions.count()
    with pytest.raises(IllegalMove) as illegal:
        conversation.move(Status(new), reason="because", actor=Transition.AGENT)
    assert (illegal.value.old, illegal.value.new) == (old, new)
    assert Conversation.objects.filter(pk=conversation.pk).values().get() == before
    assert conversation.transitions.count() == recorded


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, legal in MATRIX if legal])
def test_the_epoch_rises_when_the_conversation_changes_hands_or_ends(
    conversation: Conversation, old: str, new: str
) -> None:
    moved(conversation, *WAY_TO[Status(old)])
    before = conversation.epoch
    conversation.move(Status(new), reason="because", actor=Transition.AGENT)
    assert conversation.epoch - before == (1 if {"escalated", "closed"} & {old, new} else 0)


def test_whoever_looked_at_an_older_state_does_not_move_it(conversation: Conversation) -> None:
    stale = Conversation.objects.get(pk=conversation.pk)
    moved(conversation, Status.ESCALATED)
    with pytest.raises(IllegalMove) as illegal:
        stale.move(Status.IDLE, reason="silent", actor=Transition.SYSTEM)
    assert illegal.value.old == "escalated"
    assert Conversation.objects.get(pk=conversation.pk).status == "escalated"
    assert conversation.transitions.filter(new="idle").count() == 0


def test_opening_is_the_first_transition(conversation: Conversation) -> None:
    first = conversation.transitions.get()
    assert (first.old, first.new, first.reason, first.actor) == ("", "active", "opened", "customer")


def test_a_reopened_conversation_begins_a_new_episode_with_a_fresh_clock(conversation: Conversation) -> None:
    moved(conversation, Status.ESCALATED, Status.CLOSED)
    later = conversation.opened_at + timedelta(hours=30)
    conversation.move(Status.ACTIVE, reason="reopened", actor=Transition.CUSTOMER, now=later)
    assert (conversation.episode, conversation.opened_at, conversation.last_activity_at) == (2, later, later)
    assert (conversation.closed_at, conversation.close_reason, conversation.waiting_since) == (None, "", None)
    assert conversation.escalated_at is not None  # ever escalated stays true
    assert conversation.transitions.latest("pk").episode == 2


@pytest.mark.parametrize(
    "nonsense",
    [
        {"status": "sleeping"},
        {"status": "closed"},  # without the time of it
        {"closed_at": datetime(2026, 3, 1, tzinfo=UTC)},  # while it is open
        {"rating": 6},
    ],
)
def test_the_database_itself_refuses_nonsense(conversation: Conversation, nonsense: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.filter(pk=conversation.pk).update(**nonsense)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(st.sampled_from(list(Status)), max_size=12))
def test_however_it_wanders_it_stays_sound(cleo: Customer, wishes: list[Status]) -> None:
    conversation, _ = Conversation.start(cleo)
    taken, epochs = ["active"], [conversation.epoch]
    for wish in wishes:
        try:
            conversation.move(wish, reason="wish", actor=Transition.SYSTEM)
        except IllegalMove:
            assert wish not in MAY_BECOME[conversation.status]
        else:
            taken.append(wish)
            epochs.append(conversation.epoch)
    conversation = Conversation.objects.get(pk=conversation.pk)
    assert list(conversation.transitions.order_by("pk").values_list("new", flat=True)) == taken
    assert epochs == sorted(epochs)
    assert conversation.episode == 1 + sum(old == "closed" for old in taken[:-1])
    assert (conversation.closed_at is not None) == (conversation.status == "closed") == bool(conversation.close_reason)
    assert (conversation.lease_until is not None) == (conversation.status == "processing")
    assert conversation.waiting_since is None or conversation.status == "escalated"
