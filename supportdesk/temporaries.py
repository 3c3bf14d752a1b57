"""Agents who come for a day: for a load test or a replay. They sign in with API tokens only."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.db import transaction

from conversations.models import ApiToken
from handoff.models import Agent
from supportdesk.roles import AGENTS


@dataclass(frozen=True)
class Temporary:
    user: User
    token: str


@transaction.atomic
def hire(count: int, *, kind: str, capacity: int) -> list[Temporary]:
    """Agents called `<kind>-1`, `<kind>-2`, …; those of an earlier day come again, with new tokens."""
    group = Group.objects.get(name=AGENTS)
    hired = []
    for number in range(1, count + 1):
        user, new = User.objects.get_or_create(username=f"{kind}-{number}", defaults={"first_name": kind.title()})
        user.is_active = True
        if new:
            user.set_unusable_password()
            user.groups.add(group)
        user.save()
        name = f"{kind.title()} {number}"
        Agent.objects.update_or_create(user=user, defaults={"name": name, "capacity": capacity})
        hired.append(Temporary(user, ApiToken.issue(user, label=kind)[1]))
    return hired


def release(hired: Iterable[Temporary]) -> None:
    """Takes their keys away. Their names stay beside what they said."""
    users = [temporary.user.pk for temporary in hired]
    ApiToken.objects.filter(user__in=users).delete()
    User.objects.filter(pk__in=users).update(is_active=False)
