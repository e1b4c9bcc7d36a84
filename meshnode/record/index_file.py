"""The file of the search index: a connection and a thread to write with, and another to read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from sqlcipher3 import dbapi2

from crdt.store.connection import open_database, our_error
from knowledge.search.index import SearchIndex
from meshnode.errors import NodeStopping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")


class IndexFile:
    """The index on the disk, used from the event loop.

    Args:
        path: The file.
        key: 32 bytes.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="index-writer")
        self.reader_thread = ThreadPoolExecutor(1, thread_name_prefix="index-reader")
        self._writer: SearchIndex | None = None
        self._reader: SearchIndex | None = None
        self._is_closed = False

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

    async def open(self) -> bool:
        """Open it; returns whether it is new and empty.

        Raises:
            WrongKey, StoreDamaged: It cannot be used; delete it and open it again.
            StoreError: There is no room for it, or the disk does not answer.
        """
        await self.write(self._open_writer)
        await self.read(self._open_reader)
        return self.writer.is_fresh

    async def delete(self) -> None:
        """Delete it, with its journal; open it again before anything else."""
        await self._release()

        def delete() -> None:
            for leftover in self._path.parent.glob(f"{self._path.name}*"):
                leftover.unlink(missing_ok=True)

        await self.write(delete)

    async def close(self) -> None:
        """Release the file and end the threads. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._release()
        self.reader_thread.shutdown()
        self._writer_thread.shutdown()

    async def write(self, work: Callable[[], T]) -> T:
        """Do something on the writer's thread.

        Raises:
            StoreError: SQLite refuses.
            NodeStopping: It is closed.
        """
        return await self._on(self._writer_thread, work)

    async def read(self, work: Callable[[], T]) -> T:
        """Do something on the reader's thread; errors as with `write`."""
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

    async def _release(self) -> None:
        await self.read(lambda: _close(self._reader))
        await self.write(lambda: _close(self._writer))

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
