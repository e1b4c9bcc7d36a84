"""The one place that opens the database file, and turns SQLite's errors into ours.

    closed ──BEGIN IMMEDIATE──► writing ──COMMIT──► closed, then the callbacks
                                   └─────ROLLBACK──► closed, callbacks forgotten

`secure_delete` zeroes what is deleted, but not the stale copies that SQLite
leaves in a page when it moves rows between pages (measured; see
decision 0004). Tables that hold people's words are therefore laid out
so that their rows never move: see `crdt.store.schema`.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlcipher3 import dbapi2

from crdt.errors import DiskFull, StoreDamaged, StoreError, WrongKey
from crdt.store.sqlite_utils_alone import Database as Database  # the core takes it from here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

KEY_BYTES = 32
BUSY_TIMEOUT_MS = 5_000

_FULL, _CORRUPT, _NOT_A_DATABASE, _IO, _BUSY = 13, 11, 26, 10, 5
_PRIMARY_CODE = 0xFF

Row = tuple[Any, ...]


def open_database(path: Path, key: bytes, *, writes: bool) -> Database:
    """Open the file with its key.

    Args:
        path: Created if absent, when `writes`.
        key: 32 bytes, used as they are: no password hashing here.
        writes: False for a connection that may only read.

    Raises:
        WrongKey: The file is not a database, or not of this key.
        StoreError: It cannot be opened at all.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a database key has {KEY_BYTES} bytes")
    if not writes and not path.exists():
        raise StoreError(f"there is no {path}")
    try:
        raw: Any = dbapi2.connect(str(path), isolation_level=None, check_same_thread=writes)
    except dbapi2.Error as error:
        raise our_error(error) from error
    try:
        raw.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        raw.execute("PRAGMA temp_store = MEMORY")
        raw.execute("PRAGMA secure_delete = ON")
        raw.execute("PRAGMA foreign_keys = OFF")  # rows are numbered by us, never by a peer
        raw.execute("PRAGMA trusted_schema = OFF")
        raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if writes:
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = FULL")
        else:
            raw.execute("PRAGMA query_only = ON")
    except dbapi2.Error as error:
        raw.close()
        # SQLCipher cannot tell a wrong key from a first page that was overwritten.
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE == _NOT_A_DATABASE:
            raise WrongKey("or the file is not a database of this software") from error
        raise our_error(error) from error
    return Database(raw, execute_plugins=False)


def our_error(error: Exception) -> StoreError:
    """Say in our words what SQLite reports."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    if code == _FULL or getattr(error, "errno", None) == errno.ENOSPC:
        return DiskFull()
    if code in (_CORRUPT, _NOT_A_DATABASE):
        return StoreDamaged(str(error))
    if code == _IO:
        return StoreError(f"the disk does not answer: {error}")
    if code == _BUSY:
        return StoreError("another program is writing to it")
    return StoreError(str(error))


class Connection:
    """The writing connection, used by one thread.

    Args:
        db: As `open_database` returns it.
    """

    def __init__(self, db: Database) -> None:
        self.db: Final = db
        self._raw: Any = db.conn
        self._depth = 0
        self._callbacks: list[Callable[[], None]] = []
        self.before_commit: list[Callable[[], None]] = []
        self.after_rollback: list[Callable[[], None]] = []

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """Return the first row of a query, or None."""
        try:
            found: Row | None = self._raw.execute(sql, parameters).fetchone()
        except dbapi2.Error as error:
            raise our_error(error) from error
        return found

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query; for long answers ask in pages."""
        try:
            found: list[Row] = self._raw.execute(sql, parameters).fetchall()
        except dbapi2.Error as error:
            raise our_error(error) from error
        return found

    def write(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Change rows; returns how many changed.

        Raises:
            StoreError: Also when no transaction is open.
        """
        if not self._depth:
            raise ValueError("writing takes a transaction: with store.writing()")
        try:
            changed: int = self._raw.execute(sql, parameters).rowcount
        except dbapi2.Error as error:
            raise our_error(error) from error
        return changed

    def insert(self, sql: str, parameters: Sequence[object]) -> int:
        """Insert a row; returns its number."""
        if not self._depth:
            raise ValueError("writing takes a transaction: with store.writing()")
        try:
            number: int = self._raw.execute(sql, parameters).lastrowid
        except dbapi2.Error as error:
            raise our_error(error) from error
        return number

    @property
    def is_writing(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open a transaction, or join the one that is open."""
        if self._depth:
            yield
            return
        self._execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            for prepare in self.before_commit:
                prepare()
            self._execute("COMMIT")
        except dbapi2.Error as error:  # of other tables, written through `db`
            self._undo()
            raise our_error(error) from error
        except BaseException:
            self._undo()
            raise
        self._depth = 0
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back after the outermost commit, or never."""
        if not self._depth:
            raise ValueError("nothing is being written")
        self._callbacks.append(callback)

    def checkpoint(self) -> bool:
        """Move the journal into the database and empty it; False when a reader is in the way."""
        if self._depth:
            raise ValueError("not while writing")
        busy = self.row("PRAGMA wal_checkpoint(TRUNCATE)")
        return busy is not None and busy[0] == 0

    def compact(self) -> None:
        """Write the whole file anew."""
        if self._depth:
            raise ValueError("not while writing")
        self._execute("VACUUM")

    def close(self) -> None:
        """Release the file."""
        self._raw.close()

    def _undo(self) -> None:
        self._depth = 0
        self._callbacks.clear()
        if self._raw.in_transaction:  # SQLite undoes by itself when the disk is full
            self._execute("ROLLBACK")
        for forget in self.after_rollback:
            forget()

    def _execute(self, sql: str) -> None:
        try:
            self._raw.execute(sql)
        except dbapi2.Error as error:
            raise our_error(error) from error
