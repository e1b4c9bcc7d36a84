"""A small bm25 retriever in memory, so that the evaluation needs no database."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.passage import Passage

_K1, _B = 1.2, 0.75


class Bm25Retriever:
    """A `knowledge.passage.Retriever` over a handful of passages."""

    def __init__(self, passages: list[Passage]) -> None:
        self._passages = passages
        self._counts = [Counter(_words(f"{item.title} {item.text}")) for item in passages]
        self._mean = sum(count.total() for count in self._counts) / max(1, len(passages))
        self._holding = Counter(word for count in self._counts for word in count)

    def retrieve(self, question: str, limit: int) -> list[Passage]:
        """Return the passages with the highest bm25 score."""
        asked = set(_words(question))
        scored = [(self._score(asked, count), index) for index, count in enumerate(self._counts)]
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
        return [self._passages[index] for _score, index in best[:limit]]

    def _score(self, asked: set[str], count: Counter[str]) -> float:
        length = 1 - _B + _B * count.total() / self._mean
        return sum(
            self._rarity(word) * count[word] * (_K1 + 1) / (count[word] + _K1 * length)
            for word in asked
            if word in count
        )

    def _rarity(self, word: str) -> float:
        holding = self._holding[word]
        return math.log(1 + (len(self._passages) - holding + 0.5) / (holding + 0.5))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return [word[:5] for word in re.findall(r"\w+", plain)]
