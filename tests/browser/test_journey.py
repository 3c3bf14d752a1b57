"""The whole main job in browsers side by side: Cleo asks, the assistant answers, Ana takes over, Mia sees it counted,
and the admin changes how the desk behaves."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chatting import expect_answer, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.running import Desk

SECONDS = 20_000  # at most, on a busy machine

Person = Callable[[str, str], Page]


@pytest.fixture
def browser_of(chromium: "Browser", desk: "Desk") -> Iterator[Person]:
    """A browser of somebody's own at a page: `browser_of("mia", "/analytics/")`; without a name she is a customer."""
    with ExitStack() as contexts:

        def sit_down(username: str, path: str) -> Page:
            context = chromium.new_context(base_url=desk.url, viewport={"width": 1440, "height": 900})
            contexts.callback(context.close)
            page = context.new_page()
            page.goto(path)
            if username:
                person = next(person for person in desk.sign_ins() if person.username == username)
                page.fill("[name=username]", person.username)
                page.fill("[name=password]", person.password)
                page.keyboard.press("Enter")
                page.wait_for_url(re.compile(f"^[^?]*{path}$"))
            return page

        yield sit_down


def conversations_counted(page: Page) -> int:
    number = page.locator(".metric").filter(has_text="Conversations").locator(".number").first.inner_text()
    return int(re.sub(r"\D", "", number))


def test_from_a_question_to_a_number(browser_of: Person) -> None:
    mia = browser_of("mia", "/analytics/")
    before = conversations_counted(mia)

    cleo, ana = browser_of("", "/chat/"), browser_of("ana", "/inbox/")
    write(cleo, "How long do I have to send something back?")
    expect_answer(cleo, "day")
    expect(cleo.locator(".log a[href*='/help/']").first).to_be_visible()  # the answer names its source

    write(cleo, "I want to talk to a real person please, my parcel 4711 is lost")
    expect(cleo.locator(".log")).to_contain_text("connecting you with a human agent", timeout=SECONDS)
    waiting = ana.locator(".entry-link").filter(has_text="my parcel 4711 is lost")
    expect(waiting).to_be_visible(timeout=SECONDS)
    waiting.click()
    expect(ana.locator("#card")).to_contain_text("User requested human assistance", timeout=SECONDS)
    expect(ana.locator("#card .brief")).to_contain_text("4711", timeout=SECONDS)  # Celery wrote it meanwhile

    ana.keyboard.press("t")
    expect(cleo.locator("#who")).to_contain_text("Ana", timeout=SECONDS)
    expect(ana.locator("#words")).to_be_focused()
    ana.keyboard.type("I have found your parcel. It comes tomorrow.")
    ana.keyboard.press("Control+Enter")
    expect(cleo.locator(".log")).to_contain_text("It comes tomorrow.", timeout=SECONDS)
    write(cleo, "Thank you!")
    expect(ana.locator(".log")).to_contain_text("Thank you!", timeout=SECONDS)
    ana.locator("body").press("Escape")
    ana.keyboard.press("e")

    expect(cleo.locator(".log")).to_contain_text("marked as resolved", timeout=SECONDS)
    cleo.locator("#card").get_by_role("radio").last.check(force=True)
    cleo.get_by_role("button", name="Send rating").click()
    expect(cleo.locator("#card")).to_contain_text(re.compile("thank", re.I), timeout=SECONDS)

    mia.reload()
    assert conversations_counted(mia) >= before + 1  # the desk is shared with other tests


def test_an_admin_changes_how_the_assistant_behaves(browser_of: Person) -> None:
    admin = browser_of("admin", "/admin/")
    words = "Could you put that another way?"
    admin.goto("/admin/conversations/desksettings/1/change/")
    before = admin.locator("[name=fallback_text]").input_value()

    def set_fallback(text: str) -> None:
        admin.goto("/admin/conversations/desksettings/1/change/")
        admin.fill("[name=fallback_text]", text)
        admin.click("[name=_save]")
        expect(admin.locator(".messagelist")).to_contain_text("successfully")

    set_fallback(words)
    try:
        cleo = browser_of("", "/chat/")
        write(cleo, "zxqv blorp wibble")
        expect_answer(cleo, words)
    finally:
        set_fallback(before)


def test_a_manager_has_no_door_to_the_inbox(browser_of: Person) -> None:
    mia = browser_of("mia", "/analytics/")
    assert mia.request.get("/inbox/").status == 403
