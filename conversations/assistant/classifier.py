"""What she wants: asked of the model where there is one, else, or when it fails, of the local classifier."""

import logging
import re
from dataclasses import replace

from channels.db import database_sync_to_async

from ..models import DeskSettings
from . import llm, local, prompts, signals
from .shipped import DEFAULT, HUMAN
from .turn import Routing, Turn

log = logging.getLogger(__name__)

TOKENS = 20
SURE = 0.8  # a model that is takes a report for a wish knowingly: our list of words does not overrule it
UNSAID = 0.5  # how sure a model counts that names an intent and no number


async def classify(turn: Turn) -> Routing:
    """Never an intent that is switched off; below the floor, and for an unknown name, the default."""
    known: dict[str, local.Wish]
    floor: float
    routing: Routing
    known, floor, routing = await database_sync_to_async(_locally)(turn)
    if llm.available():
        routing = await _by_model(turn, known, stand_in=routing)
    if routing.intent == HUMAN and routing.confidence < SURE and signals.declines_person(turn.text):
        return replace(routing, intent=_default(known), handler=DEFAULT, why="speaks of people, and asks for none")
    if routing.confidence >= floor:
        return routing
    why = f"not sure enough of {routing.intent or 'anything'}, the floor is {floor:g}; {routing.why}"
    return replace(routing, intent=_default(known), handler=DEFAULT, why=why.rstrip("; "))


def _locally(turn: Turn) -> tuple[dict[str, local.Wish], float, Routing]:
    return local.learned().wishes, DeskSettings.current().confidence_floor, local.classify(turn)


async def _by_model(turn: Turn, known: dict[str, local.Wish], *, stand_in: Routing) -> Routing:
    try:
        prompt = prompts.classifying(turn, known.values())
        return _read(await llm.complete(prompt, limit="classify_timeout", max_tokens=TOKENS), known)
    except llm.ModelFailed as error:
        log.warning("the model could not classify, the local classifier stands in: %s", error)
        return replace(stand_in, why=f"stands in for the model ({error}); {stand_in.why}".rstrip("; "))


def _read(answer: str, known: dict[str, local.Wish]) -> Routing:
    """The model's line, "<name> <confidence>". A confidence it left out is read as one that just passes."""
    sure = re.search(r"(?<![\w.-])(?:0?\.\d+|1(?:\.0*)?|0)(?![\w.-])", answer)
    confidence = float(sure.group()) if sure else UNSAID
    lowered = {name.lower(): wish for name, wish in known.items()}
    if named := next((lowered[name] for name in re.findall(r"[\w-]+", answer.lower()) if name in lowered), None):
        return Routing(named.name, named.handler, confidence, "model")
    return Routing(_default(known), DEFAULT, confidence, "model", f"the model named an unknown intent: {answer[:60]!r}")


def _default(known: dict[str, local.Wish]) -> str:
    return DEFAULT if DEFAULT in known else ""
