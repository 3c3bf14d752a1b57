"""Cleo's browser for the chat's tests: her page, what stands in it, and a line to the desk that can be cut."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

Frame = dict[str, Any]
Rule = Callable[[Frame], bool]


def nothing(frame: Frame) -> bool:
    return False


@dataclass
class Line:
    """Stands between her page and the desk: passes frames on, loses those it is told to lose, and can be cut."""

    up: bool = True
    lose_sent: Rule = nothing
    lose_heard: Rule = nothing
    sent: list[Frame] = field(default_factory=list)
    open: list[WebSocketRoute] = field(default_factory=list)

    def lay(self, page: Page) -> "Line":
        page.route_web_socket("**/ws/chat/**", self._opened)
        return self

    def cut(self) -> None:
        self.up = False
        for socket in self.open:
            socket.close(code=1012)
        self.open.clear()

    def heal(self) -> None:
        self.up = True

    def say(self, frame: Frame) -> None:
        """As if the desk had said it."""
        self.open[-1].send(json.dumps(frame))

    def refuse_first(self, error: Frame) -> None:
        """Answers her first message with an error, in the desk's place."""

        def refuse(frame: Frame) -> bool:
            first = frame["type"] == "message" and [sent["type"] for sent in self.sent].count("message") == 1
            if first:
                self.say({"type": "error", **error, "client_id": frame["client_id"]})
            return first

        self.lose_sent = refuse

    def _opened(self, socket: WebSocketRoute) -> None:
        if not self.up:
            socket.close(code=1012)
            return
        self.open.append(socket)
        desk = socket.connect_to_server()

        def sent(text: str | bytes) -> None:
            frame = json.loads(text)
            self.sent.append(frame)
            if not self.lose_sent(frame):
                desk.send(text)

        def heard(text: str | bytes) -> None:
            if not self.lose_heard(json.loads(text)):
                socket.send(text)

        socket.on_message(sent)
        desk.on_message(heard)


def write(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def bubbles(page: Page) -> list[str]:
    """The messages as she reads them, without the words for screen readers."""
    texts: list[str] = page.locator(".log .bubble").evaluate_all(
        "all => all.map(b => [...b.children].filter(c => c.className !== 'unseen').map(c => c.innerText).join('\\n'))"
    )
    return texts


def expect_answer(page: Page, text: str) -> None:
    expect(page.locator(".log .row[data-role=assistant]:not(.streaming) .bubble").last).to_contain_text(
        text, timeout=15_000
    )


def talk_of(page: Page) -> dict[str, str]:
    """Her conversation's id and token, as her browser keeps them."""
    kept: dict[str, str] = page.evaluate("JSON.parse(localStorage.getItem('supportdesk.talk'))")
    return kept
