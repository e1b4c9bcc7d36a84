"""The store in one SQLCipher file, used by one thread.

WAL journal. `synchronous = FULL` throughout: a commit is on the disk before
`writing()` returns, so nothing that was acknowledged is lost. Received entries
come in batches of one commit each, which makes the cost of FULL small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.errors import StoreDamaged
from crdt.store.caches import DocumentTable, EpochTable, ReceiptTable, ShelfTable
from crdt.store.connection import Connection, open_database
from crdt.store.entries import EntryTable
from crdt.store.erasures import ErasureTable
from crdt.store.logs import LogTable
from crdt.store.schema import migrate
from crdt.store.spaces import SpaceTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from crdt.store.connection import Database


class SqliteStore:
    """A store; see `crdt.store.port.Store` for what its parts promise.

    Args:
        path: The database file, created if absent.
        key: 32 bytes.

    Raises:
        WrongKey, StoreDamaged, StoreTooNew, DiskFull, StoreError: It cannot be used.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        database = open_database(path, key, writes=True)
        self._connection = connection = Connection(database)
        try:
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        self.spaces = SpaceTable(connection)
        self.logs = LogTable(connection, self.spaces)
        self.documents = DocumentTable(connection)
        self.erasures = ErasureTable(connection, self.spaces, self.logs, self.documents)
        self.entries = EntryTable(connection, self.spaces, self.logs, self.erasures)
        self.epochs = EpochTable(connection, self.spaces)
        self.receipts = ReceiptTable(connection, self.spaces)
        self.shelves = ShelfTable(connection)

    @property
    def db(self) -> Database:
        """The writing connection, for other tables in the same file and transaction."""
        return self._connection.db

    @property
    def is_writing(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.is_writing

    def writing(self) -> AbstractContextManager[None]:
        """Open a transaction, or join the one that is open."""
        return self._connection.writing()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once what is being written is durable; never, if it is undone."""
        self._connection.after_commit(callback)

    def on_undone(self, callback: Callable[[], None]) -> None:
        """Call back whenever something that was being written is undone."""
        self._connection.after_rollback.append(callback)

    def reader(self) -> Database:
        """Open a second connection that may only read, for one other thread.

        It sees whole commits. Close its `conn` when done: an open read holds up `checkpoint`.
        """
        return open_database(self._path, self._key, writes=False)

    def checkpoint(self) -> bool:
        """Empty the journal, so that what was erased is gone from the disk."""
        is_empty = self._connection.checkpoint()
        if is_empty:
            self.erasures.finish()
        return is_empty

    def compact(self) -> None:
        """Write the whole file anew, without what was ever deleted, and empty the journal."""
        self._connection.compact()
        self.checkpoint()

    def check(self) -> None:
        """Read the whole file and verify every page and index.

        Raises:
            StoreDamaged: With what was found first.
        """
        for pragma in ("PRAGMA cipher_integrity_check", "PRAGMA integrity_check(1)"):
            row = self._connection.row(pragma)
            if row is not None and row[0] != "ok":
                raise StoreDamaged(str(row[0]))

    def close(self) -> None:
        """Release the file."""
        self._connection.close()
