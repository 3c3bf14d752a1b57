"""Who may come in by the customer's socket and who may stay, and what becomes of frames that are none."""

import asyncio
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import OperationalError
from django.utils import timezone

from conversations import live, socket
from conversations.consumers import CustomerConsumer
from conversations.models import Conversation, Customer, Role
from conversations.posting import post
from tests.waiting import wait_until

from .scene import Event, transcript
from .tabs import Open, door

pytestmark = pytest.mark.django_db(transaction=True)


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
    await asyncio.to_thread(wait_until, lambda: len(sent) == 2)
    await inbox.put({"type": "websocket.receive", "text": json.dumps({"type": "ping"})})
    await inbox.put({"type": "websocket.disconnect", "code": 1006})
    async with asyncio.timeout(5):
        await server
    layer: Any = get_channel_layer()
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]
    assert not layer.groups
    assert not layer.channels
    await layer.flush()


async def test_an_announcement_that_breaks_something_ends_the_socket_and_not_its_hearing(
    tab: Open, quiet: Conversation, token: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """She reconnects and begins afresh; a socket that silently hears no more would leave her waiting."""

    async def breaks(self: Any, event: Event) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("conversations.consumers.CustomerConsumer.chat_status", breaks)
    cleo = await tab()
    await cleo.hello(token)
    await database_sync_to_async(live.announce_status)(quiet.pk, status="escalated")
    output = await cleo.wire.receive_output(timeout=5)
    assert (output["type"], output["code"]) == ("websocket.close", 1011)
    assert "a socket ends of an error" in caplog.text
