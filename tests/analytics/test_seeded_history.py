"""The past that `manage.py seed` writes could have happened."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import F

from conversations.lifecycle import ASSISTANTS, TRANSITIONS, Reason, Status
from conversations.models import Conversation, Message, Role, Transition, TurnRecord
from handoff.models import OPEN, Handoff

from .history import NOW as UNTIL


def test_it_says_what_it_made(told: str) -> None:
    assert told.startswith("400 conversations, ")
    assert f"{Message.objects.count():,} messages" in told
    assert Conversation.objects.count() == 400
    assert Conversation.objects.filter(created_at__gte=UNTIL - timedelta(days=5), created_at__lt=UNTIL).count() == 400


def test_messages_count_from_one_without_a_gap_and_in_order_of_time(told: str) -> None:
    said: dict[Any, list[tuple[int, datetime, str]]] = defaultdict(list)
    for pk, *message in Message.objects.order_by("seq").values_list("conversation", "seq", "created_at", "role"):
        said[pk].append(tuple(message))  # type: ignore[arg-type]
    for conversation in Conversation.objects.all():
        messages = said[conversation.pk]
        assert [seq for seq, _, _ in messages] == list(range(1, conversation.last_seq + 1))
        assert all(earlier[1] <= later[1] for earlier, later in pairwise(messages))
        hers = [seq for seq, _, role in messages if role == Role.CUSTOMER]
        assert conversation.last_customer_seq == max(hers, default=0)
        public = [seq for seq, _, role in messages if role != Role.NOTE]
        assert conversation.last_public_seq == max(public, default=0)


def test_every_move_is_legal_and_leads_to_where_the_conversation_is(told: str) -> None:
    moves: dict[Any, list[Transition]] = defaultdict(list)
    for move in Transition.objects.order_by("pk"):
        moves[move.conversation_id].append(move)
    for conversation in Conversation.objects.all():
        first, *rest = moves[conversation.pk]
        assert (first.old, first.new, first.reason) == ("", Status.ACTIVE, Reason.OPENED)
        for before, move in pairwise([first, *rest]):
            assert move.old == before.new
            assert move.new in TRANSITIONS[Status(move.old)]
            assert move.at >= before.at
        last = [first, *rest][-1]
        assert last.new == conversation.status
        assert conversation.episode == 1 + sum(move.reason == Reason.REOPENED for move in rest)
        if conversation.status == Status.CLOSED:
            assert (conversation.closed_at, conversation.close_reason) == (last.at, last.reason)
        assert (conversation.escalated_at is not None) == any(move.new == Status.ESCALATED for move in rest)


def test_nothing_lies_in_the_future_and_nobody_is_owed_an_answer_by_the_assistant(told: str) -> None:
    for model, field in (
        (Message, "created_at"),
        (Transition, "at"),
        (Handoff, "created_at"),
        (TurnRecord, "created_at"),
    ):
        assert not model._default_manager.filter(**{f"{field}__gt": UNTIL}).exists()
    assert not Conversation.objects.filter(status=Status.PROCESSING).exists()


def test_handoffs_agree_with_their_conversations(told: str) -> None:
    assert not Handoff.objects.filter(status__in=OPEN).exclude(conversation__status=Status.ESCALATED).exists()
    escalated = Conversation.objects.filter(status=Status.ESCALATED)
    assert escalated.count() == Handoff.objects.open().count()
    assert not Handoff.objects.filter(claimed_at__lt=F("created_at")).exists()
    assert not Handoff.objects.filter(first_reply_at__lt=F("claimed_at")).exists()
    assert not Handoff.objects.exclude(brief_due_at=None).exists()  # nothing for the worker to do
    assert set(Conversation.objects.exclude(escalated_at=None).values_list("pk", flat=True)) == set(
        Handoff.objects.values_list("conversation", flat=True)
    )


def test_it_is_a_mixed_history(told: str) -> None:
    reasons = set(Conversation.objects.filter(status=Status.CLOSED).values_list("close_reason", flat=True))
    assert {Reason.RESOLVED, Reason.CUSTOMER_LEFT, Reason.INACTIVITY} <= reasons
    assert Conversation.objects.filter(status__in=ASSISTANTS).exists()
    assert Conversation.objects.filter(episode__gt=1).exists()
    assert set(Conversation.objects.exclude(rating=None).values_list("rating", flat=True)) == {1, 2, 3, 4, 5}
    assert len(set(TurnRecord.objects.values_list("intent", flat=True))) == 7
    by_hour = [moment.hour for moment in Conversation.objects.values_list("created_at", flat=True)]
    assert sum(9 <= hour < 21 for hour in by_hour) > 4 * sum(hour < 7 for hour in by_hour)
