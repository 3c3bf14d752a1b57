"""Figures in words: what a number, a change and a stretch of time look like to people."""

from datetime import timedelta
from typing import Final

from .measuring import Unit
from .timeframes import Timeframe

NO_DATA: Final = "no data"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def number(value: float | None, unit: Unit) -> str:
    if value is None:
        return NO_DATA
    match unit:
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.SHARE:
            return f"{value:.0%}" if value in (0, 1) else f"{value:.1%}"
        case Unit.SECONDS:
            return duration(value)
    return f"{value:.1f}"


def change(now: float | None, before: float | None, unit: Unit) -> str:
    """How far `now` is from `before`: shares in points, scores as they are, the rest in percent."""
    if now is None or before is None:
        return ""
    match unit:
        case Unit.SHARE:
            points = round(now * 100, 1) - round(before * 100, 1)  # of what is shown, so that it adds up
            return f"{abs(points):.1f} points" if round(points, 1) else ""
        case Unit.SCORE:
            difference = round(now, 1) - round(before, 1)
            return f"{abs(difference):.1f}" if round(difference, 1) else ""
    if not before:
        return ""
    percent = round((now / before - 1) * 100)
    return f"{abs(percent):,}%" if percent else ""


def duration(seconds: float) -> str:
    """Two units at most: 42 s, 3 min 20 s, 1 h 05 min, 2 d 3 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole < 600 else f"{round(whole / 60)} min"
    if whole < 86400:
        minutes = round(whole / 60)
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(whole / 3600)
    return f"{hours // 24} d {hours % 24} h"


def edge(seconds: int) -> str:
    """One edge of a histogram's bin."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return str(seconds)


def duration_range(value: str) -> str:
    low, _, high = value.partition("-")
    if not high:
        return f"{edge(int(low))} or longer"
    return f"under {edge(int(high))}" if low == "0" else f"{edge(int(low))} to {edge(int(high))}"


def weekly_hour(value: str) -> str:
    weekday, _, hour = value.partition("-")
    return f"{WEEKDAYS[int(weekday)]}s, {int(hour):02d}:00–{int(hour) + 1:02d}:00"


def intent(name: str) -> str:
    return name.replace("_", " ").capitalize() if name else "Not understood"


def period(timeframe: Timeframe) -> str:
    """The timeframe as a heading says it: whole days by their dates, else with the times."""
    first, last = timeframe.local(timeframe.since), timeframe.local(timeframe.until)
    if not any((first.hour, first.minute, last.hour, last.minute)):
        last -= timedelta(minutes=1)
        same = first.date() == last.date()
        return f"{first:%-d %b %Y}" if same else f"{first:%-d %b %Y} to {last:%-d %b %Y}"
    return f"{first:%-d %b %Y, %H:%M} to {last:%-d %b %Y, %H:%M}"
