"""The model: the only importer of `openai`. Every call is bounded, and every failure is a ModelFailed."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from .turn import Say

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Prompt = list[dict[str, str]]  # {"role", "content"} each
T = TypeVar("T")

RETRIES = 2  # and only for a connection that failed, 429 and 5xx, before the first token
PASSING = (429, 500, 502, 503, 504)  # may be over in a moment
MAX_PAUSE = 3.0  # seconds before a retry; a server that asks for more gets none
PIECE = 0.075  # seconds of a reply that go out together
ANSWER_TOKENS = 700


class ModelFailed(Exception):
    """The model could not be reached, broke off, or said nothing that can be used."""


def available() -> bool:
    """Is there a model? A base URL without a key is one: many local servers ask for none."""
    llm = settings.LLM
    return bool(llm["api_key"] or llm["base_url"] or (llm["azure_endpoint"] and llm["azure_api_key"]))


async def stream(prompt: Prompt, say: Say) -> str:
    """The reply to `prompt`; `say` hears it in pieces while it is written."""
    client, spoken, ended = await _client(), _Pieces(say), False
    async with _within("total_timeout", "the whole reply"):
        async with _within("first_token_timeout", "the first word"):
            chunks = await _retried(lambda: _open(client, prompt))
            chunk = await anext(chunks, None)
        with spoken:
            while chunk is not None:
                text, ended = _read(chunk, ended)
                spoken.add(text)
                async with _within("gap_timeout", "the next word"):
                    chunk = await anext(chunks, None)
    if not ended:
        raise ModelFailed("the reply broke off")
    return _filled(spoken.text)


async def complete(prompt: Prompt, *, limit: str, max_tokens: int, temperature: float = 0.0) -> str:
    """The reply to `prompt`, in one piece, within the limit that settings.LLM has under that name."""
    client = await _client()
    async with _within(limit, "the reply"):
        response = await _retried(
            lambda: client.chat.completions.create(
                model=settings.LLM["model"],
                messages=prompt,  # type: ignore[arg-type]  # its own shape, without its names
                max_tokens=max_tokens,
                temperature=temperature,
            )
        )
    try:
        return _filled(response.choices[0].message.content or "")
    except (AttributeError, IndexError, TypeError) as error:
        raise ModelFailed("the answer is not a chat completion") from error


async def _open(client: "AsyncOpenAI", prompt: Prompt) -> AsyncIterator[Any]:
    chunks = await client.chat.completions.create(
        model=settings.LLM["model"],
        messages=prompt,  # type: ignore[arg-type]  # its own shape, without its names
        max_tokens=ANSWER_TOKENS,
        temperature=0.2,
        stream=True,
    )
    return _guarded(chunks)


async def _guarded(chunks: Any) -> AsyncIterator[Any]:
    try:
        async for chunk in chunks:
            yield chunk
    except Exception as error:  # the transport's, the parser's: whatever it is, the reply has broken off
        raise ModelFailed(f"the reply broke off: {type(error).__name__}") from error
    finally:
        await chunks.close()


def _read(chunk: Any, ended: bool) -> tuple[str, bool]:
    """A chunk's text, and whether the model has said that it is done."""
    if not chunk.choices:
        return "", ended  # usage, or a server's first empty chunk
    choice = chunk.choices[0]
    if choice.finish_reason == "content_filter":
        raise ModelFailed("the reply was withheld by a content filter")
    return choice.delta.content or "", ended or bool(choice.finish_reason)


def _filled(text: str) -> str:
    if not text.strip():
        raise ModelFailed("the answer is empty")
    return text.strip()


class _Pieces:
    """Text on its way to the customer, a few words at a time: a group send a token would be too many."""

    def __init__(self, say: Say) -> None:
        self.text, self._say, self._unsaid = "", say, ""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        self.text += text
        self._unsaid += text
        if self._unsaid and not self._timer:
            self._timer = asyncio.get_running_loop().call_later(PIECE, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self._unsaid:
            self._say(self._unsaid)
            self._unsaid = ""

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None:
        if self._timer:
            self._timer.cancel()
        self._flush()


# --- Patience --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _within(limit: str, what: str) -> AsyncIterator[None]:
    seconds = settings.LLM[limit]
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ModelFailed(f"{what} did not come within {seconds:g} s") from error


async def _retried(call: Callable[[], Awaitable[T]]) -> T:
    attempt = 0
    while True:
        try:
            return await call()
        except Exception as error:  # the package lets broken JSON and broken sockets through as they are
            pause = _pause(error, attempt)
            if pause is None:
                raise ModelFailed(_said(error)) from error
        await asyncio.sleep(pause)
        attempt += 1


def _pause(error: Exception, attempt: int) -> float | None:
    """Seconds to wait before trying again; None if that is no use."""
    import openai

    pause: float = random.uniform(0.1, 0.4) * 2**attempt  # noqa: S311  # jitter, no secret
    if attempt < RETRIES and isinstance(error, openai.APIConnectionError):
        return pause
    if attempt == RETRIES or not isinstance(error, openai.APIStatusError) or error.status_code not in PASSING:
        return None
    asked: str = error.response.headers.get("retry-after", "")
    pause = max(pause, float(asked)) if asked.isdigit() else pause
    return pause if pause <= MAX_PAUSE else None


def _said(error: Exception) -> str:
    """What went wrong, without the server's own words: they may hold a key, or the customer's."""
    status = getattr(error, "status_code", None)
    return f"the model's server answered {status}" if status else f"no answer from the model: {type(error).__name__}"


# --- Clients ---------------------------------------------------------------------------------------------------------

# A client's connections belong to the loop that opened them; the settings it was made from are kept beside it.
_clients: "dict[asyncio.AbstractEventLoop, tuple[dict[str, Any], AsyncOpenAI]]" = {}
_lock = threading.Lock()


async def _client() -> "AsyncOpenAI":
    """This loop's client. The first one takes a while to make, and that is no fault of the model's: the limits begin
    when there is one."""
    loop, wanted = asyncio.get_running_loop(), dict(settings.LLM)
    if loop not in _clients or _clients[loop][0] != wanted:
        made = await asyncio.to_thread(_make)  # the import alone takes most of a second: not on the event loop
        with _lock:
            for gone in [each for each in _clients if each.is_closed()]:
                del _clients[gone]
            _clients[loop] = wanted, made
    return _clients[loop][1]


async def get_ready() -> None:
    """Does beforehand what the first turn would wait a second or two for; where there is no model, nothing."""
    if available():
        await _client()


async def close() -> None:
    """Closes this loop's connections: for a loop that is about to end."""
    _, client = _clients.pop(asyncio.get_running_loop(), (None, None))
    if client:
        await client.close()


def _make() -> "AsyncOpenAI":
    from openai import AsyncAzureOpenAI, AsyncOpenAI, Timeout

    llm = settings.LLM
    timeout = Timeout(llm["total_timeout"], connect=llm["connect_timeout"])
    if llm["azure_endpoint"]:
        return AsyncAzureOpenAI(
            azure_endpoint=llm["azure_endpoint"],
            api_key=llm["azure_api_key"],
            api_version=llm["azure_api_version"],
            timeout=timeout,
            max_retries=0,
        )
    return AsyncOpenAI(
        api_key=llm["api_key"] or "none", base_url=llm["base_url"] or None, timeout=timeout, max_retries=0
    )
