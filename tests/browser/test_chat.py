"""Cleo chats in her browser: what she writes arrives once, in order, and the page never hides what became of it."""

import json
import re
import urllib.request
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chatting import Frame, Line, bubbles, expect_answer, talk_of, write
from tests.fake_openai import FakeModel

if TYPE_CHECKING:
    from tests.running import Desk

HEBREW = "שלום, איפה ההזמנה שלי?"


def post_elsewhere(desk: "Desk", page: Page, path: str, body: Frame | None = None) -> None:
    """What Cleo's other device does in the same conversation."""
    talk = talk_of(page)
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{desk.url}/api/v1/conversations/{talk['id']}/{path}/",
        json.dumps(body or {}).encode(),
        {"Authorization": f"Bearer {talk['token']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


def test_she_writes_and_watches_the_answer_being_written(cleos: Page, model: FakeModel) -> None:
    line = Line().lay(cleos)
    cleos.goto("/chat/")
    line.up = False  # the socket opens with her first message; hold it, to see the bubble wait
    expect(cleos.get_by_role("button", name="Send", exact=True)).to_be_hidden()
    write(cleos, "Can I send it back?")
    mine = cleos.locator(".row[data-role=customer]")
    expect(mine).to_have_attribute("data-state", "sending")
    with model.held_after(words=3):
        line.heal()
        expect(mine).to_have_attribute("data-state", "sent")
        expect(cleos.locator(".row.streaming .bubble")).to_have_text("You can send")
    expect_answer(cleos, "print the label")
    answer = cleos.locator(".log .row[data-role=assistant] .bubble")
    expect(answer).to_have_count(1)
    expect(answer.locator("strong")).to_have_text("back")
    expect(answer.locator("li")).to_have_count(2)
    link = answer.get_by_role("link")
    expect(link).to_have_attribute("href", "https://shop.example/labels")
    expect(link).to_have_attribute("rel", re.compile("noopener"))


def test_a_reload_keeps_the_talk_and_what_was_half_written(cleos: Page) -> None:
    cleos.goto("/chat/")
    write(cleos, "Can I send it back?")
    expect_answer(cleos, "print the label")
    before = bubbles(cleos)
    cleos.get_by_label("Your message").fill("And how do I")
    cleos.reload()
    expect_answer(cleos, "print the label")
    assert bubbles(cleos) == before
    expect(cleos.get_by_label("Your message")).to_have_value("And how do I")


def test_what_she_writes_is_text_whatever_it_looks_like(cleos: Page) -> None:
    cleos.goto("/chat/")
    said = ["<img src=x onerror=alert(1)> & <b>bold</b>", f"{HEBREW} 👋🏽", "[click](javascript:alert(1)) **not bold**"]
    for text in said:
        write(cleos, text)
    mine = cleos.locator(".row[data-role=customer][data-state=sent] .bubble p")
    expect(mine).to_have_text(said)
    assert cleos.locator(".log :is(img, b, strong, script)").count() == 0
    assert mine.nth(1).evaluate("p => getComputedStyle(p).direction") == "rtl"


def test_shift_and_enter_begin_a_line_and_an_input_methods_enter_sends_nothing(cleos: Page) -> None:
    cleos.goto("/chat/")
    field = cleos.get_by_label("Your message")
    field.fill("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(field).to_have_value("one\ntwo")
    field.press("Enter")
    expect(cleos.locator(".row[data-role=customer] .bubble p")).to_have_text("onetwo")
    expect(field).to_have_value("")


def test_a_cut_line_heals_and_nothing_is_missing_or_twice(cleos: Page, chat_desk: "Desk") -> None:
    line = Line().lay(cleos)
    cleos.goto("/chat/")
    write(cleos, "first")
    expect_answer(cleos, "print the label")
    line.cut()
    expect(cleos.get_by_text("Reconnecting")).to_be_visible()
    write(cleos, "while the line is down")
    post_elsewhere(chat_desk, cleos, "messages", {"body": "from another device"})
    line.heal()
    cleos.evaluate("dispatchEvent(new Event('online'))")
    expect(cleos.get_by_text("Reconnecting")).to_be_hidden()
    expect(cleos.locator(".row[data-role=customer]")).to_have_count(3)
    expect(cleos.locator(".row[data-state=sending]")).to_have_count(0)
    hers = cleos.locator(".row[data-role=customer] .bubble p")
    expect(hers).to_have_text(["first", "from another device", "while the line is down"])


def test_an_acknowledgement_that_was_lost_makes_no_second_message(cleos: Page) -> None:
    line = Line().lay(cleos)
    cleos.goto("/chat/")
    line.lose_heard = lambda frame: frame["type"] in ("ack", "message")
    write(cleos, "Only once, please")
    expect(cleos.locator("#chat")).to_have_attribute("data-status", "processing")
    line.cut()
    line.lose_heard = lambda frame: False
    line.heal()
    cleos.evaluate("dispatchEvent(new Event('online'))")
    expect_answer(cleos, "print the label")
    assert bubbles(cleos).count("Only once, please") == 1
    cleos.reload()
    expect_answer(cleos, "print the label")
    assert bubbles(cleos).count("Only once, please") == 1


def test_a_message_announced_too_early_waits_for_what_is_before_it(cleos: Page, chat_desk: "Desk") -> None:
    line = Line().lay(cleos)
    cleos.goto("/chat/")
    write(cleos, "first")
    expect_answer(cleos, "print the label")
    lost: list[Frame] = []

    def lose(frame: Frame) -> bool:
        lost.extend([frame] if frame["type"] == "message" else [])
        return frame in lost

    line.lose_heard = lose
    for body in ("second", "third"):
        post_elsewhere(chat_desk, cleos, "messages", {"body": body})
    expect(cleos.locator("#chat")).to_have_attribute("data-status", "waiting_for_input", timeout=15_000)
    line.lose_heard = lambda frame: False
    line.say(lost[-1])
    line.say(lost[-1])
    expect(cleos.locator(".row[data-role=customer] .bubble p")).to_have_text(["first", "second", "third"])
    expect(cleos.locator(".log .row[data-role=assistant]:not(.streaming)")).to_have_count(2)


def test_a_refused_message_says_why_and_may_be_tried_again(cleos: Page) -> None:
    line = Line().lay(cleos)
    cleos.goto("/chat/")
    line.refuse_first({"code": "closed", "detail": "This conversation has ended."})
    write(cleos, "Is anybody there?")
    mine = cleos.locator(".row[data-role=customer]")
    expect(mine).to_contain_text("Not sent. This conversation has ended.")
    mine.get_by_role("button", name="Try again").click()
    expect(mine).to_have_attribute("data-state", "sent")
    ids = [frame["client_id"] for frame in line.sent if frame["type"] == "message"]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_too_long_is_said_before_it_is_sent(cleos: Page) -> None:
    cleos.goto("/chat/")
    cleos.get_by_label("Your message").fill("x" * 10_001)
    expect(cleos.get_by_text("A message may have 10,000 characters; this one has 10,001.")).to_be_visible()
    expect(cleos.get_by_role("button", name="Send", exact=True)).to_be_hidden()
    cleos.keyboard.press("Enter")
    assert bubbles(cleos) == []


def test_too_many_at_once_counts_down_and_then_goes_out(cleos: Page) -> None:
    line = Line().lay(cleos)
    cleos.goto("/chat/")
    line.refuse_first({"code": "rate_limited", "detail": "Too many at once.", "retry_after": 2})
    write(cleos, "hello?")
    expect(cleos.get_by_text(re.compile(r"Too many messages at once\. Sending again in [12] s\."))).to_be_visible()
    expect(cleos.locator(".row[data-role=customer]")).to_have_attribute("data-state", "sent")


def test_two_tabs_are_one_conversation(cleos: Page) -> None:
    cleos.goto("/chat/")
    other = cleos.context.new_page()
    other.goto("/chat/")
    write(cleos, "from the first tab")
    expect_answer(other, "print the label")
    write(other, "from the second")
    said = ["from the first tab", "from the second"]
    for tab in (cleos, other):
        expect(tab.locator(".row[data-role=customer] .bubble p")).to_have_text(said)
    assert talk_of(cleos) == talk_of(other)


def test_she_reaches_a_person_without_having_said_a_word(cleos: Page) -> None:
    cleos.goto("/chat/")
    cleos.get_by_role("button", name="Talk to a person").click()
    expect(cleos.get_by_role("heading", name="Waiting for a person")).to_be_visible()
    expect(cleos.locator("#card")).to_contain_text("in line")
    expect(cleos.get_by_role("button", name="Talk to a person")).to_be_hidden()
    write(cleos, "I'll wait.")
    expect(cleos.locator(".row[data-role=customer]")).to_have_attribute("data-state", "sent")


def test_with_nobody_at_the_desk_no_wait_is_promised_and_her_place_is_kept(cleos: Page) -> None:
    cleos.goto("/chat/")
    cleos.get_by_role("button", name="Talk to a person").click()
    card, standing = cleos.locator("#card"), cleos.locator("#truth")
    for _ in ("when she asks", "when she comes back"):
        expect(card).to_contain_text(re.compile(r"You are number \d+ in line"))
        expect(card).to_contain_text("Nobody is at the desk right now. Your place in line is kept: you can leave")
        expect(standing).to_contain_text("nobody is at the desk right now")
        expect(card).not_to_contain_text(re.compile(r"\bmin\b|minute"))
        expect(standing).not_to_contain_text(re.compile(r"\bmin\b|minute"))
        cleos.reload()


def test_she_ends_it_rates_it_and_goes_on(cleos: Page) -> None:
    cleos.goto("/chat/")
    write(cleos, "Can I send it back?")
    expect_answer(cleos, "print the label")
    cleos.get_by_role("button", name="End conversation").click()
    cleos.get_by_role("button", name="End it").click()
    expect(cleos.get_by_role("heading", name="This conversation has ended")).to_be_visible()
    expect(cleos.get_by_label("Your message")).to_be_hidden()
    cleos.get_by_role("radio", name="4").check(force=True)
    cleos.get_by_label("Comment").fill("Quick and clear.")
    cleos.get_by_role("button", name="Send rating").click()
    expect(cleos.get_by_text("Thank you. You gave it 4 of 5.")).to_be_visible()
    cleos.get_by_role("button", name="Continue this one").click()
    expect(cleos.get_by_label("Your message")).to_be_focused()
    first = talk_of(cleos)["id"]
    cleos.get_by_role("button", name="End conversation").click()
    cleos.get_by_role("button", name="End it").click()
    cleos.get_by_role("button", name="Start a new one").click()
    write(cleos, "Something else")
    expect_answer(cleos, "print the label")
    assert talk_of(cleos)["id"] != first
    assert bubbles(cleos)[0] == "Something else"


def test_a_conversation_that_is_not_hers_any_more_is_said_so(cleos: Page) -> None:
    cleos.goto("/chat/")
    cleos.evaluate(
        "localStorage.setItem('supportdesk.talk', JSON.stringify({id: crypto.randomUUID(), token: 'expired'}))"
    )
    cleos.reload()
    expect(cleos.get_by_text("Your earlier conversation is no longer here.")).to_be_visible()
    write(cleos, "Can I send it back?")
    expect_answer(cleos, "print the label")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(cleos: Page, theme: str) -> None:
    cleos.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    cleos.goto("/chat/")
    found = Axe().run(cleos).response["violations"]
    write(cleos, "Can I send it back?")
    expect_answer(cleos, "print the label")
    found += Axe().run(cleos).response["violations"]
    cleos.get_by_role("button", name="Talk to a person").click()
    expect(cleos.locator("#card")).to_contain_text("in line")
    found += Axe().run(cleos).response["violations"]
    cleos.get_by_role("button", name="End conversation").click()
    cleos.get_by_role("button", name="End it").click()
    expect(cleos.get_by_text("How was it?")).to_be_visible()
    found += Axe().run(cleos).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
