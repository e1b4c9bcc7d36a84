"""The search index: a view of the contributions on this node, made from the entries.

It lives in the node's own (encrypted) database, in tables that nobody else writes. Each change is
whole by itself, and joins the caller's transaction when there is one: put many inside one
`BEGIN IMMEDIATE` for speed. The index never commits what the caller began.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.contribution import Consent, Contribution, Level
from knowledge.search import schema
from knowledge.search.contribution_row import (
    GET_ROW,
    PUT_ROW,
    row_contribution,
    row_digest,
    row_values,
)
from knowledge.search.listing import Filter, Listing, Order, Page
from knowledge.search.pieces import Piece, pieces
from knowledge.search.query import parse_query
from knowledge.search.ranking import Hit, Ranking
from knowledge.search.schema import PIECE_BITS

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable

    from sqlite_utils import Database

    from knowledge.passage import Passage


@dataclass(frozen=True, slots=True)
class _Indexed:
    """What the index holds of a contribution before a change."""

    number: int
    level: Level
    title: str
    cut: list[Piece]


class SearchIndex:
    """Keeps contributions findable. One thread at a time.

    Args:
        db: An open database; the tables are made in it if they are missing or of another version,
            and then `is_fresh` is true: fill it with `rebuild`.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._conn: Any = db.conn
        self._listing = Listing(db)
        self._ranking = Ranking(db)
        self._conn.execute("PRAGMA secure_delete = ON").fetchone()
        self.is_fresh = not schema.is_current(db)
        if self.is_fresh:
            with self._whole():
                schema.create(db)

    @property
    def db(self) -> Database:
        """The database, for whoever opened it: to begin transactions in, and to close."""
        return self._db

    def put(self, contribution: Contribution) -> bool:
        """Add a contribution, or bring it up to date; return whether anything changed.

        Only the pieces of the text that changed are indexed again.
        """
        digest = row_digest(contribution)
        known = self._conn.execute(
            "SELECT number, level, title, digest FROM contributions WHERE id = ?",
            (contribution.id,),
        ).fetchone()
        if known is not None and known[3] == digest:
            return False
        with self._whole():
            if known is None:
                number = self._next_number()
                indexed = _Indexed(number, contribution.level, contribution.title, [])
            else:
                indexed = self._indexed(known[0], Level(known[1]), known[2])
                self._remove_row(indexed)
            self._replace_pieces(indexed, contribution)
            self._insert_row(indexed.number, contribution, digest)
        return True

    def remove(self, contribution_id: str) -> bool:
        """Erase a contribution with every word of it; return whether it was there."""
        known = self._conn.execute(
            "SELECT number, level, title FROM contributions WHERE id = ?", (contribution_id,)
        ).fetchone()
        if known is None:
            return False
        with self._whole():
            indexed = self._indexed(known[0], Level(known[1]), known[2])
            self._remove_pieces(indexed, range(len(indexed.cut)))
            self._remove_row(indexed)
        return True

    def get(
        self, contribution_id: str, *, levels: Collection[Level] = tuple(Level)
    ) -> Contribution | None:
        """Return a contribution, or None if it is not here or not on one of these levels."""
        row = self._conn.execute(GET_ROW, (contribution_id,)).fetchone()
        if row is None or Level(row[2]) not in levels:
            return None
        return row_contribution(row, "".join(piece.text for piece in self._pieces(row[0])))

    def page(
        self, wanted: Filter, order: Order = Order.NEWEST, *, limit: int = 50, offset: int = 0
    ) -> Page:
        """Return a page of the contributions that a filter lets through, and their total."""
        return self._listing.page(wanted, order, limit, offset)

    def total(self, wanted: Filter) -> int:
        """Count what a filter lets through; at no cost while nothing changes."""
        return self._listing.total(wanted)

    def search(
        self, typed: str, wanted: Filter, *, limit: int = 20, as_you_type: bool = False
    ) -> list[Hit]:
        """Return what fits a typed query (see `knowledge.search.query`), best first.

        Args:
            typed: Anything; it is never an error.
            wanted: What the reader may see, and what else narrows the search.
            limit: At most this many hits.
            as_you_type: The last word may be unfinished.
        """
        query = parse_query(typed, as_you_type=as_you_type)
        return self._ranking.hits(query, wanted, limit)

    def passages(
        self, question: str, *, levels: Collection[Level], limit: int = 8, consent: Consent
    ) -> list[Passage]:
        """Return the pieces that a question's words point to, best first."""
        return self._ranking.passages(question, levels=levels, limit=limit, consent=consent)

    def ids_beginning(
        self, prefix: str, *, levels: Collection[Level] = tuple(Level), limit: int = 10
    ) -> list[str]:
        """Return ids that begin with these hex letters, in order, at most `limit`."""
        rows = self._conn.execute(
            "SELECT id, level FROM contributions WHERE id >= ? AND id < ? ORDER BY id",
            (prefix.lower(), prefix.lower() + "g"),
        )
        found = [row[0] for row in rows.fetchall() if Level(row[1]) in levels]
        return found[:limit]

    def rebuild(self, contributions: Iterable[Contribution]) -> int:
        """Make the index anew from these contributions, whole or not at all; return how many."""
        count = 0
        with self._whole():
            schema.create(self._db)
            for contribution in contributions:
                count += self.put(contribution)
        self.is_fresh = False
        return count

    def is_damaged(self) -> bool:
        """Check every word of the index against the texts. Takes as long as reading it all."""
        try:
            for level in Level:
                table = f"passages_{level.value}"
                self._conn.execute(
                    f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)"  # noqa: S608
                )
                counted, held = self._conn.execute(
                    f"SELECT pieces, (SELECT count(*) FROM passage_text_{level.value}) "  # noqa: S608
                    "FROM contribution_counts WHERE level = ?",
                    (level.value,),
                ).fetchone()
                if counted != held:
                    return True
        except self._conn.DatabaseError:
            return True
        return False

    @contextmanager
    def _whole(self) -> Generator[None]:
        """Let the statements inside happen together or not at all."""
        self._conn.execute("SAVEPOINT search_index")
        try:
            yield
        except BaseException:
            self._conn.execute("ROLLBACK TO search_index")
            self._conn.execute("RELEASE search_index")
            raise
        self._conn.execute("RELEASE search_index")

    def _next_number(self) -> int:
        row = self._conn.execute("SELECT coalesce(max(number), 0) + 1 FROM contributions")
        return int(row.fetchone()[0])

    def _indexed(self, number: int, level: Level, title: str) -> _Indexed:
        return _Indexed(number, level, title, self._pieces(number))

    def _pieces(self, number: int) -> list[Piece]:
        rows = self._conn.execute(
            "SELECT start, text FROM pieces WHERE number BETWEEN ? AND ? ORDER BY number",
            (number << PIECE_BITS, ((number + 1) << PIECE_BITS) - 1),
        ).fetchall()
        return [Piece(start, text) for start, text in rows]

    def _replace_pieces(self, indexed: _Indexed, contribution: Contribution) -> None:
        """Swap the pieces that changed; a piece in its old place with its old words stays."""
        cut = pieces(contribution.text) or [Piece(0, "")]
        kept: set[int] = set()
        if (indexed.title, indexed.level) == (contribution.title, contribution.level):
            pairs = enumerate(zip(indexed.cut, cut, strict=False))
            kept = {at for at, (old, new) in pairs if old.text == new.text}
        self._remove_pieces(indexed, [at for at in range(len(indexed.cut)) if at not in kept])
        fresh = [at for at in range(len(cut)) if at not in kept]
        table = f"passages_{contribution.level.value}"
        first = indexed.number << PIECE_BITS
        self._conn.executemany(
            "UPDATE pieces SET start = ? WHERE number = ?",
            ((cut[at].start, first + at) for at in kept if cut[at] != indexed.cut[at]),
        )
        self._conn.executemany(
            "INSERT INTO pieces (number, start, text) VALUES (?, ?, ?)",
            ((first + at, cut[at].start, cut[at].text) for at in fresh),
        )
        self._conn.executemany(
            f"INSERT INTO {table} (rowid, title, text) VALUES (?, ?, ?)",  # noqa: S608
            ((first + at, contribution.title, cut[at].text) for at in fresh),
        )
        self._count(contribution.level, 0, len(fresh))

    def _remove_pieces(self, indexed: _Indexed, gone: Collection[int]) -> None:
        table = f"passages_{indexed.level.value}"
        first = indexed.number << PIECE_BITS
        self._conn.executemany(
            f"INSERT INTO {table} ({table}, rowid, title, text) VALUES ('delete', ?, ?, ?)",  # noqa: S608
            ((first + at, indexed.title, indexed.cut[at].text) for at in gone),
        )
        self._conn.executemany(
            "DELETE FROM pieces WHERE number = ?", ((first + at,) for at in gone)
        )
        self._count(indexed.level, 0, -len(gone))

    def _insert_row(self, number: int, contribution: Contribution, digest: bytes) -> None:
        self._conn.execute(PUT_ROW, row_values(number, contribution, digest))
        self._conn.executemany(
            "INSERT OR IGNORE INTO contribution_tags (tag, number) VALUES (?, ?)",
            ((tag.casefold(), number) for tag in contribution.tags),
        )
        self._count(contribution.level, 1, 0)

    def _remove_row(self, indexed: _Indexed) -> None:
        tags = self._conn.execute(
            "SELECT tags FROM contributions WHERE number = ?", (indexed.number,)
        ).fetchone()
        self._conn.executemany(
            "DELETE FROM contribution_tags WHERE tag = ? AND number = ?",
            ((tag.casefold(), indexed.number) for tag in json.loads(tags[0])),
        )
        self._conn.execute("DELETE FROM contributions WHERE number = ?", (indexed.number,))
        self._count(indexed.level, -1, 0)

    def _count(self, level: Level, contributions: int, made: int) -> None:
        self._conn.execute(
            "UPDATE contribution_counts SET contributions = contributions + ?, pieces = pieces + ? "
            "WHERE level = ?",
            (contributions, made, level.value),
        )
