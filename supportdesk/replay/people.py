"""Customers and agents as the replay plays them: they speak until they are heard, and keep account of what they see."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from .dialogues import Speaker
from .ledger import Account, Screen, Sent
from .wire import Frame, Line

ACK_SECONDS = 5.0  # without an answer, it is said again under the same client_id
GIVE_UP = 90.0
ANSWER_SECONDS = 60.0  # for the assistant, whose model may be slow
WITHOUT_ASSISTANT = ("escalated", "closed")
LATER = ("rate_limited", "unavailable", "taken")  # what an error frame may call for another try


class News:
    """Wakes whoever waits for something to become true."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        self._event.set()

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    self._event.clear()
                    await self._event.wait()
        except TimeoutError:
            return False
        return True


class Mouth:
    """Says messages over a line: again after a cut or a refusal for now, until each is acknowledged."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[Frame]] = {}

    def heard(self, frame: Frame) -> None:
        """An ack, or an error that names a message."""
        waiting = self._waiting.get(frame.get("client_id", ""))
        if waiting and not waiting.done():
            waiting.set_result(frame)

    async def say(self, line: Line, sent: Sent, **more: Any) -> None:
        frame = {"type": "message", "client_id": str(sent.client_id), "body": sent.body, **more}
        until = time.monotonic() + GIVE_UP
        while time.monotonic() < until:
            answer = self._waiting[str(sent.client_id)] = asyncio.get_running_loop().create_future()
            await line.say(frame)
            try:
                async with asyncio.timeout(ACK_SECONDS):
                    heard = await answer
            except TimeoutError:
                continue
            finally:
                del self._waiting[str(sent.client_id)]
            if heard["type"] == "ack":
                sent.seq = heard["seq"]
                return
            if heard["code"] not in LATER:
                sent.refused = heard["code"]
                return
            await asyncio.sleep(float(heard.get("retry_after") or 1))
        raise TimeoutError(f"message {sent.client_id} was not acknowledged within {GIVE_UP:.0f} s")


class Customer:
    """One customer with her chat open."""

    def __init__(self, account: Account, talk: Frame, ws_url: str) -> None:
        self.account, self.id, self.status = account, talk["id"], talk["status"]
        self.auth = f"Bearer {talk['token']}"
        self.screen = account.screens[Speaker.CUSTOMER] = Screen(time.perf_counter())
        self.news = News()
        self._token, self._mouth = talk["token"], Mouth()
        self._welcomed, self._desk_spoke = False, 0
        self.line = Line(f"{ws_url}/ws/chat/{self.id}/", greet=self._greet, hear=self._hear)

    async def arrive(self) -> bool:
        return await self.news.until(lambda: self._welcomed, ANSWER_SECONDS)

    async def say(self, text: str) -> None:
        sent = Sent(uuid4(), Speaker.CUSTOMER, text, time.perf_counter())
        self.account.sent.append(sent)
        await self._mouth.say(self.line, sent)

    async def await_answer(self) -> None:
        """Until the assistant has answered what she said last, or a person is to; not for ever."""
        last = max((sent.seq or 0 for sent in self.account.sent), default=0)
        await self.news.until(lambda: self._desk_spoke > last or self.status in WITHOUT_ASSISTANT, ANSWER_SECONDS)

    async def has_seen(self, seqs: list[int], seconds: float) -> bool:
        return await self.news.until(lambda: self.screen.at.keys() >= set(seqs), seconds)

    def _greet(self) -> list[Frame]:
        return [{"type": "hello", "token": self._token, "after": self.screen.last}]

    def _hear(self, frame: Frame) -> None:
        match frame["type"]:
            case "welcome":
                self._welcomed, self.status = True, frame["conversation"]["status"]
                for message in frame["messages"]:
                    self._see(message)
            case "message":
                self._see(frame["message"])
            case "status":
                self.status = frame["status"]
            case "ack" | "error":
                self._mouth.heard(frame)
        self.news.tell()

    def _see(self, message: Frame) -> None:
        self.screen.show(message["seq"], time.perf_counter())
        if message["role"] != Speaker.CUSTOMER:
            self._desk_spoke = message["seq"]


class Agent:
    """One agent with her inbox open, looking at the conversations she holds."""

    def __init__(self, token: str, ws_url: str) -> None:
        self.auth, self._token = f"Token {token}", token
        self.name = ""  # as the desk calls her
        self.news, self._mouth = News(), Mouth()
        self._accounts: dict[str, Account] = {}
        self._shown: set[str] = set()
        self._welcomed = False
        self.line = Line(f"{ws_url}/ws/inbox/", greet=self._greet, hear=self._hear)

    async def arrive(self) -> bool:
        return await self.news.until(lambda: self._welcomed, ANSWER_SECONDS)

    async def watch(self, conversation: str, account: Account) -> bool:
        account.screens[Speaker.AGENT] = Screen(time.perf_counter())
        self._accounts[conversation] = account
        await self.line.say(self._watching(conversation))
        return await self.news.until(lambda: conversation in self._shown, ANSWER_SECONDS)

    async def unwatch(self, conversation: str) -> None:
        del self._accounts[conversation]
        await self.line.say({"type": "unwatch", "conversation": conversation})

    async def say(self, conversation: str, text: str) -> None:
        sent = Sent(uuid4(), Speaker.AGENT, text, time.perf_counter())
        self._accounts[conversation].sent.append(sent)
        await self._mouth.say(self.line, sent, conversation=conversation)

    async def has_seen(self, conversation: str, seqs: list[int], seconds: float) -> bool:
        screen = self._accounts[conversation].screens[Speaker.AGENT]
        return await self.news.until(lambda: screen.at.keys() >= set(seqs), seconds)

    def _greet(self) -> list[Frame]:
        return [{"type": "hello", "token": self._token}, *map(self._watching, self._accounts)]

    def _watching(self, conversation: str) -> Frame:
        screen = self._accounts[conversation].screens[Speaker.AGENT]
        return {"type": "watch", "conversation": conversation, "after": screen.last}

    def _hear(self, frame: Frame) -> None:
        match frame["type"]:
            case "welcome":
                self._welcomed, self.name = True, frame["agent"]["name"]
            case "messages":
                self._shown.add(frame["conversation"])
                for message in frame["messages"]:
                    self._see(frame["conversation"], message)
            case "message":
                self._see(frame["conversation"], frame["message"])
            case "ack" | "error":
                self._mouth.heard(frame)
        self.news.tell()

    def _see(self, conversation: str, message: Frame) -> None:
        if account := self._accounts.get(conversation):
            account.screens[Speaker.AGENT].show(message["seq"], time.perf_counter())
