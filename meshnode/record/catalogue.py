"""The catalogue: the search index kept in step with the record.

    record says "stale" ─> read the documents ─> put them into the index ─> made anew
    words were erased   ─> owed, durably ──────> write the whole file anew ─> no more owed

The index is a file of its own: derived, encrypted with the node's key, rebuilt
whenever it is missing or damaged, also while the node is at work. Readers have a
connection and a thread of their own, so a search never waits for an import. After
something was erased the whole file is written anew, because SQLite leaves copies
behind in its pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlcipher3 import dbapi2

from crdt.errors import MeshError, StoreDamaged, StoreError, WrongKey
from crdt.ids import DocumentId
from crdt.store.connection import open_database, our_error
from knowledge.search.index import SearchIndex
from meshnode.errors import IndexDamaged, NodeStopping
from meshnode.record.rendering import contribution_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from crdt.replica.replica import Replica
    from knowledge.contribution import Contribution
    from meshnode.record.record import Record

T = TypeVar("T")

_BATCH = 64
"""Documents put into the index in one transaction."""

_TURN = 8
"""Documents read in one turn on the record's thread: some 8 ms that others wait at most."""

RETRY_S = 30.0
"""After a failure (a full disk, say) the index is tried again so much later."""

_OWED_SHELF = "index owes"
"""Kept while words that were erased may still lie in the index file."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _View:
    """A document as the index should show it; None: no more."""

    id: str
    contribution: Contribution | None
    has_erased: bool


async def forget_nothing() -> None:
    """For a node without a model."""


class Catalogue:
    """Contributions to list, search and answer from.

    Args:
        path: The index file.
        key: 32 bytes.
        record: Whose documents it shows.
        announce: Called on the event loop after the catalogue changed.
        forget: Awaited after words were erased, before anybody is told that they are gone.
    """

    def __init__(
        self,
        path: Path,
        key: bytes,
        record: Record,
        announce: Callable[[], None],
        forget: Callable[[], Awaitable[None]] = forget_nothing,
    ) -> None:
        self.problem = ""
        """Why the index lags behind, for a person; "" when it does not."""
        self._path = path
        self._key = key
        self._record = record
        self._announce = announce
        self._forget = forget
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="index-writer")
        self.reader_thread = ThreadPoolExecutor(1, thread_name_prefix="index-reader")
        self._turn = asyncio.Lock()
        self._is_damaged = self._is_closed = False
        self._news = asyncio.Event()
        self._writer: SearchIndex | None = None
        self._reader: SearchIndex | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the index, making it anew if it cannot be used, and begin to keep it in step.

        Raises:
            StoreError: There is no room for it, or the disk does not answer.
        """
        try:
            await self._open_files()
        except (WrongKey, StoreDamaged):
            await self._remake()
        self._news.set()
        self._task = asyncio.create_task(self._keep_in_step())

    @property
    def writer(self) -> SearchIndex:
        """The index to change; on the writer's thread."""
        if self._writer is None:
            raise ValueError("the catalogue is not open")
        return self._writer

    @property
    def reader(self) -> SearchIndex:
        """The index to ask; on `reader_thread`."""
        if self._reader is None:
            raise ValueError("the catalogue is not open")
        return self._reader

    async def ask(self, question: Callable[[SearchIndex], T]) -> T:
        """Ask the index something.

        Raises:
            IndexDamaged: It is being made anew; ask again in a moment.
            StoreError: The disk does not answer.
        """
        try:
            return await self._read(lambda: question(self.reader))
        except (WrongKey, StoreDamaged) as error:
            self._is_damaged = True
            self._news.set()
            raise IndexDamaged(str(error)) from error

    async def is_damaged(self) -> bool:
        """Check every word of the index against the texts; takes as long as reading it all.

        What is damaged will be made anew.
        """
        try:
            async with self._turn:
                is_damaged = await self._write(lambda: self.writer.is_damaged())
        except (WrongKey, StoreDamaged):
            is_damaged = True
        if is_damaged:
            self._is_damaged = True
            self._news.set()
        return is_damaged

    def hint(self) -> None:
        """Say that documents have become stale."""
        self._news.set()

    async def catch_up(self) -> None:
        """Return once everything that was stale when this was called is in the index.

        Raises:
            StoreError: It is not, and will be tried again.
        """
        try:
            async with self._turn:
                if self._is_damaged:
                    await self._remake()
                await self._catch_up()
        except (WrongKey, StoreDamaged) as error:
            self._is_damaged = True
            self._retry(error)
            raise
        except StoreError as error:
            self._retry(error)
            raise
        self.problem = ""

    async def follow(self) -> None:
        """Catch up as far as can be now; what cannot is tried again, and `problem` says so.

        For those who have saved something: it is safe, whatever becomes of the index.
        """
        try:
            await self.catch_up()
        except StoreError as error:
            _LOG.warning("The search index lags behind: %s", error.code)

    async def close(self) -> None:
        """Stop keeping in step and release the file. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._close_files()
        self.reader_thread.shutdown()
        self._writer_thread.shutdown()

    # --- keeping in step ---------------------------------------------------------------

    async def _keep_in_step(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.follow()
            except NodeStopping:
                return
            except Exception as error:
                # A mistake of ours. The index is a view: it must not take the node down with it.
                _LOG.exception("The search index could not be brought up to date")
                self._retry(error)

    def _retry(self, error: Exception) -> None:
        said = error.explain() if isinstance(error, MeshError) else type(error).__name__
        self.problem = f"The search index lags behind and is tried again by itself: {said}"
        asyncio.get_running_loop().call_later(RETRY_S, self._news.set)

    async def _catch_up(self) -> None:
        has_changed = False
        must_write_anew = owes = await self._record.run(_owes)
        while views := await self._read_stale():
            owes = owes or any(view.has_erased for view in views)
            must_write_anew = await self._renew(views) or must_write_anew
            has_changed = True
        if must_write_anew:
            await self._write(self._write_anew)
            await self._forget()
        if owes:
            await self._record.run(_owe_nothing)
        if has_changed:
            self._announce()

    async def _read_stale(self) -> list[_View]:
        """Read some stale documents, a few at a time, so that others get their turns between."""
        documents = await self._record.run(lambda replica: replica.stale_documents(_BATCH))
        views: list[_View] = []
        for first in range(0, len(documents), _TURN):
            few = documents[first : first + _TURN]
            views += await self._record.run(partial(_read, documents=few))
        return views

    async def _renew(self, views: list[_View]) -> bool:
        """Bring some documents up to date; returns whether words were erased."""
        has_erased = await self._write(lambda: self._put(views))
        documents = [DocumentId(bytes.fromhex(view.id)) for view in views]
        await self._record.run(lambda replica: replica.made_anew(documents))
        return has_erased

    def _put(self, views: list[_View]) -> bool:
        conn = self.writer.db.conn
        has_erased = False
        conn.execute("BEGIN IMMEDIATE")
        try:
            for view in views:
                if view.contribution is None:
                    has_erased |= self.writer.remove(view.id)
                else:
                    has_erased |= self.writer.put(view.contribution) and view.has_erased
        except BaseException:
            if conn.in_transaction:  # SQLite undoes by itself when the disk is full
                conn.execute("ROLLBACK")
            raise
        conn.execute("COMMIT")
        return has_erased

    def _write_anew(self) -> None:
        conn = self.writer.db.conn
        conn.execute("VACUUM")
        if conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise StoreError("a long search is in the way of erasing")

    # --- threads and files ---------------------------------------------------------------

    async def _write(self, work: Callable[[], T]) -> T:
        return await self._on(self._writer_thread, work)

    async def _read(self, work: Callable[[], T]) -> T:
        return await self._on(self.reader_thread, work)

    async def _on(self, thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work)
        except dbapi2.Error as error:
            raise our_error(error) from error
        except RuntimeError:  # what a thread says that takes no more work
            if self._is_closed:
                raise NodeStopping from None
            raise

    async def _open_files(self) -> None:
        await self._write(self._open_writer)
        await self._read(self._open_reader)
        if self.writer.is_fresh:
            await self._record.run(lambda replica: replica.forget_views())

    async def _close_files(self) -> None:
        await self._read(lambda: _close(self._reader))
        await self._write(lambda: _close(self._writer))

    async def _remake(self) -> None:
        """Delete the files of the index and begin again; everything becomes stale."""
        _LOG.warning("The search index cannot be used and is made anew")
        await self._close_files()

        def delete() -> None:
            for leftover in self._path.parent.glob(f"{self._path.name}*"):
                leftover.unlink(missing_ok=True)

        await self._write(delete)
        await self._open_files()
        self._is_damaged = False

    def _open_writer(self) -> None:
        self._writer = _open(self._path, self._key, writes=True)

    def _open_reader(self) -> None:
        self._reader = _open(self._path, self._key, writes=False)


def _open(path: Path, key: bytes, *, writes: bool) -> SearchIndex:
    db = open_database(path, key, writes=writes)
    try:
        return SearchIndex(db)
    except BaseException:
        db.conn.close()
        raise


def _close(index: SearchIndex | None) -> None:
    if index is not None:
        index.db.conn.close()


def _read(replica: Replica, documents: list[DocumentId]) -> list[_View]:
    """Read documents; owe first what the index is to lose, durably."""
    views = [_view(replica, document) for document in documents]
    if any(view.has_erased for view in views):
        with replica.store.writing():
            replica.store.shelves.keep(_OWED_SHELF, b"", b"1")
    return views


def _view(replica: Replica, document: DocumentId) -> _View:
    edits = replica.store.entries.of_document(document)
    has_erased = any(stored.is_withdrawn for stored in edits)
    try:
        contribution = contribution_of(replica, document)
    except StoreError:
        raise
    except MeshError as error:
        # One document that cannot be shown must not keep the others from being found.
        _LOG.warning("A document is not shown: %s", error.code)
        contribution = None
    return _View(document.hex(), contribution, has_erased or contribution is None)


def _owes(replica: Replica) -> bool:
    return replica.store.shelves.get(_OWED_SHELF, b"") is not None


def _owe_nothing(replica: Replica) -> None:
    with replica.store.writing():
        replica.store.shelves.drop(_OWED_SHELF, b"")
