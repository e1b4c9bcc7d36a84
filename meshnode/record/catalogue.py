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
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlcipher3 import dbapi2

from crdt.errors import MeshError, StoreDamaged, StoreError, WrongKey
from crdt.ids import DocumentId
from crdt.store.connection import our_error
from meshnode.errors import IndexDamaged, NodeStopping
from meshnode.record.index_file import IndexFile
from meshnode.record.stale_views import View, owe_nothing, owes_erasing, read_views

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from knowledge.search.index import SearchIndex
    from meshnode.record.record import Record

T = TypeVar("T")


_BATCH = 64
"""Documents put into the index in one transaction."""

_TURN = 8
"""Documents read in one turn on the record's thread: some 8 ms that others wait at most."""

RETRY_S = 30.0
"""After a failure (a full disk, say) the index is tried again so much later."""


_LOG = logging.getLogger(__name__)


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
        self.file = IndexFile(path, key)
        self._record = record
        self._announce = announce
        self._forget = forget
        self._turn = asyncio.Lock()
        self._is_damaged = self._is_closed = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the index, making it anew if it cannot be used, and begin to keep it in step.

        Raises:
            StoreError: There is no room for it, or the disk does not answer.
        """
        try:
            await self._open()
        except (WrongKey, StoreDamaged):
            await self._remake()
        self._news.set()
        self._task = asyncio.create_task(self._keep_in_step())

    async def ask(self, question: Callable[[SearchIndex], T]) -> T:
        """Ask the index something.

        Raises:
            IndexDamaged: It is being made anew; ask again in a moment.
            StoreError: The disk does not answer.
        """
        with self.heeding_damage():
            return await self.file.read(lambda: question(self.file.reader))

    @contextlib.contextmanager
    def heeding_damage(self) -> Iterator[None]:
        """Work with the index in here: if it shows itself damaged, it will be made anew.

        Raises:
            IndexDamaged: It did; ask again in a moment.
            StoreError: The disk does not answer.
        """
        try:
            yield
        except (WrongKey, StoreDamaged) as error:
            raise self._damage(error) from error
        except dbapi2.Error as error:
            ours = our_error(error)
            raise (self._damage(ours) if isinstance(ours, StoreDamaged) else ours) from error

    def _damage(self, error: StoreError) -> IndexDamaged:
        self._is_damaged = True
        self._news.set()
        return IndexDamaged(str(error))

    async def is_damaged(self) -> bool:
        """Check every word of the index against the texts; takes as long as reading it all.

        What is damaged will be made anew.
        """
        try:
            async with self._turn:
                is_damaged = await self.file.write(lambda: self.file.writer.is_damaged())
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
        await self.file.close()

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
        must_write_anew = owes = await self._record.run(owes_erasing)
        while views := await self._read_stale():
            owes = owes or any(view.has_erased for view in views)
            must_write_anew = await self._renew(views) or must_write_anew
            has_changed = True
        if must_write_anew:
            await self.file.write(self._write_anew)
            await self._forget()
        if owes:
            await self._record.run(owe_nothing)
        if has_changed:
            self._announce()

    async def _read_stale(self) -> list[View]:
        """Read some stale documents, a few at a time, so that others get their turns between."""
        documents = await self._record.run(lambda replica: replica.stale_documents(_BATCH))
        views: list[View] = []
        for first in range(0, len(documents), _TURN):
            few = documents[first : first + _TURN]
            views += await self._record.run(partial(read_views, documents=few))
        return views

    async def _renew(self, views: list[View]) -> bool:
        """Bring some documents up to date; returns whether words were erased."""
        has_erased = await self.file.write(lambda: self._put(views))
        documents = [DocumentId(bytes.fromhex(view.id)) for view in views]
        await self._record.run(lambda replica: replica.made_anew(documents))
        return has_erased

    def _put(self, views: list[View]) -> bool:
        conn = self.file.writer.db.conn
        has_erased = False
        conn.execute("BEGIN IMMEDIATE")
        try:
            for view in views:
                if view.contribution is None:
                    has_erased |= self.file.writer.remove(view.id)
                else:
                    has_erased |= self.file.writer.put(view.contribution) and view.has_erased
        except BaseException:
            if conn.in_transaction:  # SQLite undoes by itself when the disk is full
                conn.execute("ROLLBACK")
            raise
        conn.execute("COMMIT")
        return has_erased

    def _write_anew(self) -> None:
        conn = self.file.writer.db.conn
        conn.execute("VACUUM")
        if conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise StoreError("a long search is in the way of erasing")

    async def _open(self) -> None:
        if await self.file.open():
            await self._record.run(lambda replica: replica.forget_views())

    async def _remake(self) -> None:
        """Delete the index and begin again; everything becomes stale."""
        _LOG.warning("The search index cannot be used and is made anew")
        await self.file.delete()
        await self._open()
        self._is_damaged = False
