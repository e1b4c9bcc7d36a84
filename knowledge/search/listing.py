"""Lists of contributions, a page at a time, cheap however many there are.

The order and the common filters are answered from an index alone; only the rows of the page
itself are read. Totals without filters are kept, not counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from knowledge.contribution import Consent, Level
from knowledge.search.schema import PIECE_BITS

if TYPE_CHECKING:
    from sqlite_utils import Database

MAX_PAGE = 1000
"""Rows that one page may hold."""

MAX_TOTALS = 256
"""Totals remembered at once."""

OPENING = 200
"""Code points of a text that a list shows."""

_PAGE = """
SELECT contributions.id, title, author, author_key, community, level, language, tags, place,
       consent, created_ms, changed_ms, edits, substr(pieces.text, 1, {opening}), given_by
FROM (
    SELECT number AS wanted FROM contributions
    WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?)
JOIN contributions ON contributions.number = wanted
JOIN pieces ON pieces.number = wanted << {bits}
ORDER BY {order}
"""


class Order(Enum):
    """How a list is sorted."""

    NEWEST = "contributions.changed_ms DESC, contributions.number DESC"
    TITLE = "contributions.title_order, contributions.number"
    AUTHOR = "contributions.author_order, contributions.changed_ms DESC, contributions.number"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which contributions a list shows; None means any.

    Attributes:
        levels: What the reader may see; nothing else is listed or counted.
        author: The name shown, or the author's key in hex.
        tag: Upper and lower case are the same.
        consent: Only contributions that allow all of these uses.
    """

    levels: tuple[Level, ...]
    language: str | None = None
    community: str | None = None
    author: str | None = None
    tag: str | None = None
    consent: Consent = Consent.NONE

    def condition(self) -> tuple[str, list[Any]]:
        """Return the WHERE clause and its parameters."""
        marks = ", ".join("?" * len(self.levels))
        clauses = [f"contributions.level IN ({marks})"]
        values: list[Any] = [level.value for level in self.levels]
        if self.language is not None:
            clauses.append("contributions.language = ?")
            values.append(self.language)
        if self.community is not None:
            clauses.append("contributions.community = ?")
            values.append(self.community)
        if self.author is not None:
            clauses.append("? IN (contributions.author, contributions.author_key)")
            values.append(self.author)
        if self.consent:
            clauses.append("contributions.consent & ? = ?")
            values += [int(self.consent)] * 2
        if self.tag is not None:
            clauses.append(
                "contributions.number IN (SELECT number FROM contribution_tags WHERE tag = ?)"
            )
            values.append(self.tag.casefold())
        return " AND ".join(clauses), values

    @property
    def is_bare(self) -> bool:
        """Whether nothing but the levels narrows the list."""
        return self == Filter(self.levels)


@dataclass(frozen=True, slots=True)
class Card:
    """A contribution as a list shows it: all but its text, of which there is the opening.

    Attributes:
        opening: At most `OPENING` code points from the start of the text.
        given_by: Who signed it, where that is not the author; else "".
    """

    id: str
    title: str
    author: str
    author_key: str
    community: str
    level: Level
    language: str
    tags: tuple[str, ...]
    place: str
    consent: Consent
    created_ms: int
    changed_ms: int
    edits: int
    opening: str
    given_by: str


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, and how many rows the whole of it has."""

    cards: tuple[Card, ...]
    total: int


class Listing:
    """Lists over the search index's tables. Reads only.

    Args:
        db: The database that holds the index.
    """

    def __init__(self, db: Database) -> None:
        self._conn: Any = db.conn
        self._totals: dict[Filter, int] = {}
        self._totals_at = (0, 0)

    def page(self, wanted: Filter, order: Order, limit: int, offset: int) -> Page:
        """Return `limit` rows from `offset` on, and the total.

        Raises:
            ValueError: A limit beyond `MAX_PAGE`, or a negative number.
        """
        if not 0 <= limit <= MAX_PAGE or offset < 0:
            raise ValueError(f"a page has 0 to {MAX_PAGE} rows, from 0 on")
        where, values = wanted.condition()
        sql = _PAGE.format(where=where, order=order.value, bits=PIECE_BITS, opening=OPENING)
        rows = self._conn.execute(sql, (*values, limit, offset)).fetchall()
        return Page(tuple(map(_card, rows)), self.total(wanted))

    def total(self, wanted: Filter) -> int:
        """Count the rows of a list; once, as long as the index does not change."""
        [data_version] = self._conn.execute("PRAGMA data_version").fetchone()
        version = (data_version, self._conn.total_changes)
        if version != self._totals_at or len(self._totals) >= MAX_TOTALS:
            self._totals_at = version
            self._totals.clear()
        if wanted not in self._totals:
            self._totals[wanted] = self._count(wanted)
        return self._totals[wanted]

    def _count(self, wanted: Filter) -> int:
        if wanted.is_bare:
            marks = ", ".join("?" * len(wanted.levels))
            sql = f"SELECT total(contributions) FROM contribution_counts WHERE level IN ({marks})"  # noqa: S608
            values: list[Any] = [level.value for level in wanted.levels]
        else:
            where, values = wanted.condition()
            sql = f"SELECT count(*) FROM contributions WHERE {where}"  # noqa: S608
        return int(self._conn.execute(sql, values).fetchone()[0])


def _card(row: tuple[Any, ...]) -> Card:
    return Card(
        id=row[0],
        title=row[1],
        author=row[2],
        author_key=row[3],
        community=row[4],
        level=Level(row[5]),
        language=row[6],
        tags=tuple(json.loads(row[7])),
        place=row[8],
        consent=Consent(row[9]),
        created_ms=row[10],
        changed_ms=row[11],
        edits=row[12],
        opening=row[13],
        given_by=row[14],
    )
