"""A server on a real port that speaks OpenAI's chat completions, and fails as told: our own, so no test needs a key.

with FakeModel(mode="cut") as model: …           # model.url, model.requests
python -m tests.fake_openai --port 9100 --mode slow
"""

import argparse
import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

CLASSIFYING_TOKENS = 20  # a request for no more than this asks for an intent

BRIEF = """Main issue: Cleo's lamp came broken.
What the assistant tried: it quoted the article about returns.
Why it was escalated: she asked for a person.
Context: order 10293."""


class Mode(StrEnum):
    STREAM = "stream"
    SLOW = "slow"  # a word every `pause` seconds
    BUSY = "429"
    BROKEN = "500"
    CUT = "cut"  # the connection is gone in mid-reply
    UNFINISHED = "unfinished"  # the stream ends properly, the reply does not
    MALFORMED = "malformed"  # no JSON
    SILENT = "silent"  # takes the request and never answers
    EMPTY = "empty"
    UNKNOWN_INTENT = "unknown_intent"


@dataclass
class FakeModel:
    mode: str = Mode.STREAM  # of replies and briefs
    classify_mode: str = Mode.STREAM  # of classifications
    reply: str = "You can send it back within 30 days."
    intent: str = "general_inquiry 0.92"
    brief: str = BRIEF
    port: int = 0
    pause: float = 0.3
    retry_after: str = ""
    failures: int = -1  # after so many failed requests it recovers; -1: never
    requests: list[dict[str, Any]] = field(default_factory=list)
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _held_after: int = 0  # words

    def __post_init__(self) -> None:
        self._flows.set()

    @contextmanager
    def held_after(self, words: int) -> Iterator[None]:
        """Every reply stops after so many words, until this block ends."""
        self._held_after = words
        self._flows.clear()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._flows.set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake model", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self.serve(), self._loop).result(5)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _shut(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # --- One connection ----------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while body := await _request(reader):
                self.requests.append(body)
                if not await self._answer(body, writer):
                    break
        finally:
            writer.close()

    async def _answer(self, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        """Answers one request as its mode says; False: hang up."""
        classifying = body.get("max_tokens", CLASSIFYING_TOKENS + 1) <= CLASSIFYING_TOKENS
        mode = self._mode(self.classify_mode if classifying else self.mode)
        text = self.intent if classifying else self.reply if body.get("stream") else self.brief
        match mode:
            case Mode.SILENT:
                await asyncio.sleep(3600)
            case Mode.BUSY | Mode.BROKEN:
                retry = {"Retry-After": self.retry_after} if self.retry_after else {}
                await _send(writer, int(mode), b'{"error": {"message": "not now"}}', retry)
            case Mode.MALFORMED:
                broken = b'data: {"choices": [{"delta"\n\n' if body.get("stream") else b'{"choices": [{"mess'
                await _send(writer, 200, broken, _kind(streamed=bool(body.get("stream"))))
            case Mode.UNKNOWN_INTENT:
                await _send(writer, 200, _completion("weather_forecast 0.97"))
            case _ if body.get("stream"):
                return await self._stream(mode, "" if mode == Mode.EMPTY else text, writer)
            case _:
                await _send(writer, 200, _completion("" if mode == Mode.EMPTY else text))
        return True

    def _mode(self, mode: str) -> str:
        if mode == Mode.STREAM or self.failures == 0:
            return Mode.STREAM
        self.failures -= 1
        return mode

    async def _stream(self, mode: str, text: str, writer: asyncio.StreamWriter) -> bool:
        head = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", "", ""]
        writer.write("\r\n".join(head).encode())
        async for chunk in self._chunks(mode, text):
            data = f"data: {chunk}\n\n".encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
        if mode == Mode.CUT:
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _chunks(self, mode: str, text: str) -> AsyncIterator[str]:
        words = text.split(" ")
        if mode in (Mode.CUT, Mode.UNFINISHED):
            words = words[: len(words) // 2]
        yield _chunk({"role": "assistant", "content": ""})
        for at, word in enumerate(words):
            if mode == Mode.SLOW:
                await asyncio.sleep(self.pause)
            if at == self._held_after:
                await self._flows.wait()
            yield _chunk({"content": f" {word}" if at else word})
        if mode not in (Mode.CUT, Mode.UNFINISHED):
            yield _chunk({}, finish="stop")
            yield "[DONE]"


async def _request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The body of the next request on this connection; None when there is none."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
    body: dict[str, Any] = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))))
    return body


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body))} | (headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"HTTP/1.1 {status} As told\r\n{head}\r\n".encode() + body)
    await writer.drain()


def _kind(*, streamed: bool) -> dict[str, str]:
    return {"Content-Type": "text/event-stream" if streamed else "application/json"}


def _completion(text: str) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return json.dumps(_shell("chat.completion") | {"choices": [choice]}).encode()


def _chunk(delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return json.dumps(_shell("chat.completion.chunk") | {"choices": [choice]})


def _shell(kind: str) -> dict[str, Any]:
    return {"id": "fake", "object": kind, "created": 0, "model": "fake"}


async def _forever(model: FakeModel) -> None:
    server = await model.serve()
    print(f"A model that is {model.mode}: OPENAI_BASE_URL={model.url}", flush=True)  # noqa: T201
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="A scripted OpenAI-compatible server.")
    options.add_argument("--port", type=int, default=9100)
    options.add_argument("--mode", choices=list(Mode), default=Mode.STREAM)
    options.add_argument("--classify-mode", choices=list(Mode), default=Mode.STREAM)
    options.add_argument("--reply", default=FakeModel.reply)
    options.add_argument("--intent", default=FakeModel.intent)
    asyncio.run(_forever(FakeModel(**vars(options.parse_args()))))
