"""Find and rank pieces of contributions, on the levels that a reader may see and no others.

Each level's words stand in a full-text table of their own (`index_schema`), so the levels of a
search decide which tables are opened at all: the permission comes before the search. Consent and
the other filters stand in the WHERE clause that gives the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop
from typing import TYPE_CHECKING, Any, NamedTuple

from knowledge.contribution import Level
from knowledge.passage import Passage
from knowledge.search.query import Query, question_words
from knowledge.search.schema import PIECE_BITS
from knowledge.search.snippet import CLOSE_MARK, OPEN_MARK, Snippet, snippet_of
from knowledge.search.weighing import Weighing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlite_utils import Database

    from knowledge.contribution import Consent
    from knowledge.search.listing import Filter

MAX_LIMIT = 1000
"""Hits that one search may ask for."""

SNIPPET_WORDS = 28

MAX_QUESTION_WORDS = 12
"""Words of a question that are looked for, the rarest first."""

_ENOUGH = 5
"""Hits with all words; with fewer, contributions that hold some of the words follow."""

_PIECES_PER_HIT = 3

_COLUMNS = """
SELECT passages_{level}.rowid, passages_{level}.rank,
       contributions.id, contributions.title, contributions.author,
       contributions.community, contributions.language,
       snippet(passages_{level}, 1, '{open}', '{close}', '…', {words}), contributions.given_by
FROM passages_{level} CROSS JOIN contributions
WHERE passages_{level} MATCH ?1
  AND contributions.number = passages_{level}.rowid >> {bits}
  AND contributions.consent & ?2 = ?2
  AND (?3 IS NULL OR contributions.language = ?3)
  AND (?4 IS NULL OR contributions.community = ?4)
  AND (?5 IS NULL OR ?5 IN (contributions.author, contributions.author_key))
  AND (?6 IS NULL OR EXISTS (
    SELECT 1 FROM contribution_tags WHERE tag = ?6 AND number = contributions.number))
"""

# Excluded words exclude the contribution, whichever of its pieces holds them.
_EXCLUSION = """
  AND (?7 IS NULL OR NOT EXISTS (
    SELECT 1 FROM passages_{level} AS other
    WHERE other.passages_{level} MATCH ?7
      AND other.rowid BETWEEN contributions.number << {bits}
                          AND (contributions.number << {bits}) + {last}))
"""

_BEST = _COLUMNS + _EXCLUSION + "ORDER BY passages_{level}.rank LIMIT ?8"

_ONE = _COLUMNS + _EXCLUSION + "AND passages_{level}.rowid = ?8"

_PASSAGE = """
SELECT contributions.id, contributions.title, contributions.author, contributions.community,
       contributions.language, pieces.text, pieces.start, contributions.given_by
FROM pieces CROSS JOIN contributions
WHERE pieces.number = ?1
  AND contributions.number = pieces.number >> {bits}
  AND contributions.consent & ?2 = ?2
"""


def _for_each_level(template: str) -> dict[Level, str]:
    return {
        level: template.format(
            level=level.value,
            open=OPEN_MARK,
            close=CLOSE_MARK,
            words=SNIPPET_WORDS,
            bits=PIECE_BITS,
            last=(1 << PIECE_BITS) - 1,
        )
        for level in Level
    }


_BEST_SQL = _for_each_level(_BEST)
_ONE_SQL = _for_each_level(_ONE)
_PASSAGE_SQL = _PASSAGE.format(bits=PIECE_BITS)


@dataclass(frozen=True, slots=True)
class Hit:
    """A contribution that a search found.

    Attributes:
        id: Of the contribution, 64 hex characters.
        snippet: From the piece that fits best.
        score: Higher is better; comparable only within one list of results.
        given_by: Who signed it, where that is not the author; else "".
    """

    id: str
    title: str
    author: str
    community: str
    level: Level
    language: str
    snippet: Snippet
    score: float
    given_by: str


class _Filters(NamedTuple):
    """Parameters ?2 to ?7 of the statements above."""

    consent: int
    language: str | None
    community: str | None
    author: str | None
    tag: str | None
    excluded: str | None


class Ranking:
    """Full-text search over the index's tables. Reads only.

    Args:
        db: The database that holds the index.
    """

    def __init__(self, db: Database) -> None:
        self._conn: Any = db.conn
        self._weighing = Weighing(db)

    def hits(self, query: Query, wanted: Filter, limit: int) -> list[Hit]:
        """Return the contributions that fit a query, best first, each once.

        Those that hold every word in one piece come first. If they are few, those that hold some
        of the words follow.

        Args:
            query: From `knowledge.search.query.parse_query`.
            wanted: What the reader may see (nothing else is looked at), and what else narrows.
            limit: At most this many hits, up to `MAX_LIMIT`.
        """
        limit = min(limit, MAX_LIMIT)
        if not query.terms or limit <= 0:
            return []
        filters = _Filters(
            int(wanted.consent),
            wanted.language,
            wanted.community,
            wanted.author,
            None if wanted.tag is None else wanted.tag.casefold(),
            " OR ".join(query.excluded) or None,
        )
        searched = _distinct(wanted.levels)
        found: dict[str, Hit] = {}
        for hit in self._stages(query, searched, filters, limit):
            found.setdefault(hit.id, hit)
            if len(found) == limit:
                break
        return list(found.values())

    def passages(
        self, question: str, *, levels: Collection[Level], limit: int, consent: Consent
    ) -> list[Passage]:
        """Return the pieces that a question's words point to, best first.

        Args:
            question: In anybody's own words; its most common words are left out.
            levels: What the asker may see; nothing else is looked at.
            limit: At most this many, up to `MAX_LIMIT`.
            consent: Only contributions that allow all of these uses.
        """
        limit = min(limit, MAX_LIMIT)
        found: list[Passage] = []
        if limit <= 0:
            return found
        words = question_words(question)
        for number, level, score in self._any_of(words, _distinct(levels), MAX_QUESTION_WORDS):
            row = self._conn.execute(_PASSAGE_SQL, (number, int(consent))).fetchone()
            if row is None:
                continue
            identity, title, author, community, spoken, text, start, given_by = row
            whose = identity, title, author, community, spoken, level
            found.append(Passage(*whose, text, score, start, given_by))
            if len(found) == limit:
                break
        return found

    def _stages(
        self,
        query: Query,
        levels: list[Level],
        filters: _Filters,
        limit: int,
    ) -> Iterator[Hit]:
        """Yield hits from the strictest reading of the query to the widest."""
        strict: list[Hit] = []
        for terms in (query.terms, *query.looser):
            strict = self._all_of(terms, levels, filters, limit)
            if strict:
                break
        yield from strict
        if len(strict) < min(limit, _ENOUGH) and len(query.terms) > 1:
            yield from self._widened(query.terms, levels, filters)

    def _all_of(
        self,
        terms: tuple[str, ...],
        levels: list[Level],
        filters: _Filters,
        limit: int,
    ) -> list[Hit]:
        expression = " AND ".join(terms)
        rows = {
            level: ranked
            for level in levels
            if (ranked := self._best(level, expression, filters, limit))
        }
        if not rows:
            return []
        scales = self._weighing.scales(self._weighing.words(terms, rows), rows)
        hits = [
            _hit(row, level, row[1] * scales[level])
            for level, ranked in rows.items()
            for row in ranked
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        return hits

    def _best(
        self,
        level: Level,
        expression: str,
        filters: _Filters,
        limit: int,
    ) -> list[Any]:
        """Return the best row of each contribution, best first, at most `limit`."""
        wanted = limit
        while True:
            rows = self._conn.execute(_BEST_SQL[level], (expression, *filters, wanted)).fetchall()
            best: dict[str, Any] = {}
            for row in rows:
                best.setdefault(row[2], row)
            if len(best) >= limit or len(rows) < wanted:
                return list(best.values())[:limit]
            wanted *= 8

    def _widened(
        self,
        terms: tuple[str, ...],
        levels: list[Level],
        filters: _Filters,
    ) -> Iterator[Hit]:
        expression = " OR ".join(terms)
        seen: set[int] = set()
        for number, level, score in self._any_of(terms, levels, len(terms)):
            if number >> PIECE_BITS in seen:
                continue
            seen.add(number >> PIECE_BITS)
            row = self._conn.execute(_ONE_SQL[level], (expression, *filters, number)).fetchone()
            if row is not None:
                yield _hit(row, level, score)

    def _any_of(
        self, terms: Collection[str], levels: list[Level], most: int
    ) -> Iterator[tuple[int, Level, float]]:
        """Yield pieces with any of the rarest terms and their scores, best first."""
        words = self._weighing.telling(self._weighing.words(terms, levels), most)
        rows = self._weighing.rows(levels)
        best = [
            (-score, row, level)
            for level in levels
            for row, score in self._weighing.scored(words, level, rows).items()
        ]
        heapify(best)  # most callers take a few of thousands: no need to sort the rest
        while best:
            negative, row, level = heappop(best)
            yield row, level, -negative


def _hit(row: Any, level: Level, score: float) -> Hit:  # noqa: ANN401 - a row of _COLUMNS
    return Hit(row[2], row[3], row[4], row[5], level, row[6], snippet_of(row[7]), score, row[8])


def _distinct(levels: Collection[Level]) -> list[Level]:
    return [level for level in Level if level in levels]
