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

FLOOR = 0.45  # of what the question is about, by weight, must be in a passage; below that it does not know
TITLE_WEIGHT = 2
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


@dataclass(frozen=True)
class Index:
    passages: list[Passage]
    counts: list[Counter[str]]
    rarity: dict[str, float]
    unknown: float
    average: float  # length of a passage, in words

    def search(self, question: str) -> Iterator[Passage]:
        """The passages above the floor, the best first."""
        asked = {word: self.rarity.get(word, self.unknown) for word in content_words(question)}
        total = sum(asked.values())
        scored = []
        for passage, counts in zip(self.passages, self.counts, strict=True):
            if sum(rarity for word, rarity in asked.items() if word in counts) < FLOOR * total or not asked:
                continue
            scored.append((self._score(asked, counts), passage))
        yield from (passage for _, passage in sorted(scored, key=lambda pair: -pair[0]))

    def _score(self, asked: dict[str, float], counts: Counter[str]) -> float:
        length = K1 * (1 - B + B * counts.total() / self.average)
        return sum(rarity * counts[word] * (K1 + 1) / (counts[word] + length) for word, rarity in asked.items())


def make(rows: list[tuple[str, str, str]]) -> Index:
    passages = [passage for slug, title, body in rows for passage in _cut(slug, title, body)]
    counts = [
        Counter([*content_words(each.text), *content_words(f"{each.title} {each.heading}") * TITLE_WEIGHT])
        for each in passages
    ]
    spread = Counter(word for each in counts for word in each)
    rarity = {word: math.log(1 + len(passages) / many) for word, many in spread.items()}
    average = sum(each.total() for each in counts) / len(counts) if counts else 1.0
    return Index(passages, counts, rarity, math.log(1 + len(passages)) or 1.0, average or 1.0)


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
