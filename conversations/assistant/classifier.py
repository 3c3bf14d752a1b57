"""What she wants: asked of the model where there is one, else, or when it fails, of the local classifier."""

import logging
import re
from dataclasses import replace

from channels.db import database_sync_to_async

from ..models import DeskSettings
from . import llm, local, prompts
from .shipped import DEFAULT
from .turn import Routing, Turn

log = logging.getLogger(__name__)

TOKENS = 20


async def classify(turn: Turn) -> Routing:
    """Never an intent that is switched off; below the floor, and for an unknown name, the default."""
    known, floor = await database_sync_to_async(_known)()
    if not llm.available():
        routing = await database_sync_to_async(local.classify)(turn)
    else:
        try:
            routing = _read(await llm.complete(prompts.classifying(turn, known.values()), max_tokens=TOKENS), known)
        except llm.ModelFailed as error:
            log.warning("the model could not classify, the local classifier stands in: %s", error)
            routing = await database_sync_to_async(local.classify)(turn)
            routing = replace(routing, why=f"stands in for the model ({error}); {routing.why}".rstrip("; "))
    if routing.confidence < floor:
        why = f"not sure enough of {routing.intent or 'anything'}, the floor is {floor:g}"
        routing = replace(_default(known), confidence=routing.confidence, engine=routing.engine, why=why)
    return routing


def _known() -> tuple[dict[str, local.Wish], float]:
    return local.learned().wishes, DeskSettings.current().confidence_floor


def _read(answer: str, known: dict[str, local.Wish]) -> Routing:
    """The model's line, "<name> <confidence>". A confidence it left out is read as one that just passes."""
    line = re.fullmatch(r"\W*([\w-]+)\W*([01]?\.\d+|[01])?\W*", answer)
    name, sure = line.groups() if line else (answer, None)
    confidence = min(1.0, float(sure)) if sure else 0.5
    if wish := known.get(name.lower()):
        return Routing(wish.name, wish.handler, confidence, "model")
    return replace(_default(known), confidence=confidence, why=f"the model named an unknown intent: {name[:60]!r}")


def _default(known: dict[str, local.Wish]) -> Routing:
    return Routing(DEFAULT if DEFAULT in known else "", DEFAULT, 0.5, "model")
