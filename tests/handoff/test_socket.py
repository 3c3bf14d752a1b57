"""The agent's socket: who gets in at all, what she hears of what she watches, and what she says."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from conversations.feed import Feed
from conversations.models import ApiToken, Message
from handoff import consumers, inbox
from handoff.models import Agent
from tests.handoff.sockets import INBOX, Frame, agents_inbox, db, socket
from tests.handoff.talking import Talk

pytestmark = pytest.mark.django_db(transaction=True)


# --- Getting in ----------------------------------------------------------------------------------------------------


async def test_ana_is_welcomed_with_her_name_and_the_counts(talk: Talk, ana: User, ana_key: str) -> None:
    await db(talk.asks_for_person)
    async with socket(INBOX) as agent:
        welcome = await agent.ask("hello", "welcome", token=ana_key)
    assert welcome["agent"]["name"] == "Ana"
    assert welcome["counts"]["queue"] == 1
    assert (await db(Agent.objects.get, user=ana)).last_seen_at is not None


async def test_her_sessions_cookie_lets_her_in_and_signing_out_ends_it(ana: User) -> None:
    browser = Client()
    await db(browser.force_login, ana)
    cookie = f"desk_session={browser.cookies['desk_session'].value}"
    async with socket(INBOX, cookie=cookie) as agent:
        await agent.ask("hello", "welcome")
        await db(browser.logout)
        await agent.say("ping")
        assert await agent.closes() == 4404


async def test_strangers_managers_and_wrong_keys_stay_out(mia: User) -> None:
    mias = (await db(ApiToken.issue, mia))[1]
    for hello in ({}, {"token": "wrong"}, {"token": mias}):
        async with socket(INBOX) as nobody:
            await nobody.say("hello", **hello)
            assert await nobody.closes() == 4404


async def test_a_right_that_is_withdrawn_closes_the_socket_at_the_next_frame(ana: User, ana_key: str) -> None:
    async with agents_inbox(ana_key) as agent:
        await db(ana.groups.clear)
        await agent.say("ping")
        assert await agent.closes() == 4404


async def test_who_only_listens_is_asked_for_her_right_too(
    talk: Talk, ana: User, ana_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.socket.TRUSTED", 0.0)
    async with agents_inbox(ana_key) as agent:
        await agent.ask("watch", "messages", conversation=str(talk.pk), after=0)
        await db(ana.groups.clear)
        await db(talk.says, "my secret")
        assert await agent.closes() == 4404


# --- Watching ------------------------------------------------------------------------------------------------------


async def test_she_catches_up_and_then_hears_every_message_with_its_conversation(
    talk: Talk, new_talk: Callable[..., Talk], ana_key: str
) -> None:
    other = await db(new_talk)
    await db(talk.says, "one")
    await db(talk.says, "two")
    async with agents_inbox(ana_key) as agent:
        caught_up = await agent.ask("watch", "messages", conversation=str(talk.pk), after=1)
        assert [message["body"] for message in caught_up["messages"]] == ["two"]
        await agent.ask("watch", "messages", conversation=str(other.pk), after=0)
        await db(other.says, "elsewhere")
        await db(talk.says, "three")
        heard = [await agent.hear("message") for _ in range(2)]
        assert {(frame["conversation"], frame["message"]["body"]) for frame in heard} == {
            (str(talk.pk), "three"),
            (str(other.pk), "elsewhere"),
        }
        await agent.say("unwatch", conversation=str(other.pk))
        await db(other.says, "unheard")
        assert await agent.heard("message") == []


async def test_what_no_announcement_told_is_found_and_shown(
    talk: Talk, ana_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.following.EVERY", 0.05)
    async with agents_inbox(ana_key) as agent:
        await agent.ask("watch", "messages", conversation=str(talk.pk), after=0)
        message = await db(talk.says, "announced")
        await agent.hear("message")
        await db(_store_without_a_word, talk, message)
        healed = await agent.hear("message")
        assert (healed["message"]["seq"], healed["message"]["body"]) == (2, "unannounced")
        pong = await agent.ask("ping", "pong")
        assert pong["last_seq"] == {str(talk.pk): 2}


def _store_without_a_word(talk: Talk, like: Message) -> None:
    from conversations.models import Conversation

    Message.objects.create(conversation_id=talk.pk, seq=2, role=like.role, body="unannounced")
    Conversation.objects.filter(pk=talk.pk).update(last_seq=2, last_public_seq=2)


async def test_she_hears_notes_statuses_and_typing_and_cleo_hears_hers(
    talk: Talk, ana_key: str, ben_agent: Agent
) -> None:
    async with agents_inbox(ana_key) as agent, socket(f"/ws/chat/{talk.pk}/") as cleo:
        await cleo.ask("hello", "welcome", token=talk.token, after=0)
        await agent.ask("watch", "messages", conversation=str(talk.pk), after=0)
        await db(inbox.note, talk.pk, ben_agent, "a regular")
        assert (await agent.hear("message"))["message"]["role"] == "note"
        await db(talk.asks_for_person)
        status = await agent.hear("status", status="escalated")
        assert status["conversation"] == str(talk.pk)
        assert status["handoff"]["position"] == 1
        assert (await cleo.hear("status", status="escalated"))["handoff"]["position"] == 1
        await cleo.say("typing")
        assert await agent.hear("typing", role="customer")
        await agent.say("typing", conversation=str(talk.pk))
        assert await cleo.hear("typing", role="agent")
        await agent.say("read", conversation=str(talk.pk), seq=1)
        assert await cleo.hear("read", role="agent", seq=1)


async def test_the_number_of_watched_conversations_has_a_bound(
    talk: Talk, new_talk: Callable[..., Talk], ana_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert consumers.MAX_WATCHED >= 50
    monkeypatch.setattr(consumers, "MAX_WATCHED", 1)
    other = await db(new_talk)
    async with agents_inbox(ana_key) as agent:
        await agent.ask("watch", "messages", conversation=str(talk.pk))
        await agent.ask("watch", "messages", conversation=str(talk.pk))  # the same one again
        refused = await agent.ask("watch", "error", conversation=str(other.pk))
        assert (refused["code"], refused["conversation"]) == ("too_many", str(other.pk))


async def test_frames_that_make_no_sense_get_an_error_and_the_socket_stays(ana_key: str) -> None:
    async with agents_inbox(ana_key) as agent:
        nowhere = str(uuid4())
        words = {"conversation": nowhere, "client_id": str(uuid4()), "body": "hi"}
        frames: list[tuple[str, Frame, str]] = [
            ("watch", {}, "malformed"),
            ("watch", {"conversation": "x"}, "malformed"),
            ("watch", {"conversation": nowhere, "after": -1}, "malformed"),
            ("watch", {"conversation": nowhere}, "not_found"),
            ("message", words, "not_found"),
            ("message", words | {"body": 7}, "malformed"),
            ("read", {"conversation": nowhere, "seq": 1}, "not_found"),
            ("dance", {}, "unknown_type"),
        ]
        for kind, frame, code in frames:
            assert (await agent.ask(kind, "error", **frame))["code"] == code
        assert await agent.ask("ping", "pong")


# --- Speaking ------------------------------------------------------------------------------------------------------


async def test_she_answers_cleo_who_sees_it_and_a_resent_message_is_one(talk: Talk, ana_key: str) -> None:
    await db(talk.asks_for_person)
    async with agents_inbox(ana_key) as agent, socket(f"/ws/chat/{talk.pk}/") as cleo:
        await cleo.ask("hello", "welcome", token=talk.token, after=0)
        words = {"conversation": str(talk.pk), "client_id": str(uuid4()), "body": "Hello Cleo"}
        ack = await agent.ask("message", "ack", **words)
        assert (ack["client_id"], ack["conversation"]) == (words["client_id"], str(talk.pk))
        joined = await cleo.hear("message")
        assert joined["message"]["body"] == "Ana joined the conversation."
        assert (await cleo.hear("message"))["message"]["author"] == "Ana"
        assert await agent.ask("message", "ack", **words) == ack
        assert await cleo.heard("message") == []


async def test_what_ana_wrote_is_kept_and_not_refused_where_it_cannot_be_shown(
    talk: Talk, ana_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    await db(talk.asks_for_person)
    async with agents_inbox(ana_key) as agent:
        await agent.ask("watch", "messages", conversation=str(talk.pk))
        words = {"conversation": str(talk.pk), "client_id": str(uuid4()), "body": "Hello Cleo"}
        with monkeypatch.context() as patch:
            patch.setattr(Feed, "offer", gone)
            await agent.ask("message", "ack", **words)
            assert await agent.heard("error") == []


async def test_a_note_goes_past_cleo(talk: Talk, ana_key: str) -> None:
    async with agents_inbox(ana_key) as agent, socket(f"/ws/chat/{talk.pk}/") as cleo:
        await cleo.ask("hello", "welcome", token=talk.token, after=0)
        await agent.ask("watch", "messages", conversation=str(talk.pk))
        words = {"conversation": str(talk.pk), "client_id": str(uuid4()), "body": "careful", "note": True}
        await agent.ask("message", "ack", **words)
        assert (await agent.hear("message"))["message"]["role"] == "note"
        assert await cleo.heard("message") == []


async def test_who_does_not_hold_it_is_told_who_does(talk: Talk, ana_agent: Agent, ben_key: str) -> None:
    await db(inbox.claim, (await db(talk.asks_for_person)).pk, ana_agent)
    async with agents_inbox(ben_key) as ben:
        words = {"conversation": str(talk.pk), "client_id": str(uuid4()), "body": "Hi"}
        refused = await ben.ask("message", "error", **words)
        assert (refused["code"], refused["client_id"]) == ("taken", words["client_id"])
        assert "Ana" in refused["detail"]
