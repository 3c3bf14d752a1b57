"""Ana and Ben answer in their browsers what Cleo asks in hers; nobody reloads a page."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, WebSocketRoute, expect

from tests.browser.chatting import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.running import Desk

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 375, "height": 780}
SECONDS = 20_000  # at most, on a busy machine

Open = Callable[..., Page]


@pytest.fixture
def browsers(chromium: "Browser") -> Iterator[Open]:
    """Opens somebody's own browser: `browsers("ana", viewport=…)`. A page that fails to run is a failed test."""
    mistakes: list[str] = []

    def look_at(message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            mistakes.append(message.text)

    with ExitStack() as contexts:

        def new(**settings: Any) -> Page:
            context = chromium.new_context(**settings)
            contexts.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: mistakes.append(str(error)))
            page.on("console", look_at)
            return page

        yield new
    assert mistakes == []


@pytest.fixture
def inbox_of(browsers: Open, desk: "Desk") -> Open:
    """Somebody of the staff, signed in and at the inbox."""

    def sit_down(username: str, **settings: Any) -> Page:
        person = next(person for person in desk.sign_ins() if person.username == username)
        page = browsers(base_url=desk.url, **{"viewport": WIDE} | settings)
        page.goto("/accounts/login/?next=/inbox/")
        page.fill("[name=username]", person.username)
        page.fill("[name=password]", person.password)
        page.keyboard.press("Enter")
        expect(page.locator("#inbox")).to_have_attribute("data-line", "online", timeout=SECONDS)
        return page

    return sit_down


@pytest.fixture
def cleos_talk(browsers: Open, desk: "Desk") -> Callable[[], tuple[Page, str]]:
    """Cleo's browser, in which she has asked for a person, and the words by which her conversation is known."""

    def ask() -> tuple[Page, str]:
        words = f"My lamp {uuid4().hex[:6]} arrived broken"
        page = browsers(base_url=desk.url, viewport={"width": 420, "height": 760})
        page.goto("/chat/")
        write(page, words)
        expect(page.locator(".log .row").nth(1)).to_be_visible(timeout=SECONDS)  # the assistant has answered
        page.get_by_role("button", name="Talk to a person").click()
        expect(page.locator(".log")).to_contain_text("connecting you with a human agent", timeout=SECONDS)
        return page, words

    return ask


def row(page: Page, words: str) -> Locator:
    return page.locator(".entry-link").filter(has_text=words)


def go_to(page: Page, words: str) -> None:
    """With J, as an agent goes through her list."""
    expect(row(page, words)).to_be_visible(timeout=SECONDS)
    chosen = page.locator(".entry-link[aria-current=true]")
    for _ in range(page.locator(".entry-link").count()):
        page.keyboard.press("j")
        if words in chosen.inner_text():
            break
    expect(chosen).to_contain_text(words)
    expect(page.locator(".log")).to_contain_text(words, timeout=SECONDS)


def say(page: Page, key: str, words: str) -> None:
    page.locator("body").press("Escape")
    page.keyboard.press(key)
    page.keyboard.type(words)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".row[data-seq]").filter(has_text=words)).to_be_visible(timeout=SECONDS)


def test_cleo_asks_and_ana_answers_by_keyboard(inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]]) -> None:
    ana = inbox_of("ana")
    heard: list[str] = []
    cleo, words = cleos_talk()
    cleo.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    cleo.reload()  # so that every frame from here on is looked at
    expect(cleo.locator(".log")).to_contain_text(words, timeout=SECONDS)

    go_to(ana, words)
    ana.keyboard.press("t")
    expect(ana.locator("#talk-head")).to_have_attribute("data-hold", "mine", timeout=SECONDS)
    expect(ana.locator("#words")).to_be_focused()
    say(ana, "n", "she is a friend of the house")
    say(ana, "r", "Good morning, Ana here.")
    expect(cleo.locator(".log")).to_contain_text("Good morning, Ana here.", timeout=SECONDS)
    expect(cleo.locator("#who")).to_contain_text("Ana")

    write(cleo, "It is cracked right through")
    expect(ana.locator(".log")).to_contain_text("It is cracked right through", timeout=SECONDS)
    assert any("Good morning" in frame for frame in heard)
    assert not any("friend of the house" in frame for frame in heard)
    assert "friend of the house" not in cleo.content()

    ana.locator("body").press("Escape")
    ana.keyboard.press("e")
    expect(ana.locator("#talk-head")).to_have_attribute("data-hold", "closed", timeout=SECONDS)
    expect(cleo.locator(".log")).to_contain_text("marked as resolved", timeout=SECONDS)


def test_ben_who_is_second_hears_who_was_first(inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]]) -> None:
    _, words = cleos_talk()
    ana, ben = inbox_of("ana"), inbox_of("ben")
    go_to(ana, words)
    go_to(ben, words)
    expect(ben.locator("#viewers")).to_contain_text("Ana is here too", timeout=SECONDS)
    # Ben's page cannot hear of it in time: nothing renews it before he presses the key.
    ben.route("**/state/", lambda route: route.abort())
    ana.keyboard.press("t")
    expect(ana.locator("#talk-head")).to_have_attribute("data-hold", "mine", timeout=SECONDS)
    ben.locator("body").press("Escape")
    ben.keyboard.press("t")
    expect(ben.locator("#toasts")).to_contain_text("Ana has this conversation", timeout=SECONDS)
    expect(ben.locator("#talk-head")).to_have_attribute("data-hold", "other")
    expect(ben.locator("#words")).to_be_disabled()


def test_ana_is_asked_first_when_ben_replied_while_she_was_writing(
    inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]]
) -> None:
    _, words = cleos_talk()
    ana, ben = inbox_of("ana"), inbox_of("ben")
    go_to(ana, words)
    ana.keyboard.press("r")
    ana.keyboard.type("I shall look into it")
    go_to(ben, words)
    say(ben, "r", "Already on its way.")  # whoever writes has taken it
    expect(ana.locator("#guard")).to_contain_text("Ben replied meanwhile", timeout=SECONDS)
    ben.locator("body").press("Escape")
    ben.keyboard.press("a")
    ben.locator(".pass-to").filter(has_text="Ana").click()
    ben.get_by_label("What they should know").fill("Yours again.")
    ben.get_by_role("button", name="Transfer", exact=True).click()
    expect(ana.locator("#talk-head")).to_have_attribute("data-hold", "mine", timeout=SECONDS)
    expect(ana.locator("#words")).to_have_value("I shall look into it")
    expect(ana.locator("#guard")).to_contain_text("Ben replied meanwhile")  # whatever was renewed around it
    ana.locator("#words").press("Enter")
    expect(ana.locator("#guard")).to_contain_text("once more")
    expect(ana.locator(".log")).not_to_contain_text("I shall look into it")
    ana.locator("#words").press("Enter")
    expect(ana.locator(".log")).to_contain_text("I shall look into it", timeout=SECONDS)
    expect(ana.locator("#guard")).to_be_hidden()


def test_what_is_half_written_waits_in_its_own_conversation(
    inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]]
) -> None:
    (_, first), (_, second) = cleos_talk(), cleos_talk()
    ana = inbox_of("ana")
    row(ana, first).click()
    expect(ana.locator(".log")).to_contain_text(first, timeout=SECONDS)
    ana.locator("#words").fill("Half a sentence")
    row(ana, second).click()
    expect(ana.locator(".log")).to_contain_text(second, timeout=SECONDS)
    expect(ana.locator("#words")).to_have_value("")
    row(ana, first).click()
    expect(ana.locator(".log")).to_contain_text(first, timeout=SECONDS)
    expect(ana.locator("#words")).to_have_value("Half a sentence")


def test_a_broken_line_says_so_and_keeps_what_was_sent(
    inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]]
) -> None:
    cleo, words = cleos_talk()
    ana = inbox_of("ana")
    up, lines = [True], []

    def laid(socket: WebSocketRoute) -> None:
        if up[0]:
            lines.append(socket)
            socket.connect_to_server()
        else:
            socket.close(code=1012)

    ana.route_web_socket("**/ws/inbox/", laid)
    ana.reload()
    expect(ana.locator("#inbox")).to_have_attribute("data-line", "online", timeout=SECONDS)
    go_to(ana, words)
    up[0] = False
    lines[-1].close(code=1012)
    expect(ana.locator("#connection")).to_contain_text("Reconnecting", timeout=SECONDS)
    ana.keyboard.press("r")
    ana.keyboard.type("Written without a line")
    ana.keyboard.press("Enter")
    expect(ana.locator(".row[data-state=sending]")).to_contain_text("Written without a line")
    up[0] = True
    expect(cleo.locator(".log")).to_contain_text("Written without a line", timeout=2 * SECONDS)
    expect(ana.locator("#connection")).to_be_hidden()
    assert ana.locator(".row").filter(has_text="Written without a line").count() == 1


def test_canned_replies_are_found_by_a_few_letters(inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]]) -> None:
    _, words = cleos_talk()
    ana = inbox_of("ana")
    shortcut = ana.evaluate("JSON.parse(document.getElementById('canned-replies').textContent)[0]")
    go_to(ana, words)
    ana.keyboard.press("r")
    ana.keyboard.type("/" + shortcut["shortcut"][:3])
    expect(ana.locator("#canned [aria-selected=true]")).to_contain_text(f"/{shortcut['shortcut']}")
    ana.keyboard.press("Enter")
    expect(ana.locator("#words")).to_have_value(shortcut["body"])
    expect(ana.locator("#canned")).to_be_hidden()


def test_on_a_phone_one_thing_is_shown_at_a_time(inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]]) -> None:
    _, words = cleos_talk()
    ana = inbox_of("ana", viewport=NARROW)
    row(ana, words).click()
    expect(ana.locator(".log")).to_contain_text(words, timeout=SECONDS)
    expect(ana.locator("#list")).to_be_hidden()
    expect(ana.locator("#presence-away")).to_be_visible()
    assert ana.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    ana.get_by_role("link", name="Back to the list").click()
    expect(row(ana, words)).to_be_visible()
    expect(ana.locator("#conversation")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_inbox_is_open_to_everybody(
    inbox_of: Open, cleos_talk: Callable[[], tuple[Page, str]], scheme: str, viewport: dict[str, int]
) -> None:
    _, words = cleos_talk()
    ana = inbox_of("ana", color_scheme=scheme, viewport=viewport)
    row(ana, words).click()
    ana.locator("[data-key=t]").click()
    expect(ana.locator("#talk-head")).to_have_attribute("data-hold", "mine", timeout=SECONDS)
    ana.locator("#tab-note").click()
    assert Axe().run(ana).response["violations"] == []
    expect(ana).to_have_title(re.compile(r"^(\(\d+\) )?Inbox$"))
