"""The model's line: what is tried again, for how long, and what is said about it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from pytest_django import Settings

from conversations.assistant import llm
from tests.fake_openai import FakeModel, Mode

from .talk import run

Start = Callable[..., FakeModel]
PROMPT = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("mode", [Mode.BUSY, Mode.BROKEN])
def test_what_passes_in_a_moment_is_tried_again(model: Start, mode: Mode) -> None:
    fake = model(mode=mode, failures=2)
    assert run(llm.stream(PROMPT, print)) == fake.reply
    assert len(fake.requests) == 3


def test_a_server_that_asks_for_a_long_wait_gets_none(model: Start) -> None:
    fake = model(mode=Mode.BUSY, retry_after="60")
    with pytest.raises(llm.ModelFailed, match="answered 429"):
        run(llm.stream(PROMPT, print))
    assert len(fake.requests) == 1


def test_a_short_wait_that_the_server_asks_for_is_kept(model: Start) -> None:
    model(mode=Mode.BUSY, retry_after="1", failures=1)
    began = time.monotonic()
    run(llm.stream(PROMPT, print))
    assert time.monotonic() - began >= 1


def test_a_reply_that_has_begun_is_not_begun_again(model: Start) -> None:
    fake = model(mode=Mode.CUT)
    with pytest.raises(llm.ModelFailed, match="broke off"):
        run(llm.stream(PROMPT, print))
    assert len(fake.requests) == 1


def test_retries_end_with_the_time_for_the_first_word(model: Start) -> None:
    model(mode=Mode.BUSY, retry_after="2", first_token_timeout=0.3)
    began = time.monotonic()
    with pytest.raises(llm.ModelFailed, match="first word"):
        run(llm.stream(PROMPT, print))
    assert time.monotonic() - began < 1.5


def test_nobody_listening_is_a_failure_and_not_a_crash(settings: Settings) -> None:
    settings.LLM = settings.LLM | {"base_url": "http://127.0.0.1:9/v1"}
    with pytest.raises(llm.ModelFailed, match="no answer from the model"):
        run(llm.complete(PROMPT, limit="brief_timeout", max_tokens=10))


def test_the_servers_own_words_stay_out_of_the_error(model: Start) -> None:
    model(mode=Mode.BROKEN)
    with pytest.raises(llm.ModelFailed) as failure:
        run(llm.complete(PROMPT, limit="brief_timeout", max_tokens=100))
    assert "not now" not in str(failure.value)


@pytest.mark.parametrize(
    ("wanted", "available"),
    [
        ({}, False),
        ({"api_key": "sk-x"}, True),
        ({"base_url": "http://localhost:1/v1"}, True),
        ({"azure_endpoint": "https://x.example"}, False),
        ({"azure_endpoint": "https://x.example", "azure_api_key": "k"}, True),
    ],
)
def test_a_key_or_a_server_of_ones_own_is_a_model(settings: Settings, wanted: dict[str, str], available: bool) -> None:
    nothing = dict.fromkeys(("api_key", "base_url", "azure_endpoint", "azure_api_key"), "")
    settings.LLM = settings.LLM | nothing | wanted
    assert llm.available() is available


def test_pieces_go_out_a_few_at_a_time(model: Start) -> None:
    model(reply=" ".join(f"word{number}" for number in range(500)))
    pieces: list[str] = []
    text = run(llm.stream(PROMPT, pieces.append))
    assert "".join(pieces) == text
    assert len(pieces) < 100


@pytest.mark.parametrize(("url", "loaded"), [("", False), ("http://127.0.0.1:9/v1", True)])
def test_only_a_process_with_a_model_loads_its_package(url: str, loaded: bool) -> None:
    asked = """if True:
        import asyncio, sys, django
        django.setup()
        from conversations.assistant import llm
        asyncio.run(llm.get_ready())
        print("openai" in sys.modules)
    """
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "supportdesk.settings", "OPENAI_BASE_URL": url}
    said = subprocess.run([sys.executable, "-c", asked], env=env, capture_output=True, text=True, check=True)
    assert said.stdout == f"{loaded}\n"
