"""Charts as geometry: what the SVG templates draw. Widths are in percent, so a chart is as wide as its page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

from . import breakdowns, wording
from .breakdowns import Column, Counted
from .measuring import Unit
from .selection import Selection
from .timeframes import Step

HEIGHT: Final = 180  # of a plot, in pixels
MOST_LABELS: Final = 7
CELL: Final = 24  # the height of an hour in the heatmap
LABELS: Final = {Step.HOUR: "%H:%M", Step.DAY: "%-d %b", Step.WEEK: "%-d %b"}


@dataclass(frozen=True)
class Bar:
    """A lying bar with its label; `before` marks where it ended in the period before."""

    label: str
    count: str
    share: str
    width: float
    before: float | None
    href: str


def bars(
    counted: Counted, before: Counted, total: int, label: Callable[[str], str], href: Callable[[str], str]
) -> list[Bar]:
    """A bar for each count; `total` is what their shares are of."""
    earlier = dict(before)
    longest = max([count for _, count in counted] + [earlier.get(name, 0) for name, _ in counted], default=0)
    return [
        Bar(
            label(name),
            f"{count:,}",
            wording.number(count / total, Unit.SHARE) if total else "",
            percent(count, longest),
            percent(earlier[name], longest) if name in earlier else None,
            href(name),
        )
        for name, count in counted
    ]


# --- Standing bars -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Standing:
    """A standing bar, `part` of it in the stronger colour."""

    x: float
    width: float
    top: float
    height: float
    part_top: float
    part_height: float
    title: str
    text: str
    cells: Sequence[object]  # its row in the table
    href: str
    whole: bool = True

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Plot:
    bars: list[Standing]
    ticks: list[Tick]  # up the side
    labels: list[Tick]  # along the bottom
    heads: Sequence[str]  # of the table's columns
    line: str = ""  # the period before, as an SVG polyline in a box of 100 by HEIGHT
    height: int = HEIGHT


def over_time(
    columns: list[Column], before: list[Column], selection: Selection, href: Callable[[Selection], str]
) -> Plot:
    """What was opened in each hour, day or week, and how much of it is resolved."""
    timeframe = selection.timeframe
    top = scale(max((column.opened for column in [*columns, *before]), default=0))
    slot = 100 / len(columns)
    standing = []
    for number, column in enumerate(columns):
        name = f"{timeframe.local(column.bucket.since):{TITLES[timeframe.step]}}"
        part = "" if column.bucket.whole else ", not all of it"
        standing.append(
            Standing(
                x=round(number * slot + slot * 0.12, 3),
                width=round(slot * 0.76, 3),
                top=y(column.opened, top),
                height=height(column.opened, top),
                part_top=y(column.resolved, top),
                part_height=height(column.resolved, top),
                title=f"{name}{part}: {column.opened:,} opened, {column.resolved:,} resolved",
                text="",
                cells=[name + part, column.opened, column.resolved],
                href=href(selection.within(column.bucket.since, column.bucket.until)),
                whole=column.bucket.whole,
            )
        )
    every = -(-len(columns) // MOST_LABELS)
    labels = [
        Tick(bar.middle, f"{timeframe.local(column.bucket.since):{LABELS[timeframe.step]}}")
        for number, (bar, column) in enumerate(zip(standing, columns, strict=True))
        if number % every == every // 2
    ]
    points = zip((bar.middle for bar in standing), (y(column.opened, top) for column in before), strict=False)
    drawn = " ".join(f"{round(x, 2)},{at}" for x, at in points) if any(column.opened for column in before) else ""
    return Plot(standing, ticks(top), labels, ["When", "Opened", "Resolved"], drawn)


TITLES: Final = {Step.HOUR: "%a %-d %b, %H:%M", Step.DAY: "%a %-d %b", Step.WEEK: "week of %-d %b"}


def histogram(counts: list[int], href: Callable[[str], str]) -> Plot:
    """How many conversations took how long; the bins' edges stand between the bars."""
    edges = breakdowns.DURATION_EDGES
    top = max(*counts, 1)
    slot, standing = 100 / len(counts), []
    for number, count in enumerate(counts):
        high = str(edges[number + 1]) if number + 1 < len(edges) else ""
        name = wording.duration_range(f"{edges[number]}-{high}")
        standing.append(
            Standing(
                x=round(number * slot + 0.25, 3),
                width=round(slot - 0.5, 3),
                top=y(count, top),
                height=height(count, top),
                part_top=y(count, top),
                part_height=height(count, top),
                title=f"{name}: {count:,}",
                text=f"{count:,}" if count else "",
                cells=[name, count],
                href=href(f"{edges[number]}-{high}"),
            )
        )
    labels = [Tick(number * slot, wording.edge(edges[number])) for number in range(1, len(edges))]
    return Plot(standing, [], labels, ["Duration", "Conversations"])


# --- The week ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    x: float
    y: int
    strength: float  # 0 to 1
    count: int
    title: str
    href: str


@dataclass(frozen=True)
class Heatmap:
    days: list[tuple[str, list[Cell]]]  # each weekday's name and hours
    labels: list[Tick]
    busiest: Cell


def heatmap(week: list[list[int]], href: Callable[[str], str]) -> Heatmap:
    """What was opened on each weekday at each hour; the busiest cell is the darkest."""
    most = max(max(day) for day in week)
    days = [
        (name, [_cell(weekday, hour, count, most, href) for hour, count in enumerate(week[weekday])])
        for weekday, name in enumerate(wording.WEEKDAYS)
    ]
    labels = [Tick(round(hour * 100 / 24, 3), f"{hour:02d}:00") for hour in range(0, 24, 4)]
    return Heatmap(days, labels, max((cell for _, day in days for cell in day), key=lambda cell: cell.count))


def _cell(weekday: int, hour: int, count: int, most: int, href: Callable[[str], str]) -> Cell:
    name = f"{weekday}-{hour}"
    return Cell(
        x=round(hour * 100 / 24, 3),
        y=weekday * CELL,
        strength=round(0.1 + 0.9 * count / most, 2) if count else 0.0,
        count=count,
        title=f"{wording.weekly_hour(name)}: {count:,}",
        href=href(name),
    )


# --- Scales --------------------------------------------------------------------------------------------------------


def scale(most: int) -> int:
    """The round and even number that the axis ends at; even, because a line is drawn at its half."""
    power: int = 10 ** floor(log10(max(most, 1)))
    return next(top for step in (1, 2, 3, 4, 5, 6, 8, 10) if (top := step * power) >= most and top % 2 == 0)


def ticks(top: int) -> list[Tick]:
    return [Tick(y(value, top), f"{value:,}") for value in (top, top // 2)]


def y(value: float, top: int) -> float:
    return round(HEIGHT * (1 - value / top), 2)


def height(value: float, top: int) -> float:
    return round(HEIGHT * value / top, 2)


def percent(value: float, of: float) -> float:
    return round(100 * value / of, 2) if of else 0.0
