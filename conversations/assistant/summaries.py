"""The brief an agent reads before she takes over: four labelled points, by the model or put together here."""

import asyncio
import logging
from typing import TYPE_CHECKING

from . import llm, prompts, signals
from .signals import EMAIL, IDENTIFIER

if TYPE_CHECKING:
    from ..models import Conversation, Message

log = logging.getLogger(__name__)

TOKENS = 300
QUOTE = 160  # characters of what somebody said
MODEL, LOCAL = "model", "local"


def brief(
    conversation: "Conversation", messages: "list[Message]", *, reason: str, intents: list[str]
) -> tuple[str, str]:
    """The brief, and who wrote it: "model" or "local". For Celery, not for the event loop; it always comes."""
    messages = [message for message in messages if message.role != "note"]
    if llm.available():
        try:
            text = asyncio.run(_written(prompts.briefing(messages, reason=reason, intents=intents)))
            if all(point.lower() in text.lower() for point in prompts.BRIEF_POINTS):
                return text, MODEL
            log.warning("the model's brief lacks a point, one is put together instead")
        except llm.ModelFailed as error:
            log.warning("the model wrote no brief, one is put together instead: %s", error)
    return _put_together(conversation, messages, reason, intents), LOCAL


async def _written(prompt: llm.Prompt) -> str:
    try:
        return await llm.complete(prompt, limit="brief_timeout", max_tokens=TOKENS)
    finally:
        await llm.close()


def _put_together(conversation: "Conversation", messages: "list[Message]", reason: str, intents: list[str]) -> str:
    hers = [message.body for message in messages if message.role == "customer"]
    points = (
        _issue(hers, intents),
        _tried(messages),
        f"{reason.rstrip('.')}.",
        _context(conversation, hers),
    )
    return "\n".join(f"{label}: {point}" for label, point in zip(prompts.BRIEF_POINTS, points, strict=True))


def _issue(hers: list[str], intents: list[str]) -> str:
    """Her first message that says something, and her last, which may be about something else by now."""
    telling = [text for text in hers if len(text.split()) > 2 and signals.asks_for_person(text).score < signals.YES]
    said = (
        [_quoted(text) for text in dict.fromkeys([*telling[:1], *telling[-1:]])] or [_quoted(hers[-1])] if hers else []
    )
    about = f"{', '.join(each.replace('_', ' ') for each in intents)}. " if intents else ""
    return about + (" Later: ".join(said) or "She has not written anything yet.")


def _tried(messages: "list[Message]") -> str:
    answers = [message for message in messages if message.role == "assistant"]
    if not answers:
        return "nothing yet."
    sources = dict.fromkeys(each["title"] for message in answers for each in message.data.get("sources", []))
    read = f" Gave her: {', '.join(sources)}." if sources else ""
    times = "answered once" if len(answers) == 1 else f"answered {len(answers)} times"
    return f"{times}, last: {_quoted(answers[-1].body)}{read}"


def _context(conversation: "Conversation", hers: list[str]) -> str:
    customer, said = conversation.customer, "\n".join(hers)
    numbers = dict.fromkeys(each.lstrip("#") for each in IDENTIFIER.findall(EMAIL.sub(" ", said)))
    facts = [
        customer.name,
        f"{customer.get_tier_display().lower()} customer" if customer.tier != customer.Tier.STANDARD else "",
        ", ".join(dict.fromkeys([customer.email, *EMAIL.findall(said)] if customer.email else EMAIL.findall(said))),
        f"numbers she gave: {', '.join(numbers)}" if numbers else "",
        *(f"{key}: {value}" for key, value in conversation.context.items()),
    ]
    return "; ".join(fact for fact in facts if fact) or "none"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= QUOTE else line[: QUOTE - 1].rstrip() + '…'}”"
