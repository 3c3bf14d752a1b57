"""The brief: written after the handoff, never in its way, and it always comes."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversations.assistant import summaries
from handoff import briefs, inbox, tasks
from handoff.models import Agent, Handoff
from tests.handoff.talking import Talk

pytestmark = pytest.mark.django_db


def test_it_is_due_with_the_handoff_and_written_by_the_sweep(talk: Talk) -> None:
    talk.says("My order FW-10231 has not arrived")
    talk.hears()
    talk.says("I want to talk to a real person")
    talk.hears()
    assert talk.handoff.summary == ""
    tasks.write_briefs()
    handoff = talk.handoff
    assert (handoff.brief_due_at, handoff.summary_engine) == (None, "local")
    assert "FW-10231" in handoff.summary
    assert handoff.get_reason_display() in handoff.summary
    assert len(handoff.summary.splitlines()) == 4  # the issue, what was tried, why, the context


def test_a_second_sweep_writes_nothing_again(talk: Talk) -> None:
    talk.asks_for_person()
    now = timezone.now()
    assert [briefs.write_due(now), briefs.write_due(now)] == [1, 0]


def test_of_two_sweeps_that_saw_it_due_one_writes_it(talk: Talk) -> None:
    seen = talk.asks_for_person()
    now = timezone.now()
    assert [briefs._write(seen, now), briefs._write(seen, now)] == [True, False]


def test_nobody_reads_the_brief_of_what_is_over(talk: Talk, ana_agent: Agent) -> None:
    inbox.resolve(talk.asks_for_person().pk, ana_agent)
    assert briefs.write_due(timezone.now()) == 0
    assert talk.handoff.brief_due_at is None


def test_a_failure_is_tried_again_later_and_in_the_end_the_evidence_stands_for_it(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object, **kwargs: object) -> tuple[str, str]:
        raise RuntimeError("the model is on fire")

    monkeypatch.setattr(summaries, "brief", fails)
    talk.asks_for_person()
    now = timezone.now()
    assert _written_at(now) == ""
    assert _written_at(now + briefs.LEASE / 2) == ""  # not due again yet
    assert talk.handoff.brief_attempts == 1
    over = briefs.LEASE + timedelta(seconds=1)
    assert _written_at(now + over) == ""
    assert "Pressed the button" in _written_at(now + 2 * over)
    assert (talk.handoff.summary_engine, talk.handoff.brief_due_at) == ("local", None)


def test_a_sweep_that_died_over_it_delays_it_by_a_lease(talk: Talk) -> None:
    handoff, now = talk.asks_for_person(), timezone.now()
    Handoff.objects.filter(pk=handoff.pk).update(brief_due_at=now + briefs.LEASE, brief_attempts=1)  # claimed, and died
    assert _written_at(now + timedelta(seconds=1)) == ""
    assert _written_at(now + briefs.LEASE)


def _written_at(moment: datetime) -> str:
    briefs.write_due(moment)
    return Handoff.objects.get().summary


def test_while_a_slow_model_writes_one_brief_the_next_sweep_leaves_at_once(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.asks_for_person()
    now, begun = timezone.now(), []

    def slow(*args: object, **kwargs: object) -> tuple[str, str]:
        begun.append(briefs.write_due(now + 2 * briefs.LEASE))  # a tick that comes meanwhile, even after the lease
        return "A brief", "model"

    monkeypatch.setattr(summaries, "brief", slow)
    assert briefs.write_due(now) == 1
    assert begun == [0]
