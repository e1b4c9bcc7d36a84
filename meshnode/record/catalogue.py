"""The catalogue: the search index kept in step with the record.

    record says "stale" ─> read the documents ─> put them into the index ─> say "fresh"

The index is a file of its own: derived, encrypted with the node's key, rebuilt
whenever it is missing or damaged. Readers have a connection and a thread of
their own, so a search never waits for an import. After something was erased the
whole file is written anew, because SQLite leaves copies behind in its pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from crdt.errors import StoreDamaged, WrongKey
from crdt.store.connection import open_database
from knowledge.search.index import SearchIndex
from meshnode.record.rendering import contribution_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crdt.ids import DocumentId
    from crdt.replica.replica import Replica
    from knowledge.contribution import Contribution
    from meshnode.record.record import Record

T = TypeVar("T")

_BATCH = 64
"""Documents read at a time: how long a writer may have to wait for its turn."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _View:
    """A document as the index should show it; None: no more."""

    id: str
    contribution: Contribution | None
    has_erased: bool


class Catalogue:
    """Contributions to list, search and answer from.

    Args:
        path: The index file.
        key: 32 bytes.
        record: Whose documents it shows.
        announce: Called on the event loop after the catalogue changed.
    """

    def __init__(
        self, path: Path, key: bytes, record: Record, announce: Callable[[], None]
    ) -> None:
        self._path = path
        self._key = key
        self._record = record
        self._announce = announce
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="index-writer")
        self.reader_thread = ThreadPoolExecutor(1, thread_name_prefix="index-reader")
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        self._writer: SearchIndex | None = None
        self._reader: SearchIndex | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the index, making it anew if it cannot be used, and begin to keep it in step."""
        await self._write(self._open_writer)
        await self._read(self._open_reader)
        if self.writer.is_fresh:
            await self._record.run(lambda replica: replica.forget_views())
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
        """Ask the index something."""
        return await self._read(lambda: question(self.reader))

    async def is_damaged(self) -> bool:
        """Check every word of the index against the texts; takes as long as reading it all."""
        return await self._write(lambda: self.writer.is_damaged())

    def hint(self) -> None:
        """Say that documents have become stale."""
        self._news.set()

    async def catch_up(self) -> None:
        """Return once everything that was stale when this was called is in the index."""
        async with self._turn:
            has_changed = has_erased = False
            while stale := await self._record.run(lambda r: r.stale_documents(_BATCH)):
                erased = await self._renew(stale)
                has_changed, has_erased = True, has_erased or erased
            if has_erased:
                await self._write(self._write_anew)
            if has_changed:
                self._announce()

    async def close(self) -> None:
        """Stop keeping in step and release the file."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._read(lambda: self._close(self._reader))
        await self._write(lambda: self._close(self._writer))
        self.reader_thread.shutdown()
        self._writer_thread.shutdown()

    # --- keeping in step ---------------------------------------------------------------

    async def _keep_in_step(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.catch_up()
            except Exception:
                # The index is a view: a failure must not take the node down with it.
                _LOG.exception("The catalogue could not be brought up to date")

    async def _renew(self, stale: list[DocumentId]) -> bool:
        views = await self._record.run(lambda replica: [_view(replica, name) for name in stale])
        has_erased = await self._write(lambda: self._put(views))
        await self._record.run(lambda replica: replica.made_anew(stale))
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
            conn.execute("ROLLBACK")
            raise
        conn.execute("COMMIT")
        return has_erased

    def _write_anew(self) -> None:
        conn = self.writer.db.conn
        conn.execute("VACUUM")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    # --- threads and files ---------------------------------------------------------------

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer_thread, work)

    async def _read(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.reader_thread, work)

    def _open_writer(self) -> None:
        try:
            self._writer = SearchIndex(open_database(self._path, self._key, writes=True))
        except (WrongKey, StoreDamaged):
            _LOG.warning("The search index cannot be used and is made anew")
            for leftover in self._path.parent.glob(f"{self._path.name}*"):
                leftover.unlink()
            self._writer = SearchIndex(open_database(self._path, self._key, writes=True))

    def _open_reader(self) -> None:
        self._reader = SearchIndex(open_database(self._path, self._key, writes=False))

    @staticmethod
    def _close(index: SearchIndex | None) -> None:
        if index is not None:
            index.db.conn.close()


def _view(replica: Replica, document: DocumentId) -> _View:
    edits = replica.store.entries.of_document(document)
    has_erased = any(stored.is_withdrawn for stored in edits)
    return _View(document.hex(), contribution_of(replica, document), has_erased)
