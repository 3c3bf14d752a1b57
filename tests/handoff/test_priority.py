"""How soon: the whole formula as a table, the ageing that nobody starves of, and its agreement with the queue's SQL."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from handoff.models import Handoff, HandoffSettings
from handoff.priority import Facts, aged, priority
from tests.handoff.talking import Talk, waits_for

MISSION = HandoffSettings()  # its defaults
STEP = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("premium", "billing", "minutes", "expected"),
    [
        (False, False, 0, 5),
        (False, False, 15, 5),
        (False, False, 15.1, 4),
        (False, True, 0, 4),
        (False, True, 16, 3),
        (True, False, 0, 3),
        (True, False, 16, 2),
        (True, True, 0, 2),
        (True, True, 16, 1),
        (True, True, 6000, 1),
    ],
)
def test_the_whole_formula(premium: bool, billing: bool, minutes: float, expected: int) -> None:
    level, reasons = priority(Facts(premium, billing, timedelta(minutes=minutes)), MISSION)
    assert level == expected
    assert len(reasons) == 1 + premium + billing + (minutes > 15)  # each step has its reason
    assert level == 5 + sum(int(reason.rpartition("−")[2]) * -1 for reason in reasons[1:])


def test_it_is_never_below_one_whatever_an_admin_sets() -> None:
    level, reasons = priority(Facts(True, True, timedelta(hours=1)), HandoffSettings(premium_bonus=9))
    assert level == 1
    assert reasons[-1] == "Never below 1"


def test_a_bonus_of_zero_is_no_reason() -> None:
    assert priority(Facts(True, False, timedelta(0)), HandoffSettings(premium_bonus=0)) == (5, ["Starts at 5"])


@pytest.mark.parametrize(
    ("base", "minutes", "expected"),
    [(5, 0, 5), (5, 9.9, 5), (5, 10, 4), (5, 39, 2), (5, 40, 1), (5, 400, 1), (3, 20, 1), (1, 0, 1), (1, 90, 1)],
)
def test_the_wait_brings_her_nearer(base: int, minutes: float, expected: int) -> None:
    assert aged(base, timedelta(minutes=minutes), STEP) == expected


@pytest.mark.django_db
def test_the_queues_sql_ages_as_the_formula_does(new_talk: Callable[..., Talk]) -> None:
    now = timezone.now()
    for base, minutes in product(range(1, 6), (0, 9, 10, 25, 45)):
        handoff = new_talk(f"{base} {minutes}").asks_for_person()
        Handoff.objects.filter(pk=handoff.pk).update(base_priority=base, created_at=now - timedelta(minutes=minutes))
    queue = list(Handoff.objects.waiting().in_order(now))
    assert len(queue) == 25
    for handoff in queue:
        assert handoff.aged_priority == aged(handoff.base_priority, now - handoff.created_at, STEP)  # type: ignore[attr-defined]
    keys = [(handoff.aged_priority, handoff.created_at) for handoff in queue]  # type: ignore[attr-defined]
    assert keys == sorted(keys)


@pytest.mark.django_db
def test_an_admin_sets_how_fast_it_ages(new_talk: Callable[..., Talk]) -> None:
    settings = HandoffSettings.current()
    settings.ageing_minutes = 2
    settings.save()
    handoff = waits_for(new_talk().asks_for_person(), minutes=5)
    (row,) = Handoff.objects.waiting().in_order(timezone.now())
    assert row.pk == handoff.pk
    assert row.aged_priority == 3  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_nobody_starves_behind_premium_customers(new_talk: Callable[..., Talk]) -> None:
    """Every ten minutes a premium customer comes, and is served before whoever has waited less than forty."""
    plain = waits_for(new_talk("Dora").asks_for_person(), minutes=40)
    for number in range(4):
        waits_for(new_talk(f"Rich {number}", tier="premium").asks_for_person(), minutes=number * 10)
    assert Handoff.objects.waiting().in_order(timezone.now())[0] == plain
