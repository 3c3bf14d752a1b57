"""What a turn shows of the customer: whether she asks for a person, is frustrated, or has a complex matter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .indicators import ASKING, BARE_NO, DENYING, FRUSTRATION, REFUSING, REPORTING, SHOUTING, TAKES_BACK
from .words import words

if TYPE_CHECKING:
    from .turn import Turn

YES = 0.5  # a score from here on means yes


@dataclass(frozen=True)
class Signal:
    score: float
    evidence: list[str]


_CLAUSE = re.compile(r"[.!?;\n]+|\bbut\b|,(?= ?(?:so|and|please|can|could|i|i'd|just|get|let|give)\b)", re.IGNORECASE)
EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IDENTIFIER: Final = re.compile(r"(?<![\w@.])#?(?=[\w-]{0,17}\d{3})[A-Za-z0-9][A-Za-z0-9-]{2,19}(?![\w@])")


def asks_for_person(text: str) -> Signal:
    """Does she ask, now, to be put through to a person?"""
    for clause in _clauses(text):
        if asked := _asked_in(clause):
            return Signal(0.95, [f"asks for a person: “{asked}”"])
    return Signal(0.0, [])


def _asked_in(clause: str) -> str:
    none = [*REFUSING.finditer(clause), *REPORTING.finditer(clause)]
    told = {at for mention in none for at in range(*mention.span())}
    return next((asked.group().strip() for asked in ASKING.finditer(clause) if asked.start() not in told), "")


def declines_person(text: str) -> bool:
    """Does she speak of people, or ask what she is talking to, without asking for a person?"""
    mentions = any(REFUSING.search(clause) or REPORTING.search(clause) for clause in _clauses(text))
    return mentions and asks_for_person(text).score < YES


def frustration(text: str) -> Signal:
    """Is she annoyed? A "!" alone counts for nothing: thanks carries it too."""
    plain, calm, evidence = _plain(text), 1.0, []
    for pattern, weight in FRUSTRATION:
        found = (match for match in pattern.finditer(plain) if not _taken_back(plain, match.start()))
        for said in dict.fromkeys(match.group().lower() for match in found):
            calm *= 1 - weight
            evidence.append(f"says “{said}”")
    if _shouts(plain):
        calm *= 1 - SHOUTING
        evidence.append("writes in capitals")
    return Signal(round(1 - calm, 2), evidence)


def complexity(turn: "Turn") -> Signal:
    """How much there is to take in, from 0 to 10, with a line of evidence for each reason. Reads the database."""
    reasons = [(min(points, most), line) for points, most, line in _burdens(turn) if points > 0]
    return Signal(
        min(10.0, sum(points for points, _ in reasons)), [f"{line} (+{points:g})" for points, line in reasons]
    )


def _burdens(turn: "Turn") -> Iterator[tuple[float, float, str]]:
    """Each reason: its points, the most it may count, and its line."""
    conversation = turn.conversation
    intents = set(conversation.turns.filter(episode=conversation.episode).values_list("intent", flat=True))
    intents = (intents | {turn.routing.intent if turn.routing else ""}) - {""}
    named = ", ".join(sorted(intents)).replace("_", " ")
    yield 1.5 * (len(intents) - 1), 3, f"{len(intents)} different matters: {named}"
    length = len(turn.text.split())
    yield (length - 40) // 40, 2, f"{length} words at once"
    questions = sum(bool(part.strip()) for part in turn.text.split("?")[:-1])
    yield questions - 1, 2, f"{questions} questions at once"
    identifiers = set(EMAIL.findall(turn.text)) | set(IDENTIFIER.findall(turn.text))
    yield 0.5 * (len(identifiers) - 1), 2, f"{len(identifiers)} numbers and addresses"
    reopened = conversation.episode - 1
    yield 1.5 * reopened, 3, f"reopened {reopened} times" if reopened > 1 else "reopened once"
    yield conversation.failed_attempts, 2, f"{conversation.failed_attempts} answers that did not help"
    asked = sum(message.role == "customer" for message in turn.history)
    yield (asked - 4) // 2, 2, f"{asked} messages from her so far"


def denies(text: str, *, answered: bool = False) -> bool:
    """Does she say that the last answer did not help? A bare "no" says so only just after one (`answered`)."""
    plain = _plain(text)
    return bool(DENYING.search(plain)) or (answered and bool(BARE_NO.match(plain)))


def given(text: str) -> set[str]:
    """Which of the things an assistant may ask for are in the text: "order number", "e-mail address"."""
    found = {"e-mail address"} if EMAIL.search(text) else set()
    return found | ({"order number"} if IDENTIFIER.search(EMAIL.sub(" ", text)) else set())


def _taken_back(text: str, at: int) -> bool:
    return bool(TAKES_BACK.search(text, max(0, at - 40), at))


def _shouts(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return len(words(text)) >= 4 and len(letters) >= 12 and sum(map(str.isupper, letters)) > 0.6 * len(letters)


def _clauses(text: str) -> list[str]:
    return [clause for part in _CLAUSE.split(_plain(text)) if (clause := " ".join(part.split()))]


def _plain(text: str) -> str:
    return text.replace("’", "'")
