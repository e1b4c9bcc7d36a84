"""What words weigh: bm25 over exactly the levels that a search may see.

FTS5 weighs a word by its rarity within one table. Here a search spans a table for each level, and
some are tiny: in a table of three notes FTS5 gives nearly every word no weight at all. So the
word's rarity is taken over all levels of the search together, and with the formula that stays
positive for common words (as Lucene has it); how often a word stands in a piece, and the piece's
length, are FTS5's own figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.contribution import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlite_utils import Database

ROW_BUDGET = 10_000
"""Index rows that the words of a question, or of a widened search, may touch together. Its rarest
words come first and tell most; so a question of common words costs what this bounds."""

_FTS5_LEAST_WEIGHT = 1e-6
"""FTS5's floor for the weight of a word that most rows hold (its documentation, 4.3.1)."""

_FREQUENCY = {
    level: f"SELECT count(*) FROM (SELECT 1 FROM passages_{level.value} "  # noqa: S608
    f"WHERE passages_{level.value} MATCH ?1 LIMIT ?2)"
    for level in Level
}

_MATCHES = {
    level: f"SELECT rowid, rank FROM passages_{level.value} "  # noqa: S608
    f"WHERE passages_{level.value} MATCH ?1 LIMIT ?2"
    for level in Level
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a search, and how many pieces of each level hold it (up to `ROW_BUDGET`)."""

    term: str
    frequencies: dict[Level, int]

    @property
    def total(self) -> int:
        """Pieces on all levels of the search that hold the word."""
        return sum(self.frequencies.values())


class Weighing:
    """Word statistics and scores of the search index. Reads only.

    Args:
        db: The database that holds the index.
    """

    def __init__(self, db: Database) -> None:
        self._conn: Any = db.conn

    def words(self, terms: Iterable[str], levels: Iterable[Level]) -> list[Word]:
        """Look up how common terms are on these levels and no others."""
        searched = list(levels)
        return [
            Word(term, {level: self._frequency(term, level) for level in searched})
            for term in terms
        ]

    def telling(self, words: Iterable[Word], most: int) -> list[Word]:
        """Return the rarest words there are, at most `most` and what `ROW_BUDGET` allows."""
        telling: list[Word] = []
        budget = ROW_BUDGET
        for word in sorted((word for word in words if word.total), key=lambda word: word.total):
            budget -= word.total
            if len(telling) == most or (telling and budget < 0):
                break
            telling.append(word)
        return telling

    def scored(self, words: Collection[Word], level: Level, rows: int) -> dict[int, float]:
        """Score every piece of a level that holds any of the words.

        The work is bounded by `ROW_BUDGET` when the words come from `telling`.

        Args:
            words: As found on all levels of the search.
            level: The one whose pieces are scored.
            rows: Pieces on all levels of the search, from `rows`.

        Returns:
            Row number to score, higher is better.
        """
        own = self.rows([level])
        scores: dict[int, float] = {}
        for word in words:
            frequency = word.frequencies[level]
            if not frequency:
                continue
            factor = -_weight(rows, word.total) / _fts5_weight(own, frequency)
            matches = self._conn.execute(_MATCHES[level], (word.term, ROW_BUDGET)).fetchall()
            for row, rank in matches:
                scores[row] = scores.get(row, 0.0) + rank * factor
        return scores

    def scales(self, words: Collection[Word], levels: Collection[Level]) -> dict[Level, float]:
        """Return for each level what turns FTS5's rank of a row that holds all words into a score.

        Exact for one word; for several as near as their common factor comes.
        """
        everything = self.rows(levels)
        weight = sum(_weight(everything, word.total) for word in words)
        scales: dict[Level, float] = {}
        for level in levels:
            own = self.rows([level])
            fts5 = sum(_fts5_weight(own, word.frequencies[level]) for word in words)
            scales[level] = -weight / fts5
        return scales

    def rows(self, levels: Collection[Level]) -> int:
        """Return how many pieces these levels hold."""
        counts = self._conn.execute("SELECT level, pieces FROM contribution_counts").fetchall()
        return sum(count for level, count in counts if Level(level) in levels)

    def _frequency(self, term: str, level: Level) -> int:
        row = self._conn.execute(_FREQUENCY[level], (term, ROW_BUDGET)).fetchone()
        return int(row[0])


def _weight(rows: int, holding: int) -> float:
    return math.log(1.0 + (rows - holding + 0.5) / (holding + 0.5))


def _fts5_weight(rows: int, holding: int) -> float:
    # FTS5 takes every match of a phrase for its count, in whichever column; so do we.
    return max(_FTS5_LEAST_WEIGHT, math.log((rows - holding + 0.5) / (holding + 0.5)))
