"""Every number equals the list behind it: over a seeded history, for every metric, every chart and every filter."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from analytics import selection
from analytics.dashboards import dashboard
from analytics.listing import Row, page
from analytics.measuring import PERCENTILES, How, Metric, measure, percentile
from analytics.metrics import METRICS
from analytics.selection import Selection
from analytics.timeframes import rolling, zone

from .history import NOW

#: What a row of the list says of a conversation, for each metric that is made of values.
VALUES: dict[str, Any] = {
    "avg_duration_seconds": lambda row: row.duration,
    "p50_duration_seconds": lambda row: row.duration,
    "p90_duration_seconds": lambda row: row.duration,
    "avg_messages": lambda row: row.messages,
    "avg_satisfaction": lambda row: row.conversation.rating,
    "p50_wait_seconds": lambda row: row.wait,
    "p90_wait_seconds": lambda row: row.wait,
    "p50_first_response_seconds": lambda row: row.first_response,
}

SELECTIONS = [
    {"timeframe": "7d"},
    {"timeframe": "24h"},
    {"timeframe": "7d", "intent": "billing_question"},
    {"timeframe": "7d", "reason": "human_requested", "tier": "standard"},
    {"timeframe": "7d", "rating": "5"},
    {"timeframe": "7d", "duration": "60-300"},
    {"timeframe": "7d", "hour": "2-11", "tz": "America/New_York"},
    {"since": "2026-11-17", "through": "2026-11-18", "tz": "Asia/Kathmandu"},
    {"since": "2031-01-01", "through": "2031-01-02"},  # nothing
]


def listed(chosen: Selection, metric: Metric) -> list[Row]:
    """All the pages of the list, as somebody would leaf through it."""
    rows: list[Row] = []
    after = ""
    while True:
        part = page(metric.behind(chosen.conversations()), after, size=37)
        rows += part.rows
        if not (after := part.after):
            return rows


@pytest.mark.parametrize("params", SELECTIONS, ids=str)
@pytest.mark.parametrize("key", METRICS)
def test_a_metric_is_what_its_list_adds_up_to(told: str, key: str, params: dict[str, str]) -> None:
    metric, chosen = METRICS[key], selection.read(params, NOW)
    figure = measure([metric], chosen.conversations())[key]
    rows = listed(chosen, metric)
    assert len({row.conversation.pk for row in rows}) == len(rows) == metric.behind(chosen.conversations()).count()
    if metric.how is How.COUNT:
        assert figure.value == len(rows)
    elif metric.how is How.SHARE:
        whole = chosen.conversations().filter(metric.of).count()
        assert figure.value == (pytest.approx(len(rows) / whole) if whole else None)
    elif key == "wait_estimate_coverage":
        kept = [conversation.value for conversation in metric.behind(chosen.conversations())]  # type: ignore[attr-defined]
        assert figure.value == (pytest.approx(sum(kept) / len(rows)) if rows else None)
    else:
        values = sorted(VALUES[key](row) for row in rows)  # each row has one
        if metric.how in PERCENTILES:
            assert figure.value == percentile(values, PERCENTILES[metric.how])
        else:
            assert figure.value == (pytest.approx(sum(values) / len(values)) if values else None)
        assert figure.n == len(values)


def number_behind(href: str) -> int:
    """How long the list is that a link of the dashboard opens."""
    params = {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
    return METRICS[params["metric"]].behind(selection.read(params, NOW).conversations()).count()


@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_every_bar_of_every_chart_opens_as_many_as_it_shows(told: str, tz: str) -> None:
    shown = dashboard(Selection(rolling("7d", zone(tz), NOW)))
    total = shown["total"]
    assert total == 400
    over_time = [(bar.cells[1], bar.cells[2], bar.href) for bar in shown["over_time"].bars]
    assert sum(opened for opened, _, _ in over_time) == total
    resolved = shown["headline"][1].figure
    assert sum(part for _, part, _ in over_time) == round(resolved.value * resolved.n)
    assert [number_behind(href) for _, _, href in over_time] == [opened for opened, _, _ in over_time]
    cells = [cell for _, day in shown["heatmap"].days for cell in day]
    assert sum(cell.count for cell in cells) == total
    busy = [cell for cell in cells if cell.count][::5]
    assert [number_behind(cell.href) for cell in busy] == [cell.count for cell in busy]
    for name in ("intents", "reasons", "ratings"):
        assert [f"{number_behind(bar.href):,}" for bar in shown[name]] == [bar.count for bar in shown[name]]
    bins = [(bar.cells[1], bar.href) for bar in shown["durations"].bars]
    assert sum(count for count, _ in bins) == shown["closed"]
    assert [number_behind(href) for _, href in bins] == [count for count, _ in bins]


def test_every_card_opens_the_list_of_its_own_metric_and_timeframe(told: str) -> None:
    shown = dashboard(Selection(rolling("7d", zone("Europe/Berlin"), NOW)))
    cards = [*shown["headline"], *(card for group in shown["groups"].values() for card in group)]
    assert {card.metric.key for card in cards} == METRICS.keys()
    for card in cards:
        if card.metric.how is not How.SHARE:
            assert number_behind(card.href) == card.figure.n
