"""Which passages of the published articles answer a question: BM25 over an index that each process keeps.

In memory and not in the database's own full-text search: a desk has hundreds of articles, not millions, and so ranking
and floor are the same on SQLite and PostgreSQL, need no extension, and an edited article counts within a second.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..models import Article
from .fresh import Fresh
from .words import content_words

FLOOR = 0.36  # of what the question is about, by weight, must be in a passage; below that it does not know
IN_TITLE = 1.0  # what a word counts for more when the title or heading has it
UNKNOWN = 0.7  # how much a word that no article has weighs, beside one that one article has
PASSAGE = 700  # characters, roughly
K1, B = 1.2, 0.6


class Passage(NamedTuple):
    slug: str
    title: str
    heading: str
    text: str  # Markdown

    @property
    def url(self) -> str:
        return Article(slug=self.slug).get_absolute_url()


def find(question: str, *, limit: int = 3, without: frozenset[str] = frozenset()) -> list[Passage]:
    """The best passages that know about the question, at most one an article; none is a good answer too. `without`
    are URLs of articles that were no help. Looks into the database: not for the event loop."""
    found: dict[str, Passage] = {}
    for passage in _index.get().search(question):
        if passage.url not in without:
            found.setdefault(passage.slug, passage)
        if len(found) == limit:
            break
    return list(found.values())


class Entry(NamedTuple):
    """A passage as the index knows it."""

    passage: Passage
    counts: Counter[str]  # of its words, the title's and the heading's among them
    title: frozenset[str]


@dataclass(frozen=True)
class Index:
    entries: list[Entry]
    rarity: dict[str, float]
    unknown: float
    average: float  # length of a passage, in words

    def search(self, question: str) -> list[Passage]:
        """The passages above the floor, the best first."""
        asked = {word: self.rarity.get(word, self.unknown) for word in content_words(question)}
        enough = FLOOR * sum(asked.values())
        known = [each for each in self.entries if sum(asked[word] for word in asked if word in each.counts) >= enough]
        ranked = sorted(known, key=lambda entry: -self._score(asked, entry))
        return [entry.passage for entry in ranked] if asked else []

    def _score(self, asked: dict[str, float], entry: Entry) -> float:
        length = K1 * (1 - B + B * entry.counts.total() / self.average)
        said = ((rarity, entry.counts[word], word in entry.title) for word, rarity in asked.items())
        return sum(rarity * (count * (K1 + 1) / (count + length) + IN_TITLE * titled) for rarity, count, titled in said)


def make(rows: list[tuple[str, str, str]]) -> Index:
    entries = [_entry(passage) for slug, title, body in rows for passage in _cut(slug, title, body)]
    spread = Counter(word for entry in entries for word in entry.counts)
    rarity = {word: math.log(1 + len(entries) / many) for word, many in spread.items()}
    average = sum(entry.counts.total() for entry in entries) / max(1, len(entries))
    return Index(entries, rarity, UNKNOWN * math.log(2 + len(entries)), average or 1.0)


def _entry(passage: Passage) -> Entry:
    title = content_words(f"{passage.title} {passage.heading}")
    return Entry(passage, Counter([*content_words(passage.text), *title]), frozenset(title))


def _cut(slug: str, title: str, body: str) -> Iterator[Passage]:
    """An article in passages: by its headings, and long parts between their paragraphs."""
    heading, held = "", ""
    for block in re.split(r"\n\s*\n", body.replace("\r\n", "\n").strip()):
        if block.startswith("#"):
            if held:
                yield Passage(slug, title, heading, held)
            first, _, held = block.partition("\n")
            heading, held = first.lstrip("#").strip(), held.strip()
        elif held and len(held) + len(block) > PASSAGE:
            yield Passage(slug, title, heading, held)
            held = block
        else:
            held = f"{held}\n\n{block}".strip()
    if held:
        yield Passage(slug, title, heading, held)


def _read() -> list[tuple[str, str, str]]:
    return list(Article.objects.published().order_by("pk").values_list("slug", "title", "body"))


_index: Fresh[list[tuple[str, str, str]], Index] = Fresh(_read, make)
