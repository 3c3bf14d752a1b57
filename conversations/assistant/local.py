"""The local classifier: learns the active intents from their examples and needs no key, no network and no package.

A softmax regression over TF-IDF of words, pairs of words and pieces of words: on a few hundred sentences it is learned
in a tenth of a second, and its probabilities mean something, so that the confidence floor does too.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..models import Intent
from . import signals
from .fresh import Fresh
from .shipped import DEFAULT, HUMAN
from .turn import Routing, Turn
from .words import words

EPOCHS = 20
RATE = 3.0
DECAY = 0.1
PIECE = 4  # letters


class Wish(NamedTuple):
    """An active intent, as both classifiers know it."""

    name: str
    title: str
    description: str
    handler: str


Row = tuple[str, str, str, str, str | None]  # a wish, with one of its examples
Vector = list[tuple[str, float]]


def classify(turn: Turn) -> Routing:
    """What she wants, as far as examples tell. Looks into the database: not for the event loop."""
    known = learned()
    if (previous := known.wishes.get(turn.conversation.intent)) and (why := _goes_on(turn)):
        return Routing(previous.name, previous.handler, 0.9, "local", why)
    asked = signals.asks_for_person(turn.text)
    if asked.score >= 0.5 and (human := known.wishes.get(HUMAN)):
        return Routing(human.name, human.handler, asked.score, "local", asked.evidence[0])
    ranked = known.rank(turn.text)
    if signals.declines_person(turn.text):
        ranked = [(name, share) for name, share in ranked if name != HUMAN]
    if not ranked:
        return Routing("", DEFAULT, 0.0, "local", "no intent has examples")
    name, confidence = ranked[0]
    why = f"next: {ranked[1][0]} {ranked[1][1]:.2f}" if len(ranked) > 1 else ""
    return Routing(name, known.wishes[name].handler, round(confidence, 3), "local", why)


def _goes_on(turn: Turn) -> str:
    """Why this turn carries on with what the last one was about; "" if it does not."""
    last = turn.conversation.turns.order_by("-seq").first()
    awaited = last.data.get("awaits", []) if last else []
    if given := sorted(signals.given(turn.text) & set(awaited)):
        return f"gives the {' and the '.join(given)} that was asked for"
    if len(words(turn.text)) <= 12 and signals.denies(turn.text):
        return "says that the last answer did not help"
    return ""


@dataclass(frozen=True)
class Learned:
    wishes: dict[str, Wish]
    names: list[str]
    rarity: dict[str, float]
    unknown: float  # the rarity of what no example has
    weights: dict[str, list[float]]

    def rank(self, text: str) -> list[tuple[str, float]]:
        """Every intent that has examples with its probability, the likeliest first."""
        shares = _softmax(_vector(text, self.rarity, self.unknown), self.weights, len(self.names))
        return sorted(zip(self.names, shares, strict=True), key=lambda pair: -pair[1])


def learn(rows: list[Row]) -> Learned:
    wishes = {row[0]: Wish(*row[:4]) for row in rows}
    examples = [(name, text) for name, *_, text in rows if text]
    names = sorted({name for name, _ in examples})
    seen = Counter(feature for _, text in examples for feature in set(_features(text)))
    rarity = {feature: math.log(1 + len(examples) / count) for feature, count in seen.items()}
    known = Learned(wishes, names, rarity, math.log(1 + len(examples)), {each: [0.0] * len(names) for each in rarity})
    _descend([(names.index(name), _vector(text, rarity, known.unknown)) for name, text in examples], known)
    return known


def _descend(examples: list[tuple[int, Vector]], known: Learned) -> None:
    order = random.Random(0)  # noqa: S311  # the same examples always teach the same
    for epoch in range(EPOCHS):
        order.shuffle(examples)
        rate = RATE / (1 + epoch * DECAY)
        for right, vector in examples:
            slope = _softmax(vector, known.weights, len(known.names))
            slope[right] -= 1
            for feature, value in vector:
                weights = known.weights[feature]
                for i, step in enumerate(slope):
                    weights[i] -= rate * step * value


def _softmax(vector: Vector, weights: dict[str, list[float]], count: int) -> list[float]:
    sums = [0.0] * count
    for feature, value in vector:
        for i, weight in enumerate(weights[feature]):
            sums[i] += weight * value
    highest = max(sums, default=0.0)
    shares = [math.exp(each - highest) for each in sums]
    total = sum(shares)
    return [share / total for share in shares]


def _vector(text: str, rarity: dict[str, float], unknown: float) -> Vector:
    """The known features, scaled by the length over all: what it never saw makes the classifier less sure."""
    values = {f: (1 + math.log(n)) * rarity.get(f, unknown) for f, n in Counter(_features(text)).items()}
    length = math.sqrt(sum(value * value for value in values.values())) or 1.0
    return [(feature, value / length) for feature, value in values.items() if feature in rarity]


def _features(text: str) -> Iterable[str]:
    found = words(text[:2000])
    yield from found
    yield from (f"{one} {two}" for one, two in zip(["^", *found], found, strict=False))
    for word in found:
        marked = f"<{word}>"
        if len(marked) > PIECE:
            yield from (f"*{marked[i : i + PIECE]}" for i in range(len(marked) - PIECE + 1))


def _read() -> list[Row]:
    rows = Intent.objects.active().order_by("name", "examples__pk")
    return list(rows.values_list("name", "title", "description", "handler", "examples__text"))


_learned: Fresh[list[Row], Learned] = Fresh(_read, learn)


def learned() -> Learned:
    """What the active intents taught; an admin's edit shows within a second."""
    return _learned.get()
