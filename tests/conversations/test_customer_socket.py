"""The customer's socket: her messages, and what happens meanwhile, over the real broker."""

import json
import uuid
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from conversations import live
from conversations.endings import close
from conversations.feed import Feed
from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Role, Transition
from conversations.posting import post
from conversations.turns import ask_for_person

from .scene import stored, to_a_person, transcript
from .tabs import Open, of_role

pytestmark = pytest.mark.django_db(transaction=True)


async def test_her_message_is_acknowledged_and_seen_in_her_other_tab(
    tab: Open, quiet: Conversation, token: str
) -> None:
    phone, laptop = await tab(), await tab()
    await phone.hello(token)
    await laptop.hello(token)
    key = await phone.write("Hello?")
    assert await phone.hear() == {"type": "ack", "client_id": key, "seq": 1}
    here, there = (await phone.until("message"))[-1], (await laptop.until("message"))[-1]
    assert here == there
    assert (here["message"]["body"], here["message"]["client_id"], here["message"]["author"]) == ("Hello?", key, "Cleo")


async def test_the_ack_spells_her_client_id_as_she_did(tab: Open, quiet: Conversation, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    key = await cleo.write("Hello?", str(uuid.uuid4()).upper())
    assert (await cleo.hear())["client_id"] == key


async def test_sent_again_it_is_acknowledged_again_and_shown_once(tab: Open, quiet: Conversation, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    key = await cleo.write("Hello?")
    first = (await cleo.until("ack"))[-1]
    await cleo.write("Hello?", key)
    frames = await cleo.until("ack")
    await cleo.say(type="ping")
    frames += await cleo.until("pong")
    assert frames[-1]["last_seq"] == 1
    assert first in frames
    assert of_role(frames, "customer") == ["Hello?"]
    assert await database_sync_to_async(transcript)(quiet) == [("customer", "Hello?")]


async def test_the_answer_streams_and_then_arrives(
    tab: Open, conversation: Conversation, token: str, echo: None
) -> None:
    cleo = await tab()
    await cleo.hello(token)
    await cleo.write("Do you repair bikes?")
    frames = await cleo.until("message")
    while not of_role(frames, "assistant"):
        frames += await cleo.until("message")
    kinds = [frame["type"] for frame in frames]
    assert kinds.index("delta") < len(kinds) - 1
    delta = frames[kinds.index("delta")]
    assert frames[-1]["message"]["data"]["turn"] == delta["turn"]
    assert of_role(frames, "assistant") == ["You said: Do you repair bikes?"]
    assert (await cleo.until("status"))[-1] == {"type": "status", "status": "waiting_for_input"}


async def test_a_closed_conversation_says_so_and_why(tab: Open, quiet: Conversation, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)

    def resolve() -> None:
        close(quiet.pk, reason=Reason.RESOLVED, actor=Transition.AGENT)

    await database_sync_to_async(resolve)()
    frames = await cleo.until("status")
    assert frames[-1] == {"type": "status", "status": "closed", "reason": "resolved"}
    key = await cleo.write("One more thing")
    error = (await cleo.until("error"))[-1]
    assert (error["code"], error["client_id"]) == ("closed", key)


@pytest.mark.parametrize(
    ("body", "code"),
    [("", "empty"), ("x" * 10_001, "too_long"), ("nul \0", "malformed"), ("\ud800", "malformed"), (7, "malformed")],
)
async def test_what_cannot_be_kept_is_refused_by_name(
    tab: Open, quiet: Conversation, token: str, body: Any, code: str
) -> None:
    cleo = await tab()
    await cleo.hello(token)
    key = await cleo.write(body)
    error = await cleo.hear()
    assert (error["type"], error["code"], error["client_id"]) == ("error", code, key)
    assert error["detail"]
    await cleo.write("still here")
    assert (await cleo.until("ack"))[-1]["seq"] == 1


async def test_while_the_database_is_away_she_is_told_to_try_again(
    tab: Open, quiet: Conversation, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("database is locked")

    cleo = await tab()
    await cleo.hello(token)
    with monkeypatch.context() as patch:
        patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper._commit", locked)
        key = await cleo.write("Hello?")
        error = await cleo.hear()
    assert (error["code"], error["client_id"], error["retry_after"] >= 1) == ("unavailable", key, True)
    await cleo.write("Hello?", key)
    assert (await cleo.until("ack"))[-1]["client_id"] == key


async def test_a_message_that_is_acknowledged_is_answered_even_if_it_cannot_be_shown(
    tab: Open, conversation: Conversation, token: str, echo: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    cleo = await tab()
    await cleo.hello(token)
    with monkeypatch.context() as patch:
        patch.setattr(Feed, "offer", gone)
        await cleo.write("Do you repair bikes?")
        frames = await cleo.until("ack") + await cleo.until("delta")
    assert "error" not in [frame["type"] for frame in frames]


async def test_writing_too_fast_is_told_how_long_to_wait(tab: Open, quiet: Conversation, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    for number in range(16):
        await cleo.write(f"message {number}")
    frames = await cleo.until("error")
    assert (frames[-1]["code"], frames[-1]["retry_after"] >= 1) == ("rate_limited", True)
    while len(of_role(frames, "customer")) < 15:
        frames += await cleo.until("message")
    assert [frame["type"] for frame in frames].count("error") == 1


# --- What happens meanwhile ----------------------------------------------------------------------------------------


async def test_typing_is_seen_by_the_others_and_not_by_oneself(tab: Open, quiet: Conversation, token: str) -> None:
    phone, laptop = await tab(), await tab()
    await phone.hello(token)
    await laptop.hello(token)
    await phone.say(type="typing")
    assert await laptop.hear() == {"type": "typing", "role": "customer"}
    await phone.say(type="ping")
    assert (await phone.hear())["type"] == "pong"


async def test_an_agent_at_a_note_does_not_seem_to_type(tab: Open, quiet: Conversation, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    live.announce_typing(quiet.pk, Role.NOTE, sender="ana")
    live.announce_typing(quiet.pk, Role.AGENT, sender="ana")
    assert await cleo.hear() == {"type": "typing", "role": "agent"}


async def test_what_she_has_read_is_told_on(tab: Open, quiet: Conversation, token: str, ana: User) -> None:
    def reply() -> None:
        post(quiet.pk, role=Role.AGENT, body="Hello, Ana here", author=ana)

    phone, laptop = await tab(), await tab()
    await phone.hello(token)
    await laptop.hello(token)
    await database_sync_to_async(reply)()
    await phone.until("message")
    await phone.say(type="read", seq=1)
    assert (await laptop.until("read"))[-1] == {"type": "read", "role": "customer", "seq": 1}
    assert (await database_sync_to_async(stored)(quiet)).customer_seen_seq == 1


async def test_what_no_announcement_told_is_found_and_shown(
    tab: Open, conversation: Conversation, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.following.EVERY", 0.05)
    cleo = await tab()
    await cleo.hello(token)

    def unannounced() -> None:
        """As while the broker was away: committed, and told to nobody."""
        for seq in (1, 2):
            conversation.messages.create(seq=seq, role=Role.SYSTEM, body=f"line {seq}")
        Conversation.objects.filter(pk=conversation.pk).update(status="escalated", last_seq=2, last_public_seq=2)

    await database_sync_to_async(unannounced)()
    frames = await cleo.until("status")
    while len(of_role(frames, "system")) < 2:
        frames += await cleo.until("message")
    assert of_role(frames, "system") == ["line 1", "line 2"]
    status = next(frame for frame in frames if frame["type"] == "status")
    assert (status["status"], status["handoff"]["position"]) == ("escalated", 1)
    await cleo.say(type="ping")
    assert await cleo.hear() == {"type": "pong", "last_seq": 2}


async def test_a_ping_brings_an_end_that_was_not_announced_with_its_reason(
    tab: Open, quiet: Conversation, token: str
) -> None:
    cleo = await tab()
    await cleo.hello(token)
    ended = Conversation.objects.filter(pk=quiet.pk)
    await ended.aupdate(status=Status.CLOSED, closed_at=timezone.now(), close_reason=Reason.RESOLVED)
    await cleo.say(type="ping")
    assert await cleo.hear() == {"type": "status", "status": "closed", "reason": "resolved"}


async def test_notes_never_reach_her(tab: Open, quiet: Conversation, token: str, ana: User) -> None:
    def whisper() -> None:
        post(quiet.pk, role=Role.NOTE, body="she is angry", author=ana)
        post(quiet.pk, role=Role.AGENT, body="Hello!", author=ana)

    cleo = await tab()
    await cleo.hello(token)
    await database_sync_to_async(whisper)()
    await cleo.say(type="ping")
    frames = await cleo.until("pong")
    frames += await cleo.until("pong") if not of_role(frames, "agent") else []
    assert of_role(frames, "agent") == ["Hello!"]
    assert "angry" not in json.dumps(frames)
    assert "angry" not in json.dumps(await (await tab()).hello(token))


async def test_calling_a_person_tells_her_place_in_line_but_not_why(
    tab: Open, conversation: Conversation, token: str
) -> None:
    cleo = await tab()
    await cleo.hello(token)
    await database_sync_to_async(ask_for_person)(conversation.pk, escalate=to_a_person)
    status = (await cleo.until("status"))[-1]
    assert status["handoff"]["estimated_wait"] == {"low": 60, "high": 180}
    assert "reason" not in status
