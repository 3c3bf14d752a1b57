"""`manage.py seed`: the same dice tell the same history, and what cannot be done is said."""

from typing import Any

import pytest
from django.core.management import CommandError

from conversations.models import Conversation, Customer, Message, Transition, TurnRecord
from handoff.models import Agent, Handoff

from .history import seed

pytestmark = pytest.mark.django_db


def test_the_same_dice_tell_the_same_history() -> None:
    def shape() -> list[Any]:
        said = Message.objects.order_by("conversation", "seq").values_list("id", "role", "body", "created_at")
        return [*said, *Handoff.objects.order_by("pk").values_list("pk", "reason", "claimed_at")]

    seed(conversations=30)
    first = shape()
    with pytest.raises(CommandError, match="here already"):
        seed(conversations=30)
    for model in (Message, Transition, Handoff, TurnRecord, Conversation, Customer):
        model._default_manager.all().delete()
    seed(conversations=30)
    assert shape() == first
    seed(conversations=30, random_seed=2)
    assert Conversation.objects.count() == 60


def test_it_leaves_the_desks_own_agents_to_answer(ana: Any) -> None:
    Agent.objects.create(user=ana, name="Ana")
    seed(conversations=30)
    assert list(Agent.objects.values_list("name", flat=True)) == ["Ana"]


@pytest.mark.parametrize("options", [{"conversations": 0}, {"days": 0}, {"days": 9999}, {"until": "soon"}])
def test_it_says_what_it_cannot_do(options: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        seed(**options)
