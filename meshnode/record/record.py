"""The shared record on its own thread, and the news of what changed in it.

SQLite connections and the replica belong to one thread. Everything that reads
or writes them goes through `run` or `change`; the event loop never waits on a
disk.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from crdt.replica.replica import Replica
from crdt.store.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crdt.replica.interpreter import Changes
    from meshnode.home.unlocked_keys import UnlockedKeys

T = TypeVar("T")


class Machine:
    """This machine's clock and dice, for the core."""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def random_bytes(self, count: int) -> bytes:
        """Fresh bytes from the operating system."""
        return os.urandom(count)


class Record:
    """A replica, used from the event loop. Make it with `open_record`.

    Args:
        replica: Used on `thread` only.
        store: Its store.
        thread: One worker.
    """

    def __init__(self, replica: Replica, store: SqliteStore, thread: ThreadPoolExecutor) -> None:
        self._replica = replica
        self._store = store
        self._thread = thread
        self._listeners: list[Callable[[Changes], None]] = []

    def listen(self, listener: Callable[[Changes], None]) -> None:
        """Have changes told on the event loop, after they are durable."""
        self._listeners.append(listener)

    async def run(self, work: Callable[[Replica], T]) -> T:
        """Do something on the record's thread that changes nothing others need to hear of."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: work(self._replica)
        )

    async def change(self, work: Callable[[Replica], T]) -> T:
        """Do something that may change the record; then it reacts, and the listeners are told."""

        def changed() -> tuple[T, Changes]:
            result = work(self._replica)
            return result, self._replica.react()

        result, changes = await asyncio.get_running_loop().run_in_executor(self._thread, changed)
        if changes.documents or changes.ruled:
            for listener in self._listeners:
                listener(changes)
        return result

    async def check(self) -> None:
        """Read the whole database and verify every page and index.

        Raises:
            StoreDamaged: With what was found first.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.check)

    async def close(self) -> None:
        """Finish what is under way, empty the journal and release the file."""

        def finish() -> None:
            self._store.checkpoint()
            self._store.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, finish)
        self._thread.shutdown()


async def open_record(path: Path, keys: UnlockedKeys) -> Record:
    """Open or create a node's record.

    Raises:
        StoreError: The database cannot be used; the message says what to do.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="record")

    def opened() -> tuple[Replica, SqliteStore]:
        store = SqliteStore(path, keys.database_key)
        try:
            return Replica(store, keys.device, keys.name, Machine()), store
        except BaseException:
            store.close()
            raise

    try:
        replica, store = await asyncio.get_running_loop().run_in_executor(thread, opened)
    except BaseException:
        thread.shutdown()
        raise
    return Record(replica, store, thread)
