"""What each figure counts, on conversations whose figures are known."""

from datetime import timedelta
from typing import Any

import pytest

from analytics.measuring import percentile
from analytics.selection import Selection
from analytics.summaries import Summary, summarise
from analytics.timeframes import rolling, zone
from conversations.lifecycle import Reason, Status
from handoff.models import Reason as HandoffReason

from .history import NOW, closed, handed_off, minutes, opened, reopened

pytestmark = pytest.mark.django_db


def the_last_day() -> Summary:
    return summarise(Selection(rolling("24h", zone("UTC"), NOW)))


def figure(key: str) -> Any:
    value = the_last_day().figures[key].value
    return None if value is None else pytest.approx(value)


def test_a_conversation_belongs_to_the_timeframe_it_was_opened_in() -> None:
    opened(NOW - timedelta(hours=24))  # the first moment is included
    opened(NOW - timedelta(hours=24, microseconds=1))
    opened(NOW)  # the last is not
    opened(NOW - timedelta(hours=30), closed_after=20 * 60)  # ended in it, but was opened before
    assert figure("total_conversations") == 1


def test_duration_runs_from_opening_to_closing_and_open_ones_do_not_count() -> None:
    opened(closed_after=2)
    opened(closed_after=4)
    opened(closed_after=12)
    opened()
    assert figure("avg_duration_seconds") == 360
    assert figure("p50_duration_seconds") == 240
    assert figure("p90_duration_seconds") == 240 + (720 - 240) * 0.8
    assert the_last_day().figures["avg_duration_seconds"].n == 3


def test_the_time_between_closing_and_reopening_is_nobodys_duration() -> None:
    at = NOW - timedelta(hours=20)
    conversation = opened(at, closed_after=10)
    reopened(conversation, at + timedelta(hours=10))
    assert figure("avg_duration_seconds") is None
    closed(conversation, at + timedelta(hours=10) + minutes(5))
    assert figure("avg_duration_seconds") == 15 * 60


@pytest.mark.parametrize(
    ("said", "reason", "resolved"),
    [
        ("ca", Reason.RESOLVED, True),
        ("c", Reason.RESOLVED, True),  # an agent's word that it is settled counts
        ("cas", Reason.CUSTOMER_LEFT, True),
        ("casp", Reason.CUSTOMER_LEFT, True),
        ("cpns", Reason.CUSTOMER_LEFT, True),
        ("c?", Reason.CUSTOMER_LEFT, False),  # she was told that it did not know
        ("cac", Reason.CUSTOMER_LEFT, False),  # she left while she was owed an answer
        ("cpc", Reason.CUSTOMER_LEFT, False),
        ("", Reason.CUSTOMER_LEFT, False),  # she never asked anything
        ("a", Reason.CUSTOMER_LEFT, False),
        ("ca", Reason.INACTIVITY, False),
        ("cp", Reason.MAX_AGE, False),
    ],
)
def test_resolved_means_that_she_left_with_an_answer(said: str, reason: Reason, resolved: bool) -> None:
    opened(said=said, closed_after=5, reason=reason)
    assert figure("resolution_rate") == (1.0 if resolved else 0.0)


def test_what_is_still_open_is_not_resolved_yet() -> None:
    opened(said="ca", closed_after=5)
    opened(said="ca")
    opened(said="ca")
    opened(said="ca")
    assert figure("resolution_rate") == 0.25
    assert figure("open_conversations") == 3


def test_escalated_stays_escalated_after_it_is_closed() -> None:
    handed_off(opened(closed_after=30, said="cp"))
    handed_off(opened(status=Status.ESCALATED, said="c"))
    opened(closed_after=5, said="ca")
    opened(closed_after=5, said="ca")
    assert figure("escalation_rate") == 0.5
    assert figure("resolution_rate") == 0.75
    assert figure("assistant_resolution_rate") == 0.5


def test_messages_are_what_people_and_the_assistant_said() -> None:
    opened(said="cacasnpn")  # five
    opened(said="ca")
    opened()  # a conversation without a word is one with 0 messages
    assert figure("avg_messages") == pytest.approx(7 / 3)


def test_an_intent_counts_once_a_conversation_and_five_are_named() -> None:
    opened(intents=("billing_question", "billing_question", "complaint"))
    opened(intents=("billing_question", ""))
    for intent in ("a", "b", "c", "d"):
        opened(intents=(intent,))
    assert the_last_day().as_json()["top_intents"] == [
        ("billing_question", 2),
        ("a", 1),
        ("b", 1),
        ("c", 1),
        ("complaint", 1),
    ]


def test_satisfaction_is_the_mean_of_those_who_rated() -> None:
    for rating in (5, 4, None, None, 3):
        opened(rating=rating)
    assert figure("avg_satisfaction") == 4.0
    assert figure("rated_count") == 3


def test_reopened_is_counted_among_those_that_were_ever_closed() -> None:
    reopened(opened(closed_after=5), NOW - minutes(30))
    opened(closed_after=5)
    opened()
    assert figure("reopen_rate") == 0.5


def test_a_wait_runs_from_the_first_request_until_an_agent_takes_it() -> None:
    first = opened(said="cpcp")
    handed_off(first, claimed_after=2, answered_after=3)
    handed_off(first, after=20, claimed_after=30, answered_after=40)  # her second request of this conversation
    handed_off(opened(said="c"), claimed_after=6, answered_after=7)
    handed_off(opened(said="c"))  # still waits, or left
    stepped_in = opened(said="cp")
    handed_off(stepped_in, reason=HandoffReason.AGENT_STEPPED_IN, claimed_after=0, answered_after=0)
    assert figure("p50_wait_seconds") == 240
    assert figure("p50_first_response_seconds") == 300
    assert the_last_day().figures["p50_wait_seconds"].n == 2


def test_who_left_the_queue_before_a_person_came_was_lost() -> None:
    left = opened(said="c")
    handed_off(left)
    closed(left, NOW, Reason.CUSTOMER_LEFT)
    handed_off(opened(said="c", status=Status.ESCALATED))  # waits
    handed_off(opened(said="cp", closed_after=9), claimed_after=1)
    assert figure("abandonment_rate") == pytest.approx(1 / 3)


def test_what_was_foretold_of_a_wait_is_right_when_it_ended_within_the_range() -> None:
    handed_off(opened(), claimed_after=3, told=(60, 240))
    handed_off(opened(), claimed_after=1, told=(60, 240))  # to the second
    handed_off(opened(), claimed_after=4, told=(60, 240))
    handed_off(opened(), claimed_after=5, told=(60, 240))
    handed_off(opened(), claimed_after=5)  # nothing was foretold
    handed_off(opened(), told=(60, 240))  # not over yet
    assert figure("wait_estimate_coverage") == 0.75


def test_reasons_are_those_of_the_first_handoff() -> None:
    first = opened(said="c")
    handed_off(first, reason=HandoffReason.FRUSTRATION)
    handed_off(first, after=5, reason=HandoffReason.COMPLEXITY)
    handed_off(opened(), reason=HandoffReason.FRUSTRATION)
    handed_off(opened(), reason=HandoffReason.HUMAN_REQUESTED)
    assert the_last_day().reasons == [("frustration", 2), ("human_requested", 1)]


def test_no_conversation_is_no_data_and_not_zero_percent() -> None:
    summary = the_last_day().as_json()
    numbers = {key: value for key, value in summary.items() if key not in ("since", "until")}
    assert numbers.pop("top_intents") == []
    assert numbers.pop("escalation_reasons") == []
    assert {key for key, value in numbers.items() if value == 0} == {
        "total_conversations",
        "open_conversations",
        "rated_count",
    }
    assert {value for value in numbers.values() if value != 0} == {None}


def test_nobody_rated_is_no_data() -> None:
    opened(closed_after=5)
    assert figure("avg_satisfaction") is None
    assert figure("rated_count") == 0


def test_a_percentile_lies_between_its_neighbours_as_in_a_spreadsheet() -> None:
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.9) == 7.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert percentile([10.0, 20.0, 30.0], 0.9) == 28.0
