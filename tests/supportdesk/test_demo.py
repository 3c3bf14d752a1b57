"""`manage.py demo`: a shop to try the desk with, opened once, and never over what people have changed."""

from collections import Counter

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import models
from django.test import override_settings

from conversations.actors import Action, StaffActor
from conversations.lifecycle import Status
from conversations.models import Article, Conversation, Customer, DeskSettings, Message, Order, TurnRecord
from handoff.models import Agent, CannedReply, Handoff
from supportdesk.demo import past, staff

pytestmark = pytest.mark.django_db

KINDS: list[type[models.Model]] = [
    Agent, Article, CannedReply, Conversation, Customer, Handoff, Message, Order, TurnRecord, User
]  # fmt: skip


def open_demo() -> None:
    staff.SIGN_INS.unlink(missing_ok=True)
    call_command("demo", verbosity=0)


def count() -> dict[str, int]:
    return {kind.__name__: kind._default_manager.count() for kind in KINDS}


def sign_ins() -> dict[str, tuple[str, str]]:
    rows = [line.split("\t") for line in staff.SIGN_INS.read_text().splitlines()]
    return {username: (role, password) for role, username, password in rows}


def test_the_shop_is_open_and_alive_at_first_sight() -> None:
    open_demo()
    assert DeskSettings.current().name == "Fernwhistle"
    assert 14 <= Article.objects.published().count() <= 20
    assert Order.objects.count() == 25
    assert set(Order.objects.values_list("status", flat=True)) == set(Order.Status.values)
    assert Handoff.objects.waiting().count() == 3
    assert Customer.objects.filter(tier=Customer.Tier.PREMIUM, verified=True, email_verified=True).exists()
    statuses = Counter(Conversation.objects.values_list("status", flat=True))
    assert statuses[Status.CLOSED] > 130
    assert statuses[Status.ESCALATED] == 5
    assert statuses[Status.WAITING_FOR_INPUT] == 3


def test_opened_twice_it_is_the_same_shop() -> None:
    open_demo()
    before, known = count(), sign_ins()
    call_command("demo", verbosity=0)
    assert count() == before
    assert sign_ins() == known


def test_what_an_admin_changed_stays_as_she_left_it() -> None:
    open_demo()
    Article.objects.filter(slug="refunds").update(body="We changed this.")
    DeskSettings.objects.update(name="Our own shop")
    call_command("demo", verbosity=0)
    assert Article.objects.get(slug="refunds").body == "We changed this."
    assert DeskSettings.current().name == "Our own shop"


def test_everybody_can_sign_in_and_do_their_own_work_only() -> None:
    open_demo()
    assert Counter(role for role, _ in sign_ins().values()) == {"agent": 3, "manager": 1, "admin": 1}
    for username, (role, password) in sign_ins().items():
        user = authenticate(username=username, password=password)
        assert isinstance(user, User), username
        actor = StaffActor(user)
        assert actor.may(Action.ANSWER) == (role in ("agent", "admin"))
        assert actor.may(Action.MEASURE) == (role in ("manager", "admin"))
        assert user.is_superuser == (role == "admin")


def test_only_the_desks_owner_reads_the_passwords_and_no_two_desks_share_them() -> None:
    open_demo()
    first = sign_ins()
    assert staff.SIGN_INS.parent == settings.DATA
    assert staff.SIGN_INS.stat().st_mode & 0o077 == 0
    User.objects.all().delete()
    open_demo()
    assert not {password for _, password in first.values()} & {password for _, password in sign_ins().values()}


def test_its_past_could_have_happened() -> None:
    open_demo()
    for conversation in Conversation.objects.prefetch_related("messages", "transitions"):
        messages, moves = list(conversation.messages.all()), list(conversation.transitions.all())
        assert [message.seq for message in messages] == list(range(1, conversation.last_seq + 1))
        times = [message.created_at for message in messages]
        assert times == sorted(times)
        assert moves[0].at == conversation.created_at <= times[0]
        assert [move.old for move in moves[1:]] == [move.new for move in moves[:-1]]
        assert moves[-1].new == conversation.status


def test_a_demo_that_breaks_off_leaves_an_empty_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(past, "remember", power_cut)
    with pytest.raises(KeyboardInterrupt):
        open_demo()
    assert not any(count().values())


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"])
def test_the_passwords_are_kept_as_real_hashes() -> None:
    open_demo()
    assert all(user.password.startswith("pbkdf2_") for user in User.objects.all())
