"""The desk whose customers have browsers, with a model that writes slowly enough to be watched."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.fake_openai import FakeModel, Mode

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.running import Desk

REPLY = (
    "You can send it **back** within 30 days:\n\n- pack it well\n- print the label from https://shop.example/labels."
)


@pytest.fixture(scope="package")
def model() -> Iterator[FakeModel]:
    with FakeModel(mode=Mode.SLOW, pause=0.03, reply=REPLY) as model:
        yield model


@pytest.fixture(scope="package")
def chat_desk(_new_desk: Callable[..., "Desk"], model: FakeModel) -> Iterator["Desk"]:
    desk = _new_desk("--no-demo", OPENAI_BASE_URL=model.url)
    try:
        yield desk.start()
    finally:
        desk.close()


@pytest.fixture
def cleos(chromium: "Browser", chat_desk: "Desk") -> Iterator["Page"]:
    """Cleo's browser, on the chat page for the first time. A page that fails to run is a failed test."""
    context = chromium.new_context(base_url=chat_desk.url, viewport={"width": 420, "height": 760})
    page = context.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda message: mistakes.extend([message.text] if "Content Security" in message.text else []))
    yield page
    context.close()
    assert mistakes == []
