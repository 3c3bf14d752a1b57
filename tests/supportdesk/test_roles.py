"""The groups that every desk has."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command

from conversations.actors import Action, StaffActor
from supportdesk.roles import AGENTS, MANAGERS

pytestmark = pytest.mark.django_db


def member_of(group: str) -> StaffActor:
    user = User.objects.create_user("ana")
    user.groups.add(Group.objects.get(name=group))
    return StaffActor(user)


def test_a_new_desk_knows_agents_who_answer() -> None:
    ana = member_of(AGENTS)
    assert ana.may(Action.ANSWER)
    assert not ana.may(Action.MEASURE)


def test_a_new_desk_knows_managers_who_measure() -> None:
    mia = member_of(MANAGERS)
    assert mia.may(Action.MEASURE)
    assert not mia.may(Action.ANSWER)


def test_a_right_that_an_admin_took_from_a_group_does_not_come_back_with_a_migration() -> None:
    Group.objects.get(name=AGENTS).permissions.clear()
    call_command("migrate", verbosity=0)
    assert not member_of(AGENTS).may(Action.ANSWER)
