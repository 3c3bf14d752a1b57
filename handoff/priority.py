"""How urgent a request is: facts in, a number from 1 to 5 and its reasons out. Nothing here looks anything up."""

from dataclasses import dataclass
from datetime import timedelta

from .models import LOWEST_PRIORITY, HandoffSettings

HIGHEST_PRIORITY = 1


@dataclass(frozen=True)
class Facts:
    premium: bool
    billing: bool
    age: timedelta  # of the conversation


def priority(facts: Facts, weights: HandoffSettings) -> tuple[int, list[str]]:
    """The priority with which a request joins the queue, and each step that led there."""
    long = timedelta(minutes=weights.long_after_minutes)
    steps = [
        (facts.premium, weights.premium_bonus, "Premium customer"),
        (facts.billing, weights.billing_bonus, "Billing question"),
        (facts.age > long, weights.long_bonus, f"Open for more than {weights.long_after_minutes} min"),
    ]
    taken = [(bonus, why) for applies, bonus, why in steps if applies and bonus]
    level = LOWEST_PRIORITY - sum(bonus for bonus, _ in taken)
    reasons = [f"Starts at {LOWEST_PRIORITY}", *(f"{why}: −{bonus}" for bonus, why in taken)]
    if level < HIGHEST_PRIORITY:
        reasons.append(f"Never below {HIGHEST_PRIORITY}")
    return max(HIGHEST_PRIORITY, level), reasons


def aged(base: int, waited: timedelta, step: timedelta) -> int:
    """The priority after a wait in the queue, so that nobody starves; Handoff.objects.in_order does the same in SQL."""
    return max(HIGHEST_PRIORITY, base - max(0, waited // step))


def ageing_reason(base: int, waited: timedelta, step: timedelta) -> list[str]:
    """What the wait has added to the reasons by now."""
    gained = base - aged(base, waited, step)
    return [f"Waiting for {waited // timedelta(minutes=1)} min: −{gained}"] if gained else []
