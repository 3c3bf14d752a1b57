"""What is going on at this moment: the dashboard's live strip, and the lists behind it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, Min, OuterRef, Q

from conversations.lifecycle import ASSISTANTS, Status
from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet
from handoff.models import Agent, Handoff

from .measuring import How, Metric, Unit


def _handoff(status: Handoff.Status) -> Q:
    held = Handoff.objects.filter(conversation=OuterRef("pk"), status=status)
    return Q(status=Status.ESCALATED) & Q(Exists(held))


CURRENT: Final[dict[str, Metric]] = {
    metric.key: metric
    for metric in (
        Metric(
            "waiting_now",
            "Waiting",
            "Conversations in which a customer waits for an agent to take over, now.",
            Unit.COUNT,
            How.COUNT,
            where=_handoff(Handoff.Status.WAITING),
        ),
        Metric(
            "with_agents_now",
            "With agents",
            "Conversations that an agent holds, now.",
            Unit.COUNT,
            How.COUNT,
            where=_handoff(Handoff.Status.ASSIGNED),
        ),
        Metric(
            "with_assistant_now",
            "With the assistant",
            "Open conversations that are nobody's but the assistant's, now; those gone silent are among them.",
            Unit.COUNT,
            How.COUNT,
            where=Q(status__in=ASSISTANTS),
        ),
    )
}


def going_on() -> ConversationQuerySet:
    """Everything that is not closed; said in a way that lets the index on the status help."""
    return Conversation.objects.filter(status__in=[*ASSISTANTS, Status.ESCALATED])


def longest_wait(now: datetime) -> timedelta | None:
    since = Handoff.objects.waiting().aggregate(since=Min("created_at"))["since"]
    return now - since if since else None


def agents_there(now: datetime) -> Iterable[Agent]:
    return Agent.objects.there(now)
