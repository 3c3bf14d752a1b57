"""An answer from the articles: written by the model where there is one, else the best passage itself."""

from collections.abc import Sequence

from channels.db import database_sync_to_async

from ..models import DeskSettings
from . import llm, prompts, retrieval, signals
from .retrieval import Passage
from .turn import Draft, Outcome, Say, Turn
from .words import content_words

QUOTED = "I found this in “{title}”:\n\n{text}"
ASKS_BACK = "Does that answer your question?"


async def from_articles(turn: Turn, say: Say, *, manner: str = "", opening: str = "") -> Draft:
    """An answer with its sources, or, where the articles do not hold one, the words for not knowing. `manner` tells
    the model how to answer this kind of wish; `opening` begins an answer that is quoted."""
    passages, desk = await database_sync_to_async(_look_up)(turn)
    if llm.available():
        return await _written(turn, say, passages, desk, manner)
    if not passages:
        return Draft(Outcome.FALLBACK, desk.fallback_text)
    best = passages[0]
    quoted = QUOTED.format(title=best.title, text=best.text)
    body = "\n\n".join(filter(None, [opening, quoted, ASKS_BACK]))
    return Draft(Outcome.ANSWERED, body, sources=_sources([best]))


async def _written(turn: Turn, say: Say, passages: Sequence[Passage], desk: DeskSettings, manner: str) -> Draft:
    prompt = prompts.answering(turn, passages, desk=desk.name, manner=manner)
    text = await llm.stream(prompt, _unless_unknown(say))
    if text.strip(" .!\n`*\"'").upper() == prompts.UNKNOWN:
        return Draft(Outcome.FALLBACK, desk.fallback_text)
    return Draft(Outcome.ANSWERED, text, sources=_sources(passages))


def _unless_unknown(say: Say) -> Say:
    """Holds the reply back for as long as it may still turn out to be the word for not knowing."""
    held, open_ = "", False

    def listen(piece: str) -> None:
        nonlocal held, open_
        held += piece
        open_ = open_ or not prompts.UNKNOWN.startswith(held.strip().upper())
        if open_:
            say(held)
            held = ""

    return listen


def _look_up(turn: Turn) -> tuple[list[Passage], DeskSettings]:
    known, without = DeskSettings.current(), _no_help(turn)
    for question in _questions(turn):
        if passages := retrieval.find(question, without=without):
            return passages, known
    return [], known


def _questions(turn: Turn) -> list[str]:
    """What to search for: her words, or, where they are few or only say no, what she asked before."""
    before = [message.body for message in turn.history if message.role == "customer" and message.body not in turn.text]
    brief = len(content_words(turn.text)) <= 4
    if not before or not brief:
        return [turn.text]
    return [before[-1]] if signals.denies(turn.text, answered=True) else [turn.text, f"{before[-1]} {turn.text}"]


def _no_help(turn: Turn) -> frozenset[str]:
    """The articles already quoted to her, when she says that they did not help."""
    if not signals.denies(turn.text, answered=True):
        return frozenset()
    sources = [source for message in turn.history for source in message.data.get("sources", [])]
    return frozenset(source["url"] for source in sources)


def _sources(passages: Sequence[Passage]) -> list[dict[str, str]]:
    return [{"title": each.title, "url": each.url} for each in passages]
