"""The customer's socket, frame by frame, over the real broker."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.db import OperationalError
from django.urls import path
from django.utils import timezone

from conversations import background, live, socket
from conversations.consumers import CustomerConsumer
from conversations.endings import close
from conversations.feed import Feed
from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Customer, Role, Transition
from conversations.posting import post
from conversations.turns import ask_for_person

from .scene import Event, in_line, moved, stored, to_a_person, transcript

pytestmark = pytest.mark.django_db(transaction=True)

door = URLRouter(
    [path("ws/chat/<uuid:conversation_id>/", CustomerConsumer.as_asgi(escalate=to_a_person, handoff_of=in_line))]
)


class Tab:
    """A tab of Cleo's browser."""

    def __init__(self, conversation_id: uuid.UUID) -> None:
        self.conversation_id = conversation_id
        self.wire = WebsocketCommunicator(door, f"/ws/chat/{conversation_id}/")

    async def open(self) -> "Tab":
        connected, _ = await self.wire.connect(timeout=5)
        assert connected
        return self

    async def say(self, **frame: Any) -> None:
        await self.wire.send_json_to(frame)

    async def hear(self) -> Event:
        frame: Event = await self.wire.receive_json_from(timeout=5)
        return frame

    async def until(self, kind: str) -> list[Event]:
        """Everything up to and with the first frame of this type."""
        heard = [await self.hear()]
        while heard[-1]["type"] != kind:
            heard.append(await self.hear())
        return heard

    async def hello(self, token: str, after: int = 0) -> Event:
        await self.say(type="hello", token=token, after=after)
        welcome = await self.hear()
        assert welcome["type"] == "welcome", welcome
        return welcome

    async def write(self, body: str, key: str | None = None) -> str:
        key = key or str(uuid.uuid4())
        await self.say(type="message", client_id=key, body=body)
        return key

    async def closed_with(self) -> int:
        while (output := await self.wire.receive_output(timeout=5))["type"] != "websocket.close":
            pass
        code: int = output["code"]
        return code


Open = Callable[..., Any]


@pytest.fixture
async def tab(conversation: Conversation) -> AsyncIterator[Open]:
    """Opens tabs on Cleo's conversation, or another, and closes them after the test."""
    tabs: list[Tab] = []

    async def open_tab(conversation_id: uuid.UUID = conversation.pk) -> Tab:
        tabs.append(await Tab(conversation_id).open())
        return tabs[-1]

    yield open_tab
    for each in tabs:
        await each.wire.disconnect(timeout=5)
    layer: Any = get_channel_layer()
    assert not layer.groups, "a socket that is gone is still a member of something"
    await layer.flush()


@pytest.fixture
def quiet(conversation: Conversation) -> Conversation:
    """With a person, so that no assistant answers; and what was announced of that is out before anybody listens."""
    escalated = moved(conversation, Status.ESCALATED)
    background.flush(5)
    return escalated


def of_role(frames: list[Event], role: str) -> list[str]:
    return [
        frame["message"]["body"] for frame in frames if frame["type"] == "message" if frame["message"]["role"] == role
    ]


# --- Hello ---------------------------------------------------------------------------------------------------------


async def test_cleo_is_welcomed_with_what_was_said(tab: Open, quiet: Conversation, token: str) -> None:
    def before() -> None:
        for body in ("one", "two", "three"):
            post(quiet.pk, role=Role.CUSTOMER, body=body)

    await database_sync_to_async(before)()
    welcome = await (await tab()).hello(token, after=1)
    assert [message["seq"] for message in welcome["messages"]] == [2, 3]
    assert (welcome["conversation"]["id"], welcome["conversation"]["status"]) == (str(quiet.pk), "escalated")
    assert welcome["conversation"]["handoff"]["position"] == 1


@pytest.mark.parametrize("wrong", ["guess", "", "half a pair \ud800"])
async def test_a_wrong_token_is_shown_the_door(tab: Open, wrong: str) -> None:
    stranger = await tab()
    await stranger.say(type="hello", token=wrong)
    assert await stranger.closed_with() == 4404


async def test_the_token_of_another_conversation_is_shown_the_door(tab: Open, token: str, zed: Customer) -> None:
    zeds, _ = await database_sync_to_async(Conversation.start)(zed)
    cleo = await tab(zeds.pk)
    await cleo.say(type="hello", token=token)
    assert await cleo.closed_with() == 4404


async def test_a_conversation_that_never_was_is_shown_the_door(tab: Open, token: str) -> None:
    cleo = await tab(uuid.uuid4())
    await cleo.say(type="hello", token=token)
    assert await cleo.closed_with() == 4404


async def test_who_says_no_hello_in_time_is_asked_to_come_back(tab: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "HELLO_SECONDS", 0.1)
    assert await (await tab()).closed_with() == 1013


async def test_hello_comes_first_and_once(tab: Open, token: str) -> None:
    cleo = await tab()
    await cleo.write("too early")
    assert (await cleo.hear())["code"] == "malformed"
    await cleo.hello(token)
    await cleo.say(type="hello", token=token)
    assert (await cleo.hear())["code"] == "malformed"
    await cleo.say(type="ping")
    assert (await cleo.hear())["type"] == "pong"


async def test_while_the_database_is_away_she_is_asked_to_come_back(
    tab: Open, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the server closed the connection")

    cleo = await tab()
    with monkeypatch.context() as patch:
        patch.setattr(CustomerConsumer, "_look", gone)
        await cleo.say(type="hello", token=token)
        assert (await cleo.hear())["code"] == "unavailable"
        assert await cleo.closed_with() == 1013
    assert (await (await tab()).hello(token))["messages"] == []


# --- Messages ------------------------------------------------------------------------------------------------------


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
    async def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the server closed the connection")

    cleo = await tab()
    await cleo.hello(token)
    with monkeypatch.context() as patch:
        patch.setattr(Feed, "take", gone)
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
    assert len(of_role(frames, "customer")) == 15


# --- Frames that are none ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "malformed"),
        (" ", "malformed"),
        ("[]", "malformed"),
        ('"hello"', "malformed"),
        ("[" * 5000, "malformed"),
        ("{}", "unknown_type"),
        ('{"type": 5}', "unknown_type"),
        ('{"type": ["message"]}', "unknown_type"),
        ('{"type": "dispatch"}', "unknown_type"),
        ('{"type": "watch", "conversation": "x"}', "unknown_type"),
        ('{"type": "message", "body": "hi"}', "malformed"),
        ('{"type": "message", "client_id": "42", "body": "hi"}', "malformed"),
        ('{"type": "read", "seq": -1}', "malformed"),
        ('{"type": "read", "seq": true}', "malformed"),
        ('{"type": "read", "seq": 1e3}', "malformed"),
        ('{"type": "read", "seq": 99999999999999999999}', "malformed"),
    ],
)
async def test_nonsense_gets_an_error_and_the_socket_stays_open(tab: Open, token: str, text: str, code: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    await cleo.wire.send_to(text_data=text)
    error = await cleo.hear()
    assert (error["type"], error["code"]) == ("error", code)
    await cleo.say(type="ping")
    assert (await cleo.hear())["type"] == "pong"


async def test_a_binary_frame_gets_an_error_and_the_socket_stays_open(tab: Open, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    await cleo.wire.send_to(bytes_data=b"\x00\xff")
    assert (await cleo.hear())["code"] == "malformed"
    await cleo.say(type="ping")
    assert (await cleo.hear())["type"] == "pong"


async def test_a_huge_frame_closes_the_socket(tab: Open, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    await cleo.wire.send_to(text_data=json.dumps({"type": "message", "body": "x" * 2**20}))
    assert await cleo.closed_with() == 1009


async def test_a_flood_of_frames_is_refused_with_a_wait(tab: Open, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)
    for _ in range(120):
        await cleo.say(type="typing")
    error = (await cleo.until("error"))[-1]
    assert (error["code"], error["retry_after"] >= 1) == ("rate_limited", True)


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


async def test_a_ping_brings_what_no_announcement_did(tab: Open, conversation: Conversation, token: str) -> None:
    cleo = await tab()
    await cleo.hello(token)

    def unannounced() -> None:
        """As while the broker was away: committed, and told to nobody."""
        for seq in (1, 2):
            conversation.messages.create(seq=seq, role=Role.SYSTEM, body=f"line {seq}")
        Conversation.objects.filter(pk=conversation.pk).update(status="escalated", last_seq=2, last_public_seq=2)

    await database_sync_to_async(unannounced)()
    await cleo.say(type="ping")
    frames = await cleo.until("pong")
    assert of_role(frames, "system") == ["line 1", "line 2"]
    status = next(frame for frame in frames if frame["type"] == "status")
    assert (status["status"], status["handoff"]["position"]) == ("escalated", 1)
    assert frames[-1]["last_seq"] == 2
    await cleo.say(type="ping")
    assert (await cleo.hear())["type"] == "pong"


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


# --- A right that ends ---------------------------------------------------------------------------------------------


async def test_a_token_that_is_withdrawn_closes_what_it_opened(
    tab: Open, conversation: Conversation, token: str
) -> None:
    cleo = await tab()
    await cleo.hello(token)

    def withdraw() -> None:
        Conversation.objects.filter(pk=conversation.pk).update(token_expires_at=timezone.now())

    await database_sync_to_async(withdraw)()
    await cleo.write("Am I still here?")
    assert await cleo.closed_with() == 4404
    assert await database_sync_to_async(transcript)(conversation) == []


async def test_a_token_that_runs_out_in_mid_talk_hears_nothing_more(
    tab: Open, quiet: Conversation, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reply() -> None:
        post(quiet.pk, role=Role.AGENT, body="a secret")

    cleo = await tab()
    await cleo.hello(token)
    in_a_month = timezone.now() + timedelta(days=31)
    monkeypatch.setattr("conversations.actors.timezone.now", lambda: in_a_month)
    await database_sync_to_async(reply)()
    output = await cleo.wire.receive_output(timeout=5)
    assert (output["type"], output["code"]) == ("websocket.close", 4404)


async def test_a_peer_that_vanished_leaves_no_trace(conversation: Conversation, token: str) -> None:
    """No close, no disconnect: the write to it fails, as uvicorn lets it."""
    inbox: asyncio.Queue[Event] = asyncio.Queue()
    sent: list[Event] = []

    async def send(message: Event) -> None:
        if sent and sent[-1].get("type") == "websocket.send":
            raise ConnectionResetError
        sent.append(message)

    scope = {"type": "websocket", "path": f"/ws/chat/{conversation.pk}/", "headers": []}
    server = asyncio.create_task(door(scope, inbox.get, send))
    await inbox.put({"type": "websocket.connect"})
    await inbox.put({"type": "websocket.receive", "text": json.dumps({"type": "hello", "token": token})})
    await inbox.put({"type": "websocket.receive", "text": json.dumps({"type": "ping"})})
    await inbox.put({"type": "websocket.disconnect", "code": 1006})
    async with asyncio.timeout(5):
        await server
    layer: Any = get_channel_layer()
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]
    assert not layer.groups
    assert not layer.channels
    await layer.flush()
