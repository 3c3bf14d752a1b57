"""`manage.py make_agents`: agents for a load test."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from websockets.sync.client import connect

from handoff.models import Agent
from supportdesk import temporaries
from tests import servers
from tests.running import Desk


def test_the_tokens_on_the_last_line_open_the_inbox(desk: Desk) -> None:
    answer = servers.manage("make_agents", "2", env=desk.environment())
    assert answer.returncode == 0, answer.stderr
    tokens = answer.stdout.splitlines()[-1].split(",")
    assert len(set(tokens)) == 2
    for token in tokens:
        with connect(f"{desk.ws_url}/ws/inbox/", proxy=None) as socket:
            socket.send(json.dumps({"type": "hello", "token": token}))
            assert json.loads(socket.recv(timeout=10))["type"] == "welcome"


@pytest.mark.django_db
def test_they_have_the_room_that_was_asked_for_and_no_password() -> None:
    call_command("make_agents", 3, capacity=7, verbosity=0)
    assert [agent.capacity for agent in Agent.objects.all()] == [7, 7, 7]
    assert not any(user.has_usable_password() for user in User.objects.all())


@pytest.mark.django_db
def test_asked_again_the_same_agents_come() -> None:
    call_command("make_agents", 2, verbosity=0)
    call_command("make_agents", 2, verbosity=0)
    assert Agent.objects.count() == 2


@pytest.mark.django_db
def test_released_agents_find_their_keys_taken_and_their_doors_shut() -> None:
    hired = temporaries.hire(1, kind="replay", capacity=5)
    temporaries.release(hired)
    user = User.objects.get()
    assert not user.is_active
    assert not user.api_tokens.exists()


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 1001}, {"count": 1, "capacity": 0}])
def test_an_impossible_number_is_refused(wrong: dict[str, int]) -> None:
    number = wrong.pop("count")
    with pytest.raises(CommandError):
        call_command("make_agents", number, **wrong)
