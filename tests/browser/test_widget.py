"""The chat on somebody else's page: nothing but a launcher until it is wanted, and then the whole chat."""

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from playwright.sync_api import FrameLocator, Page, Response, expect

from tests.browser.chatting import expect_answer, write

if TYPE_CHECKING:
    from tests.running import Desk

PAGE = """<!doctype html><title>The lamp shop</title><h1>Lamps</h1>
<script src="{desk}/widget.js" data-accent="#8a3b12" data-name="Cleo" data-email="cleo@example.com" {more}></script>"""


@pytest.fixture
def shop(chat_desk: "Desk") -> Iterator[str]:
    """A shop's site, at another origin than the desk's; `/left` has the launcher on its left."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            more = 'data-side="left"' if self.path == "/left" else ""
            self.wfile.write(PAGE.format(desk=chat_desk.url, more=more).encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Not into the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def opened(page: Page) -> FrameLocator:
    """The chat in its frame, once it is ready for her."""
    page.get_by_role("button", name="Open the chat").click()
    chat = page.frame_locator("iframe")
    expect(chat.get_by_label("Your message")).to_be_focused()
    return chat


def test_nothing_but_the_launcher_is_loaded_before_it_is_clicked(cleos: Page, shop: str) -> None:
    asked: list[str] = []
    cleos.on("request", lambda request: asked.append(request.url))
    cleos.goto(shop)
    expect(cleos.get_by_role("button", name="Open the chat")).to_be_visible()
    cleos.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(shop)] == [url for url in asked if url.endswith("/widget.js")]
    assert cleos.locator("iframe").count() == 0


def test_she_chats_from_the_shops_page_and_escape_puts_it_away(cleos: Page, shop: str) -> None:
    cleos.set_viewport_size({"width": 1200, "height": 800})
    cleos.goto(shop)
    chat = opened(cleos)
    frame = next(frame for frame in cleos.frames if "/chat/embed/" in frame.url)
    with frame.page.expect_response("**/api/v1/conversations/") as answer:
        chat.get_by_label("Your message").fill("Can I send it back?")
        cleos.keyboard.press("Enter")
    assert answer.value.json()["customer"]["email"] == "cleo@example.com"
    expect(chat.locator(".log .row[data-role=assistant]:not(.streaming)")).to_contain_text("print the label")
    cleos.keyboard.press("Escape")
    expect(cleos.locator("iframe")).to_be_hidden()
    expect(cleos.get_by_role("button", name="Open the chat")).to_be_focused()


def test_on_a_phone_it_takes_the_whole_screen_and_closes_from_within(cleos: Page, shop: str) -> None:
    cleos.set_viewport_size({"width": 375, "height": 700})
    cleos.goto(f"{shop}/left")
    launcher = cleos.get_by_role("button", name="Open the chat")
    box = launcher.bounding_box()
    assert box is not None
    assert box["x"] < 40
    chat = opened(cleos)
    panel = cleos.locator("iframe").bounding_box()
    assert panel is not None
    assert (panel["x"], panel["y"], panel["width"], panel["height"]) == (0, 0, 375, 700)
    chat.get_by_role("button", name="Close the chat").click()
    expect(launcher).to_be_visible()


def test_an_answer_that_comes_while_it_is_shut_is_counted(cleos: Page, shop: str) -> None:
    cleos.goto(shop)
    chat = opened(cleos)
    chat.get_by_label("Your message").fill("Can I send it back?")
    cleos.keyboard.press("Enter")
    cleos.keyboard.press("Escape")
    expect(cleos.get_by_role("button", name="Open the chat, 1 unread")).to_be_visible()


def test_both_weigh_little(chat_desk: "Desk", cleos: Page) -> None:
    loader = Path(settings.BASE_DIR, "conversations/static/conversations/widget.js").read_bytes()
    assert len(gzip.compress(loader)) < 5_000
    weights: list[int] = []

    def weigh(answer: Response) -> None:
        weights.extend([len(gzip.compress(answer.body()))] if "/static/" in answer.url else [])

    cleos.on("response", weigh)
    cleos.goto("/chat/")
    write(cleos, "Can I send it back?")
    expect_answer(cleos, "print the label")
    assert sum(weights) < 24_500, "styles and scripts together"
