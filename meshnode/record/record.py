"""The shared record on its own thread, and the news of what changed in it.

SQLite connections and the replica belong to one thread. Everything that reads
or writes them goes through `run` or `change`; the event loop never waits on a
disk.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from crdt.errors import MeshError, StoreError
from crdt.replica.interpreter import Changes
from crdt.replica.replica import Replica
from crdt.store.sqlite_store import SqliteStore
from meshnode.errors import NodeStopping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crdt.ids import DeviceId
    from meshnode.home.unlocked_keys import UnlockedKeys

T = TypeVar("T")

_LOG = logging.getLogger(__name__)


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
        store: Open; used on `thread` only.
        keys: Of this device and its member.
        thread: One worker.

    Raises:
        StoreError: The store cannot be read.
    """

    def __init__(self, store: SqliteStore, keys: UnlockedKeys, thread: ThreadPoolExecutor) -> None:
        self._store = store
        self._keys = keys
        self._thread = thread
        self._listeners: list[Callable[[Changes], None]] = []
        self._is_closed = False
        self.problem = ""
        """What the disk did not let us do last, for a person; "" once it has."""
        self._was_undone = False
        self._owes_reactions = True
        store.on_undone(self._note_undone)
        self.replica = self._new_replica()
        """As the store is now; on the record's thread, and only while a piece of work lasts."""

    @property
    def device(self) -> DeviceId:
        """Whose record this is."""
        return self._keys.device.device.device

    def listen(self, listener: Callable[[Changes], None]) -> None:
        """Have changes told on the event loop, after they are durable."""
        self._listeners.append(listener)

    async def run(self, work: Callable[[Replica], T]) -> T:
        """Do something on the record's thread that changes nothing others need to hear of.

        Raises:
            NodeStopping: The record is closed.
        """
        return await self._on_thread(lambda: work(self.replica))

    async def change(self, work: Callable[[Replica], T]) -> T:
        """Do something that may change the record; then it reacts, and the listeners are told.

        They are told also when nobody waits for the outcome any more.

        Raises:
            NodeStopping: The record is closed.
        """
        loop = asyncio.get_running_loop()

        def changed() -> T:
            try:
                return work(self.replica)
            finally:
                loop.call_soon_threadsafe(self._tell, self._react())

        return await self._on_thread(changed)

    async def check(self) -> None:
        """Read the whole database and verify every page and index.

        Raises:
            StoreDamaged: With what was found first.
        """
        await self._on_thread(self._store.check)

    async def close(self) -> None:
        """Finish what is under way, empty the journal and release the file."""

        def finish() -> None:
            try:
                self._store.checkpoint()
            except StoreError as error:
                _LOG.warning("The journal stays until the next start: %s", error.code)
            finally:
                self._store.close()

        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, finish)
        self._thread.shutdown()

    # --- on the record's thread -----------------------------------------------------------

    async def _on_thread(self, work: Callable[[], T]) -> T:
        if self._is_closed:
            raise NodeStopping
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _new_replica(self) -> Replica:
        return Replica(self._store, self._keys.device, self._keys.name, Machine())

    def _note_undone(self) -> None:
        self._was_undone = True

    def _recall(self) -> None:
        """Forget what was undone on the disk: read everything anew from there."""
        self.replica = self._new_replica()
        self._was_undone, self._owes_reactions = False, True

    def _react(self) -> Changes:
        """Let the replica react; when the disk does not let it, what is owed is done next time."""
        try:
            if self._was_undone:
                self._recall()
            changes = self.replica.react_anew() if self._owes_reactions else self.replica.react()
        except MeshError as error:
            _LOG.warning("What came could not be answered yet: %s", error.code)
            self.problem = error.explain()
            self._owes_reactions = True
            return Changes()
        self._owes_reactions, self.problem = False, ""
        for hindrance in changes.hindered.values():
            _LOG.warning("A community could not be answered: %s", hindrance.code)
            self.problem = hindrance.explain()
        return changes

    def _tell(self, changes: Changes) -> None:
        for listener in self._listeners:
            listener(changes)


async def open_record(path: Path, keys: UnlockedKeys) -> Record:
    """Open or create a node's record.

    Raises:
        StoreError: The database cannot be used; the message says what to do.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="record")

    def opened() -> Record:
        store = SqliteStore(path, keys.database_key)
        try:
            return Record(store, keys, thread)
        except BaseException:
            store.close()
            raise

    try:
        record = await asyncio.get_running_loop().run_in_executor(thread, opened)
    except BaseException:
        thread.shutdown()
        raise
    await record.change(lambda _: None)  # what the last run left undone
    return record
