"""How often somebody may do something, with the clock in the test's hand."""

from typing import Any

import pytest

from conversations import limits
from conversations.limits import Limit


def test_a_burst_is_let_through_and_then_she_is_told_how_long_to_wait() -> None:
    limit = Limit(per_minute=60, burst=3)
    assert [limit.take("cleo", now=100.0) for _ in range(3)] == [0, 0, 0]
    assert limit.take("cleo", now=100.0) == pytest.approx(1.0)
    assert limit.take("cleo", now=100.4) == pytest.approx(0.6)
    assert limit.take("cleo", now=101.0) == 0


def test_being_refused_costs_nothing() -> None:
    limit = Limit(per_minute=60, burst=1)
    limit.take("cleo", now=0.0)
    assert all(limit.take("cleo", now=0.5) for _ in range(50))
    assert limit.take("cleo", now=1.0) == 0


def test_in_the_long_run_it_is_so_many_a_minute() -> None:
    limit = Limit(per_minute=30, burst=5)
    let_through = sum(limit.take("cleo", now=tick / 10) == 0 for tick in range(6000))  # ten minutes of hammering
    assert let_through == pytest.approx(300 + 5, abs=1)


def test_one_persons_hurry_is_not_anothers_wait() -> None:
    limit = Limit(per_minute=60, burst=1)
    limit.take("zed", now=0.0)
    assert limit.take("zed", now=0.0) > 0
    assert limit.take("cleo", now=0.0) == 0


def test_nobody_saves_up_more_than_a_burst() -> None:
    limit = Limit(per_minute=60, burst=2)
    limit.take("cleo", now=0.0)
    assert [limit.take("cleo", now=1e6) == 0 for _ in range(3)] == [True, True, False]


def test_the_memory_it_takes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 100)
    limit = Limit(per_minute=60, burst=1)
    for number in range(1000):
        limit.take(f"stranger {number}", now=0.0)
    assert len(limit._buckets) == 100


def test_a_load_test_may_lift_them(settings: Any) -> None:
    settings.RATE_LIMITS = False
    limit = Limit(per_minute=1, burst=1)
    assert [limit.take("bench", now=0.0) for _ in range(10)] == [0.0] * 10
