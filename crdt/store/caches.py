"""Materialised documents, epoch keys, receipts and shelves: the plain tables of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl.bindings import crypto_secretbox, crypto_secretbox_open
from nacl.exceptions import CryptoError

from crdt.ids import ID_BYTES, DeviceId, DocumentId, EntryId, EpochId, SpaceId
from crdt.store.rows import EpochKey, Materialised

if TYPE_CHECKING:
    from crdt.store.connection import Connection
    from crdt.store.spaces import SpaceTable

MAX_DEVICES = 1000
"""Of one community, whose receipts are kept."""

_NONCE = bytes(24)


class DocumentTable:
    """See `crdt.store.port.Documents`.

    A saved document changes its size, so SQLite may leave copies of parts of it
    behind. Each is therefore sealed under a key of its own, which lies in a row
    that never moves and is replaced at every save.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, document: DocumentId, materialised: Materialised) -> None:
        """Keep a document as replay left it."""
        [(slot, key)] = self._connection.rows(
            "INSERT INTO slots (document, key) VALUES (?, randomblob(32))"
            " ON CONFLICT (document) DO UPDATE SET key = excluded.key RETURNING number, key",
            (document,),
        )
        self._connection.write(
            "INSERT OR REPLACE INTO materialised (slot, replay_version, heads_hash, sealed)"
            " VALUES (?, ?, ?, ?)",
            (
                slot,
                materialised.replay_version,
                materialised.heads_hash,
                crypto_secretbox(materialised.saved, _NONCE, key),
            ),
        )

    def load(self, document: DocumentId) -> Materialised | None:
        """Return what was kept; None also when it is damaged."""
        row = self._connection.row(
            "SELECT replay_version, heads_hash, sealed, key FROM slots"
            " JOIN materialised ON slot = number WHERE document = ?",
            (document,),
        )
        if row is None:
            return None
        version, heads_hash, sealed, key = row
        try:
            saved = crypto_secretbox_open(sealed, _NONCE, key)
        except CryptoError:
            return None
        return Materialised(version, heads_hash, saved)

    def drop(self, document: DocumentId) -> None:
        """Forget it."""
        which = "(SELECT number FROM slots WHERE document = ?)"
        self._connection.write(f"DELETE FROM materialised WHERE slot = {which}", (document,))  # noqa: S608
        sql = "UPDATE slots SET key = zeroblob(32) WHERE document = ?"
        self._connection.write(sql, (document,))


class EpochTable:
    """See `crdt.store.port.Epochs`."""

    def __init__(self, connection: Connection, spaces: SpaceTable) -> None:
        self._connection = connection
        self._spaces = spaces

    def add(self, key: EpochKey) -> bool:
        """Keep a key; returns whether it is new."""
        values = self._spaces.number_of(key.space), key.epoch, key.key, b"".join(key.cites)
        changed = self._connection.write(
            "INSERT OR IGNORE INTO epochs (space, epoch, key, cites, entry) VALUES (?, ?, ?, ?, ?)",
            (*values, key.entry),
        )
        return changed == 1

    def get(self, space: SpaceId, epoch: EpochId) -> EpochKey | None:
        """Return a key, or None."""
        found = self._select(space, "AND epoch = ?", epoch)
        return found[0] if found else None

    def of_space(self, space: SpaceId) -> tuple[EpochKey, ...]:
        """Return the keys of a space, the one that came last first."""
        return self._select(space, "ORDER BY number DESC")

    def _select(self, space: SpaceId, which: str, *parameters: object) -> tuple[EpochKey, ...]:
        sql = f"SELECT epoch, key, cites, entry FROM epochs WHERE space = ? {which}"  # noqa: S608
        rows = self._connection.rows(sql, (self._spaces.number_of(space), *parameters))
        return tuple(
            EpochKey(space, epoch, key, _split(cites), entry) for epoch, key, cites, entry in rows
        )


class ReceiptTable:
    """See `crdt.store.port.Receipts`."""

    def __init__(self, connection: Connection, spaces: SpaceTable) -> None:
        self._connection = connection
        self._spaces = spaces

    def put(self, space: SpaceId, device: DeviceId, counter: int, signed: bytes) -> bool:
        """Keep a verified receipt if it is newer, and there is room."""
        home = self._spaces.number_of(space)
        known = self._connection.row(
            "SELECT counter FROM receipts WHERE space = ? AND device = ?", (home, device)
        )
        if known is None:
            row = self._connection.row("SELECT count(*) FROM receipts WHERE space = ?", (home,))
            if row is not None and row[0] >= MAX_DEVICES:
                return False
        elif known[0] >= counter:
            return False
        self._connection.write(
            "INSERT OR REPLACE INTO receipts (space, device, counter, signed) VALUES (?, ?, ?, ?)",
            (home, device, counter, signed),
        )
        return True

    def get(self, space: SpaceId, device: DeviceId) -> bytes | None:
        """Return the receipt of one device, or None."""
        sql = "SELECT signed FROM receipts WHERE space = ? AND device = ?"
        row = self._connection.row(sql, (self._spaces.number_of(space), device))
        return None if row is None else row[0]

    def drop(self, space: SpaceId, device: DeviceId) -> None:
        """Forget the receipt of one device."""
        sql = "DELETE FROM receipts WHERE space = ? AND device = ?"
        self._connection.write(sql, (self._spaces.number_of(space), device))

    def counters(self, space: SpaceId) -> dict[DeviceId, int]:
        """Return the counter of each device's receipt."""
        sql = "SELECT device, counter FROM receipts WHERE space = ? ORDER BY device"
        rows = self._connection.rows(sql, (self._spaces.number_of(space),))
        return {DeviceId(device): counter for device, counter in rows}


class ShelfTable:
    """See `crdt.store.port.Shelves`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, shelf: str, key: bytes, value: bytes) -> None:
        """Keep or replace a value."""
        sql = "INSERT OR REPLACE INTO shelves (shelf, key, value) VALUES (?, ?, ?)"
        self._connection.write(sql, (shelf, key, value))

    def get(self, shelf: str, key: bytes) -> bytes | None:
        """Return a value, or None."""
        sql = "SELECT value FROM shelves WHERE shelf = ? AND key = ?"
        row = self._connection.row(sql, (shelf, key))
        return None if row is None else row[0]

    def items(self, shelf: str) -> tuple[tuple[bytes, bytes], ...]:
        """Return a whole shelf, ordered by key."""
        sql = "SELECT key, value FROM shelves WHERE shelf = ? ORDER BY key"
        return tuple((row[0], row[1]) for row in self._connection.rows(sql, (shelf,)))

    def first(self, shelf: str, most: int = -1) -> list[bytes]:
        """Return the first keys of a shelf, in order; -1: all."""
        sql = "SELECT key FROM shelves WHERE shelf = ? ORDER BY key LIMIT ?"
        return [key for (key,) in self._connection.rows(sql, (shelf, most))]

    def drop(self, shelf: str, key: bytes) -> None:
        """Forget a value."""
        sql = "DELETE FROM shelves WHERE shelf = ? AND key = ?"
        self._connection.write(sql, (shelf, key))


def _split(ids: bytes) -> tuple[EntryId, ...]:
    starts = range(0, len(ids), ID_BYTES)
    return tuple(EntryId(ids[start : start + ID_BYTES]) for start in starts)
