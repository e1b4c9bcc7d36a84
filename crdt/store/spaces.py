"""The spaces of a store, and the running count and fingerprint of each.

The fingerprint is a hash of (total, count), where the total is the sum modulo
2^4096 of each id stretched to 4096 bits by SHAKE256: order-free, and cheap to keep,
because entries never leave the set. Ids are not summed as they are: who writes
many entries could find two sets whose ids, 256 bits each, have the same sum (the
generalised birthday problem), and so hide an entry from a node that lacks it.
Source: Bellare and Micciancio, A New Paradigm for Collision-Free Hashing (AdHash).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import shake_256
from typing import TYPE_CHECKING

from crdt.errors import UnknownSpace
from crdt.ids import EntryId, SpaceId, digest
from crdt.store.rows import SetSummary, SpaceRow

if TYPE_CHECKING:
    from crdt.store.connection import Connection

FINGERPRINT_BYTES = 16
TOTAL_BYTES = 512
_MODULUS = 1 << (8 * TOTAL_BYTES)


def stretch(entry: EntryId) -> int:
    """Return what an id adds to the total."""
    return int.from_bytes(shake_256(entry).digest(TOTAL_BYTES), "big")


def summarise(count: int, total: int) -> SetSummary:
    """Make a summary from the number of ids and their total."""
    parts = total.to_bytes(TOTAL_BYTES, "big"), count.to_bytes(8, "big")
    return SetSummary(count, digest(b"mesh set", *parts, size=FINGERPRINT_BYTES))


@dataclass(slots=True)
class _Tally:
    count: int
    total: int
    is_changed: bool = False


class SpaceTable:
    """See `crdt.store.port.Spaces`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers: dict[SpaceId, int] = {}
        self._tallies: dict[int, _Tally] = {}
        connection.before_commit.append(self._write_tallies)
        connection.after_rollback.append(self._forget)

    def add(self, row: SpaceRow) -> None:
        """Add a space, or replace what is known of it."""
        self._connection.write(
            "INSERT INTO spaces (space, kind, realm, charter, incarnation, total)"
            " VALUES (?, ?, ?, ?, ?, zeroblob(32)) ON CONFLICT (space) DO UPDATE SET"
            " kind = excluded.kind, realm = excluded.realm,"
            " charter = coalesce(excluded.charter, charter), incarnation = excluded.incarnation",
            (row.space, row.kind, row.realm, row.charter, row.incarnation),
        )

    def get(self, space: SpaceId) -> SpaceRow:
        """Return one space."""
        for row in self._select("WHERE space = ?", space):
            return row
        raise UnknownSpace(space.hex()[:12])

    def all(self) -> tuple[SpaceRow, ...]:
        """Return every space, in the order they were added."""
        return self._select("ORDER BY number")

    def summary(self, space: SpaceId) -> SetSummary:
        """Return count and fingerprint of the set."""
        tally = self._tally(self.number_of(space))
        return summarise(tally.count, tally.total)

    def number_of(self, space: SpaceId) -> int:
        """Return the row number of a space.

        Raises:
            UnknownSpace: Not held.
        """
        number = self._numbers.get(space)
        if number is None:
            row = self._connection.row("SELECT number FROM spaces WHERE space = ?", (space,))
            if row is None:
                raise UnknownSpace(space.hex()[:12])
            number = self._numbers[space] = row[0]
        return number

    def enter(self, number: int, entry: EntryId) -> None:
        """Count an entry that has just come into the set."""
        tally = self._tally(number)
        tally.count += 1
        tally.total = (tally.total + stretch(entry)) % _MODULUS
        tally.is_changed = True

    def _tally(self, number: int) -> _Tally:
        tally = self._tallies.get(number)
        if tally is None:
            sql = "SELECT count, total FROM spaces WHERE number = ?"
            row = self._connection.row(sql, (number,))
            count, total = row if row is not None else (0, b"")
            tally = self._tallies[number] = _Tally(count, int.from_bytes(total, "big"))
        return tally

    def _write_tallies(self) -> None:
        for number, tally in self._tallies.items():
            if tally.is_changed:
                self._connection.write(
                    "UPDATE spaces SET count = ?, total = ? WHERE number = ?",
                    (tally.count, tally.total.to_bytes(TOTAL_BYTES, "big"), number),
                )
                tally.is_changed = False

    def _forget(self) -> None:
        self._tallies.clear()
        self._numbers.clear()

    def _select(self, which: str, *parameters: object) -> tuple[SpaceRow, ...]:
        sql = f"SELECT space, kind, realm, charter, incarnation FROM spaces {which}"  # noqa: S608
        return tuple(SpaceRow(*row) for row in self._connection.rows(sql, parameters))
