"""METRICS: what is measured, each defined once for the card, the API, the export and the list behind the number."""

from typing import Final

from django.db.models import F

from . import facts
from .measuring import How, Metric, Unit

METRICS: Final[dict[str, Metric]] = {
    metric.key: metric
    for metric in (
        Metric(
            "total_conversations",
            "Conversations",
            "Conversations opened in the timeframe, whatever became of them.",
            Unit.COUNT,
            How.COUNT,
        ),
        Metric(
            "open_conversations",
            "Still open",
            "Conversations opened in the timeframe that are not closed now.",
            Unit.COUNT,
            How.COUNT,
            where=~facts.CLOSED,
        ),
        Metric(
            "resolution_rate",
            "Resolved",
            "Share of all conversations that were closed as resolved, or that the customer ended after a person or the "
            "assistant answered their last message (to say that it does not know is no answer). Closed for silence or "
            "for age is not resolved, nor is what is still open.",
            Unit.SHARE,
            How.SHARE,
            where=facts.RESOLVED,
            good=1,
        ),
        Metric(
            "assistant_resolution_rate",
            "Resolved by the assistant alone",
            "Share of all conversations that were resolved and never handed to a person.",
            Unit.SHARE,
            How.SHARE,
            where=facts.RESOLVED & ~facts.ESCALATED,
            good=1,
        ),
        Metric(
            "escalation_rate",
            "Escalated",
            "Share of all conversations that were handed to a person at any time, whatever their status is now.",
            Unit.SHARE,
            How.SHARE,
            where=facts.ESCALATED,
            good=-1,
        ),
        Metric(
            "avg_duration_seconds",
            "Average duration",
            "Mean time from opening to closing. Time between a closing and a reopening is left out; silence before "
            "closing is not. Conversations that are still open do not count.",
            Unit.SECONDS,
            How.MEAN,
            of=facts.CLOSED,
            value=facts.DURATION,
        ),
        Metric(
            "p50_duration_seconds",
            "Median duration",
            "Half of the closed conversations took no longer than this, from opening to closing, without the "
            "time between a closing and a reopening.",
            Unit.SECONDS,
            How.MEDIAN,
            of=facts.CLOSED,
            value=facts.DURATION,
        ),
        Metric(
            "p90_duration_seconds",
            "Duration, 90th percentile",
            "Nine in ten of the closed conversations took no longer than this, from opening to closing, without the "
            "time between a closing and a reopening.",
            Unit.SECONDS,
            How.P90,
            of=facts.CLOSED,
            value=facts.DURATION,
        ),
        Metric(
            "avg_messages",
            "Messages per conversation",
            "Mean number of messages by customer, assistant and agents. Notes among agents and the desk's own lines "
            "are left out.",
            Unit.MESSAGES,
            How.MEAN,
            value=facts.MESSAGES,
        ),
        Metric(
            "rated_count",
            "Rated conversations",
            "Conversations that the customer rated. The newest rating counts.",
            Unit.COUNT,
            How.COUNT,
            where=facts.RATED,
            good=1,
        ),
        Metric(
            "avg_satisfaction",
            "Satisfaction",
            "Mean rating, 1 to 5, of the conversations that were rated.",
            Unit.SCORE,
            How.MEAN,
            of=facts.RATED,
            value=F("rating"),
            good=1,
        ),
        Metric(
            "reopen_rate",
            "Reopened",
            "Share of the conversations that were ever closed which the customer or an agent opened again.",
            Unit.SHARE,
            How.SHARE,
            of=facts.CLOSED | facts.REOPENED,
            where=facts.REOPENED,
            good=-1,
        ),
        Metric(
            "p50_wait_seconds",
            "Median wait in the queue",
            "Half of the customers waited no longer than this from the first request for a person until an agent took "
            "the conversation. Those who still wait or left, or whom an agent joined unasked, do not count.",
            Unit.SECONDS,
            How.MEDIAN,
            of=facts.ESCALATED & facts.known(facts.WAIT),
            value=facts.WAIT,
            good=-1,
        ),
        Metric(
            "p90_wait_seconds",
            "Wait, 90th percentile",
            "Nine in ten of the customers waited no longer than this from the first request for a person until an "
            "agent took the conversation. Those who still wait or left, or whom an agent joined unasked, do not count.",
            Unit.SECONDS,
            How.P90,
            of=facts.ESCALATED & facts.known(facts.WAIT),
            value=facts.WAIT,
            good=-1,
        ),
        Metric(
            "p50_first_response_seconds",
            "First response of a person",
            "Half of the customers had a person's first words no later than this after the first request for one. "
            "Conversations that an agent joined unasked do not count.",
            Unit.SECONDS,
            How.MEDIAN,
            of=facts.ESCALATED & facts.known(facts.FIRST_RESPONSE),
            value=facts.FIRST_RESPONSE,
            good=-1,
        ),
        Metric(
            "abandonment_rate",
            "Left the queue",
            "Share of the conversations handed to a person that were closed before any agent took them.",
            Unit.SHARE,
            How.SHARE,
            of=facts.ESCALATED,
            where=facts.ABANDONED,
            good=-1,
        ),
        Metric(
            "wait_estimate_coverage",
            "Wait as foretold",
            "Share of the waits in the queue that ended within the range the customer was told when it began. A "
            "shorter wait counts as missed, like a longer one.",
            Unit.SHARE,
            How.MEAN,
            of=facts.ESCALATED & facts.known(facts.WAIT_KEPT),
            value=facts.WAIT_KEPT,
            good=1,
        ),
    )
}
