"""What the dashboard shows: the figures of a selection as cards and charts, each with a link to the list behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from conversations.models import Intent
from handoff.models import Reason

from . import breakdowns, charts, current, wording
from .measuring import Figure, Metric, measure
from .metrics import METRICS
from .selection import Selection
from .summaries import TOP_INTENTS, Summary, summarise

SMALL: Final = 20  # conversations below which a figure says little
HEADLINE: Final = ("total_conversations", "resolution_rate", "escalation_rate", "avg_satisfaction")
GROUPS: Final = {
    "How it went": ("assistant_resolution_rate", "reopen_rate", "open_conversations", "rated_count"),
    "How long it took": ("p50_duration_seconds", "p90_duration_seconds", "avg_duration_seconds", "avg_messages"),
    "When a person was needed": (
        "p50_wait_seconds",
        "p90_wait_seconds",
        "p50_first_response_seconds",
        "abandonment_rate",
        "wait_estimate_coverage",
    ),
}


@dataclass(frozen=True)
class Card:
    metric: Metric
    figure: Figure
    text: str
    before: str  # the figure of the period before
    change: str
    rose: bool
    tone: str  # "well" or "late" where more or less is better
    href: str

    @property
    def small(self) -> bool:
        return 0 < self.figure.n < SMALL and self.metric.unit != "count"


def card(metric: Metric, now: Figure, before: Figure, selection: Selection) -> Card:
    change = wording.change(now.value, before.value, metric.unit)
    rose = bool(change) and (now.value or 0) > (before.value or 0)
    better = metric.good * (1 if rose else -1)
    return Card(
        metric,
        now,
        wording.number(now.value, metric.unit),
        wording.number(before.value, metric.unit),
        change,
        rose,
        "" if not change or not better else "well" if better > 0 else "late",
        behind(selection, metric.key),
    )


def behind(selection: Selection, metric: str, **more: str) -> str:
    """Where the list behind a number is."""
    return f"{reverse('analytics-conversations')}?{selection.query(metric=metric, **more)}"


def dashboard(selection: Selection) -> dict[str, Any]:
    """The context of the page."""
    now, before = summarise(selection), summarise(selection.previous())
    cards = {key: card(METRICS[key], now.figures[key], before.figures[key], selection) for key in METRICS}
    return {
        "headline": [cards[key] for key in HEADLINE],
        "groups": {title: [cards[key] for key in keys] for title, keys in GROUPS.items()},
        "compared": bool(before.figures["total_conversations"].value),
        "total": int(now.figures["total_conversations"].value or 0),
        "rated": int(now.figures["rated_count"].value or 0),
        **_charts(selection, now, before),
    }


def _charts(selection: Selection, now: Summary, before: Summary) -> dict[str, Any]:
    conversations = selection.conversations()
    quarters = breakdowns.quarterly(conversations)
    earlier = selection.previous()
    columns = breakdowns.columns(quarters, selection.timeframe)
    columns_before = breakdowns.columns(breakdowns.quarterly(earlier.conversations()), earlier.timeframe)
    titles = dict(Intent.objects.values_list("name", "title"))
    ratings = breakdowns.ratings(conversations)
    total = int(now.figures["total_conversations"].value or 0)
    return {
        "over_time": charts.over_time(
            columns, columns_before, selection, lambda part: behind(part, "total_conversations")
        ),
        "intents": charts.bars(
            now.intents[:TOP_INTENTS],
            before.intents,
            total,
            lambda name: titles.get(name) or wording.intent(name),
            lambda name: behind(selection, "total_conversations", intent=name),
        ),
        "reasons": charts.bars(
            now.reasons,
            before.reasons,
            sum(count for _, count in now.reasons),
            lambda name: Reason(name).label,
            lambda name: behind(selection, "escalation_rate", reason=name),
        ),
        "ratings": charts.bars(
            [(str(score), ratings[score - 1]) for score in range(5, 0, -1)],
            [],
            sum(ratings),
            str,
            lambda score: behind(selection, "rated_count", rating=score),
        ),
        "durations": charts.histogram(
            breakdowns.histogram(now.durations),
            lambda bounds: behind(selection, "p50_duration_seconds", duration=bounds),
        ),
        "closed": len(now.durations),
        "heatmap": charts.heatmap(
            breakdowns.week(quarters, selection.timeframe),
            lambda hour: behind(selection, "total_conversations", hour=hour),
        ),
    }


def live(now: datetime) -> dict[str, Any]:
    """The context of the live strip."""
    figures = measure(current.CURRENT.values(), current.going_on())
    wait = current.longest_wait(now)
    return {
        "current": [
            (metric, figures[key].n, f"{reverse('analytics-conversations')}?metric={key}")
            for key, metric in current.CURRENT.items()
        ],
        "longest_wait": wording.duration(wait.total_seconds()) if wait else None,
        "agents": [agent.name for agent in current.agents_there(now)],
        "now": now,
    }
