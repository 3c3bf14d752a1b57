"""Timeframes: half-open, in any zone, through the nights when the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.test import override_settings

from analytics.breakdowns import Quarterly, columns, week
from analytics.timeframes import Bucket, Step, Timeframe, read, rolling, zone

from .history import NOW


def hours(bucket: Bucket) -> float:
    return (bucket.until - bucket.since) / timedelta(hours=1)


def dates(since: str, through: str, tz: str) -> Timeframe:
    return read({"since": since, "through": through, "tz": tz}, NOW)


@pytest.mark.parametrize(
    ("day", "length"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)],
)
def test_a_day_in_berlin_has_the_hours_it_has(day: str, length: int) -> None:
    timeframe = dates(day, day, "Europe/Berlin")
    assert timeframe.length == timedelta(hours=length)
    assert len(timeframe.buckets) == length  # hour by hour
    assert all(hours(bucket) == 1 for bucket in timeframe.buckets)


def test_days_join_without_gap_or_overlap_over_both_changes() -> None:
    for since, through, odd in (("2026-03-20", "2026-04-10", 23), ("2026-10-20", "2026-11-05", 25)):
        buckets = dates(since, through, "Europe/Berlin").buckets
        assert all(left.until == right.since for left, right in pairwise(buckets))
        assert sorted(set(map(hours, buckets))) == sorted({24, odd})


def test_where_midnight_does_not_exist_the_day_begins_at_one() -> None:
    timeframe = dates("2026-04-20", "2026-04-28", "Africa/Cairo")  # clocks go forward at the midnight of the 24th
    assert [hours(bucket) for bucket in timeframe.buckets] == [24, 24, 24, 24, 23, 24, 24, 24, 24]
    short = timeframe.buckets[4]
    assert timeframe.local(short.since).hour == 1


def test_an_offset_of_half_an_hour_is_a_zone_like_any_other() -> None:
    timeframe = dates("2026-11-03", "2026-11-03", "Asia/Kathmandu")  # UTC+05:45
    assert timeframe.since == datetime(2026, 11, 2, 18, 15, tzinfo=UTC)
    assert [hours(bucket) for bucket in timeframe.buckets] == [1.0] * 24


def test_a_rolling_timeframe_is_cut_at_its_ends() -> None:
    timeframe = rolling("7d", zone("Europe/Berlin"), NOW)
    first, *middle, last = timeframe.buckets
    assert timeframe.step is Step.DAY
    assert (first.whole, last.whole) == (False, False)
    assert all(bucket.whole for bucket in middle)
    assert hours(first) + hours(last) == 24
    assert (first.since, last.until) == (timeframe.since, timeframe.until)


@pytest.mark.parametrize(("name", "step"), [("24h", Step.HOUR), ("7d", Step.DAY), ("30d", Step.DAY), ("90d", Step.DAY)])
def test_each_timeframe_has_its_grain(name: str, step: Step) -> None:
    assert rolling(name, zone("UTC"), NOW).step is step


def test_a_year_is_shown_in_weeks_from_monday() -> None:
    timeframe = dates("2026-01-01", "2026-12-31", "Europe/Berlin")
    assert timeframe.step is Step.WEEK
    assert all(timeframe.local(bucket.since).weekday() == 0 for bucket in timeframe.buckets[1:])


def test_the_period_before_is_as_long_and_ends_where_this_begins() -> None:
    now = rolling("24h", zone("Europe/Berlin"), datetime(2026, 10, 25, 12, tzinfo=UTC))
    before = now.previous()
    assert (before.until, before.length) == (now.since, timedelta(hours=24))


def test_before_whole_days_come_whole_days_though_one_has_25_hours() -> None:
    monday = dates("2026-10-26", "2026-10-26", "Europe/Berlin")
    assert monday.previous().length == timedelta(hours=25)
    assert monday.previous() == dates("2026-10-25", "2026-10-25", "Europe/Berlin")


def test_a_count_falls_into_the_local_day_and_hour_it_happened_in() -> None:
    timeframe = dates("2026-10-24", "2026-10-26", "Europe/Berlin")
    at = [
        datetime(2026, 10, 24, 21, 45, tzinfo=UTC),  # Saturday 23:45
        datetime(2026, 10, 24, 22, 0, tzinfo=UTC),  # Sunday 00:00
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # Sunday 02:30, before the clocks go back
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # Sunday 02:30 again
        datetime(2026, 10, 25, 22, 45, tzinfo=UTC),  # Sunday 23:45
        datetime(2026, 10, 25, 23, 0, tzinfo=UTC),  # Monday 00:00
    ]
    counts = [Quarterly(moment, opened=1, resolved=0) for moment in at]
    assert [column.opened for column in columns(counts, timeframe)] == [1, 4, 1]
    heat = week(counts, timeframe)
    assert (heat[5][23], heat[6][0], heat[6][2], heat[6][23], heat[0][0]) == (1, 1, 2, 1, 1)
    assert sum((end - start for start, end in timeframe.hours(6, 2)), timedelta()) == timedelta(hours=2)


def test_an_hour_that_the_clocks_skip_never_comes() -> None:
    timeframe = dates("2026-03-29", "2026-03-29", "Europe/Berlin")
    assert list(timeframe.hours(6, 2)) == []
    assert sum((end - start for start, end in timeframe.hours(6, 3)), timedelta()) == timedelta(hours=1)


def test_a_quarter_that_began_before_the_timeframe_counts_in_its_first_bucket() -> None:
    timeframe = Timeframe(NOW + timedelta(minutes=7), NOW + timedelta(hours=3), zone("UTC"))
    assert [column.opened for column in columns([Quarterly(NOW, 2, 1)], timeframe)] == [2, 0, 0]


@override_settings(TIME_ZONE="Europe/Berlin")
def test_the_desks_own_zone_counts_where_none_is_named() -> None:
    assert read({"since": "2026-11-03"}, NOW).since == datetime(2026, 11, 2, 23, tzinfo=UTC)
