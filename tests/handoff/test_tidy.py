"""Nobody waits for nobody: what was left behind is put right by the sweep, once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversations import endings
from conversations.lifecycle import Reason as Why
from conversations.lifecycle import Status
from conversations.models import Conversation, Transition
from conversations.models.conversation import TURN_LEASE
from handoff import inbox, presence, rescue, tasks
from handoff.models import Agent, Handoff, HandoffEvent, Reason
from handoff.opening import end_left
from tests.handoff.talking import Talk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Why.CUSTOMER_LEFT, Handoff.Status.ENDED),
        (Why.MAX_AGE, Handoff.Status.ENDED),
        (Why.RESOLVED, Handoff.Status.RESOLVED),
    ],
)
def test_a_handoff_ends_with_its_conversation(talk: Talk, reason: Why, status: str) -> None:
    handoff = talk.asks_for_person()
    closed_at = timezone.now() + timedelta(minutes=3)
    endings.close(talk.pk, reason=reason, actor=Transition.SYSTEM, now=closed_at)
    assert not Handoff.objects.open().exists()  # even before the sweep
    now = closed_at + timedelta(seconds=4)
    assert [rescue.tidy(now), rescue.tidy(now)] == [1, 0]
    handoff.refresh_from_db()
    assert handoff.status == status
    assert handoff.ended_at == closed_at
    assert [event.kind for event in handoff.events.all()] == ["requested", status]


def test_a_customer_whose_agent_is_gone_is_back_in_line(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    assert rescue.tidy(timezone.now()) == 0
    ana_agent.user.is_active = False
    ana_agent.user.save()
    now = timezone.now()
    assert [rescue.tidy(now), rescue.tidy(now)] == [1, 0]
    assert talk.handoff.status == Handoff.Status.WAITING
    assert talk.last_line == "You are back in line for the next free agent."
    assert inbox.claim_next(ben_agent) == handoff


def test_an_agent_who_lost_the_right_or_was_deleted_holds_nothing(
    talk: Talk, ana_agent: Agent, ben_agent: Agent
) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    ana_agent.user.groups.clear()
    assert rescue.tidy(timezone.now()) == 1
    inbox.claim(handoff.pk, ben_agent)
    ben_agent.user.delete()
    assert rescue.tidy(timezone.now()) == 1
    assert talk.handoff.status == Handoff.Status.WAITING


def test_a_conversation_that_waits_for_a_person_whom_nobody_asked_for_gets_one(talk: Talk) -> None:
    talk.conversation.move(Status.ESCALATED, reason=Reason.FRUSTRATION, actor=Transition.SYSTEM)
    now = timezone.now()
    assert [rescue.tidy(now), rescue.tidy(now)] == [1, 0]
    assert (talk.handoff.status, talk.handoff.reason) == (Handoff.Status.WAITING, Reason.FRUSTRATION)
    assert talk.messages[-1].data["ticket"] == talk.handoff.ticket


def test_a_turn_that_died_three_times_lands_on_a_person(talk: Talk) -> None:
    talk.says("hello?")
    Conversation.objects.filter(pk=talk.pk).update(turn_attempts=2)
    tasks.retake_turns(timezone.now() + 2 * TURN_LEASE)
    assert talk.handoff.reason == Reason.ASSISTANT_UNAVAILABLE
    assert "given up after 3 attempts" in talk.handoff.evidence["seen"][0]
    assert talk.handoff.events.get().kind == HandoffEvent.Kind.REQUESTED


def test_one_that_cannot_be_put_right_does_not_stop_the_others(
    talk: Talk, new_talk: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_talk()
    for left in (talk, other):
        left.asks_for_person()
        endings.close(left.pk, reason=Why.CUSTOMER_LEFT, actor=Transition.CUSTOMER)

    def fails(conversation: Conversation, now: datetime) -> int:
        if conversation.pk == talk.pk:
            raise RuntimeError("this row is broken")
        return end_left(conversation, now)

    monkeypatch.setattr("handoff.rescue.end_left", fails)
    assert rescue.tidy(timezone.now()) == 1
    assert (talk.handoff.status, other.handoff.status) == (Handoff.Status.WAITING, Handoff.Status.ENDED)


def test_a_customer_whose_agent_has_vanished_is_back_in_line(talk: Talk, ana_agent: Agent, ben_agent: Agent) -> None:
    handoff = inbox.claim(talk.asks_for_person().pk, ana_agent)
    seen = timezone.now()
    presence.seen(ana_agent, seen)
    assert rescue.tidy(seen + timedelta(minutes=4)) == 0
    gone = seen + timedelta(minutes=6)
    assert [rescue.tidy(gone), rescue.tidy(gone)] == [1, 0]
    assert talk.last_line == "You are back in line for the next free agent."
    assert inbox.claim_next(ben_agent, now=gone) == handoff
    assert rescue.tidy(gone) == 0  # Ben has no inbox open, but he has only just taken it


def test_a_desk_that_was_away_gives_its_agents_time_to_be_back(talk: Talk, ana_agent: Agent) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    seen = timezone.now()
    presence.seen(ana_agent, seen)
    back = seen + timedelta(hours=1)  # nobody could be seen meanwhile
    assert rescue.tidy(back + timedelta(minutes=4), up_since=back) == 0
    assert rescue.tidy(back + timedelta(minutes=6), up_since=back) == 1


def test_an_agent_who_is_seen_or_whose_customer_does_not_wait_keeps_the_conversation(
    talk: Talk, new_talk: Callable[..., Talk], ana_agent: Agent, ben_agent: Agent
) -> None:
    inbox.claim(talk.asks_for_person().pk, ana_agent)
    other = new_talk()
    inbox.claim(other.asks_for_person().pk, ben_agent)
    inbox.reply(other.pk, ben_agent, "How can I help?")
    later = timezone.now() + timedelta(minutes=20)
    presence.seen(ana_agent, later)
    assert rescue.tidy(later) == 0


def test_the_task_does_it_too(talk: Talk) -> None:
    talk.asks_for_person()
    endings.close(talk.pk, reason=Why.CUSTOMER_LEFT, actor=Transition.CUSTOMER)
    tasks.tidy_queue()
    assert talk.handoff.status == Handoff.Status.ENDED
