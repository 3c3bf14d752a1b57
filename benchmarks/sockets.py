"""Sockets that cost the load client as little as may be: it shares its cores with what it measures."""

import json
from collections.abc import Callable
from typing import Any

import picows

Frame = dict[str, Any]


class Socket(picows.WSListener):
    def __init__(self, hear: Callable[[Frame], None]) -> None:
        self.hear = hear
        self.transport: picows.WSTransport

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        match frame.msg_type:
            case picows.WSMsgType.TEXT:
                self.hear(json.loads(frame.get_payload_as_memoryview().tobytes()))
            case picows.WSMsgType.PING:
                transport.send_pong(frame.get_payload_as_bytes())
            case picows.WSMsgType.CLOSE:
                transport.disconnect()

    def say(self, frame: Frame) -> None:
        self.transport.send(picows.WSMsgType.TEXT, json.dumps(frame).encode())

    def hang_up(self) -> None:
        self.transport.disconnect()


async def connect(url: str, hear: Callable[[Frame], None]) -> Socket:
    _, socket = await picows.ws_connect(lambda: Socket(hear), url, enable_auto_ping=False)
    assert isinstance(socket, Socket)
    return socket
