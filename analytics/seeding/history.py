"""write: a history of any size, in bulk, the same for the same dice."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model

from conversations.models import Conversation, Customer, DeskSettings, Message, Transition, TurnRecord
from handoff.models import Agent, Handoff, HandoffEvent, HandoffSettings

from . import words
from .clock import arrivals
from .rows import Rows, new_id
from .stories import Setting, Story

CHUNK = 500  # conversations a transaction: on SQLite a running desk can write in between
BATCH = 500  # rows a statement
CONVERSATIONS_A_CUSTOMER = 1.6
PREMIUM = 0.15


class AlreadyThere(Exception):
    """This desk holds the history of these dice already."""


def write(count: int, days: int, seed: int, until: datetime, tz: ZoneInfo) -> Iterator[Counter[str]]:
    """Writes `count` conversations of the `days` before `until`; yields what each chunk was made of."""
    dice = random.Random(seed)  # noqa: S311  # for stories, not for secrets
    setting = Setting(_agents(), DeskSettings.current(), HandoffSettings.current(), tz)
    since = until - timedelta(days=days)
    customers = [_customer(dice, since) for _ in range(max(1, round(count / CONVERSATIONS_A_CUSTOMER)))]
    if Customer.objects.filter(pk=customers[0].pk).exists():
        raise AlreadyThere
    with transaction.atomic():
        Customer.objects.bulk_create(customers, BATCH)
    for moments in batches(arrivals(count, days, until, tz, dice), CHUNK):
        yield _save([_told(dice.choice(customers), moment, until, dice, setting) for moment in moments])


def _told(customer: Customer, at: datetime, until: datetime, dice: random.Random, setting: Setting) -> Rows:
    rows = Rows(customer, at, until, dice)
    Story(rows, setting).tell()
    return rows


def _save(told: list[Rows]) -> Counter[str]:
    tables: list[tuple[type[Model], list[Model]]] = [
        (Conversation, [rows.conversation for rows in told]),
        (Message, [row for rows in told for row in rows.messages]),
        (Transition, [row for rows in told for row in rows.transitions]),
        (TurnRecord, [row for rows in told for row in rows.turns]),
        (Handoff, [row for rows in told for row in rows.handoffs]),
        (HandoffEvent, [row for rows in told for row in rows.events]),
    ]
    with transaction.atomic():
        for model, rows in tables:
            model._default_manager.bulk_create(rows, BATCH)
    return Counter({str(model._meta.verbose_name_plural): len(rows) for model, rows in tables})


def _agents() -> list[Agent]:
    """The desk's own agents; where it has none, some who cannot sign in."""
    agents = list(Agent.objects.select_related("user").order_by("pk"))
    for name in () if agents else words.AGENTS:
        user = User(username=f"{name.lower()}@history", first_name=name)
        user.set_unusable_password()
        user.save()
        agents.append(Agent.objects.create(user=user, name=name))
    return agents


def _customer(dice: random.Random, since: datetime) -> Customer:
    first, last = dice.choice(words.FIRST_NAMES), dice.choice(words.LAST_NAMES)
    return Customer(
        pk=new_id(dice),
        name=f"{first} {last}",
        email=f"{first}.{last}.{dice.randrange(1000)}@example.com".lower(),
        tier=Customer.Tier.PREMIUM if dice.random() < PREMIUM else Customer.Tier.STANDARD,
        created_at=since,
    )


def batches(moments: list[datetime], size: int) -> Iterable[list[datetime]]:
    return (moments[start : start + size] for start in range(0, len(moments), size))
