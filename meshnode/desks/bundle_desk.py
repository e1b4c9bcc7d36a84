"""Bundles: what this node holds, in a file to carry by hand, and what such a file holds for us."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from crdt.errors import AmbiguousId, CrdtError, UnknownEntry
from crdt.sync.bundle import BundleRead, BundleReader, write_bundle
from crdt.sync.events import EntriesArrived, ReceiptsArrived
from crdt.sync.hello import NONCE_BYTES
from crdt.sync.source import StoreSource
from meshnode.record.attribution import name_of
from meshnode.record.receipt_desk import keep_receipts, receipt_of
from meshnode.record.sharing import shared_spaces
from meshnode.views.bundle import BundleView
from transports.bundle_file import BundleReader as BundleFile
from transports.bundle_writer import write_bundle as write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crdt.ids import DeviceId
    from crdt.replica.replica import Replica
    from crdt.sync.receipts import Receipt
    from meshnode.exchange import Exchange
    from meshnode.record.record import Record

_FRAMES_AT_A_TIME = 16
_MAX_READINGS = 3


class BundleDesk:
    """Writes and reads bundle files.

    Args:
        record: What goes in and comes out.
        exchange: Knows peers by their addresses.
    """

    def __init__(self, record: Record, exchange: Exchange) -> None:
        self._record = record
        self._exchange = exchange

    async def write(self, path: Path, peer: str | None) -> BundleView:
        """Write a bundle, for everybody or for one peer, which then gets only what it lacks.

        The node goes on meanwhile, however slow the medium: what is read of the record is
        read a few frames at a time.

        Raises:
            UnknownEntry: Nothing is known of that peer yet.
            TransportError: The file cannot be written.
        """

        def begin(replica: Replica) -> Iterator[bytes]:
            known = self._receipt(replica, peer) if peer else None
            source, nonce = StoreSource(replica.store), os.urandom(NONCE_BYTES)
            return write_bundle(source, shared_spaces(replica), nonce, known=known)

        counter, frames = _Counter(), await self._record.run(begin)
        loop = asyncio.get_running_loop()

        def read() -> Iterator[bytes]:
            """On the writing thread: ask the record's for some frames at a time."""
            while batch := asyncio.run_coroutine_threadsafe(self._some(frames), loop).result():
                yield from batch

        await asyncio.to_thread(write_file, path, counter.count(read()))
        size = (await asyncio.to_thread(path.stat)).st_size
        return BundleView(path=str(path), entries=counter.entries, new=0, bytes=size)

    async def _some(self, frames: Iterator[bytes]) -> list[bytes]:
        return await self._record.run(lambda _: _take(frames, _FRAMES_AT_A_TIME))

    async def read(self, path: Path) -> BundleView:
        """Read a bundle: everything whole in it is admitted, what is damaged is named.

        It is read once more if it made us hold a space that it holds entries of: whoever
        only has a ticket learns of the commons from the first entries.

        Raises:
            NotABundle: It is no bundle.
            StoreError: The disk is full, or the database damaged.
        """
        new = refused = 0
        for _ in range(_MAX_READINGS):
            before = await self._held()
            tally = await self._read_once(path)
            new, refused = new + tally.new, max(refused, tally.refused)
            if await self._held() == before or not tally.skipped:
                break
        size = (await asyncio.to_thread(path.stat)).st_size
        return BundleView(
            path=str(path),
            entries=tally.entries,
            new=new,
            bytes=size,
            refused=refused,
            problems=tuple(dict.fromkeys(tally.problems)),
        )

    async def _held(self) -> int:
        return await self._record.run(lambda replica: len(replica.holdings.all()))

    async def _read_once(self, path: Path) -> _Tally:
        file = await asyncio.to_thread(BundleFile, path)
        frames = iter(file)
        reader = BundleReader(await self._record.run(shared_spaces))
        tally = _Tally()
        while batch := await asyncio.to_thread(_take, frames, _FRAMES_AT_A_TIME):
            for frame in batch:
                await self._take(reader, frame, tally)
        if file.damage is not None:
            damage = file.damage
            tally.problems.append(
                "The file was cut short." if damage.is_cut else "Part of the file is damaged."
            )
            if damage.missing_frames:
                tally.problems.append(f"{damage.missing_frames} parts of it are missing.")
        return tally

    async def _take(self, reader: BundleReader, frame: bytes, tally: _Tally) -> None:
        try:
            events = reader.receive(frame)
        except CrdtError as error:
            tally.problems.append(error.explain())
            return
        for event in events:
            match event:
                case EntriesArrived():
                    await self._admit(event, tally)
                case ReceiptsArrived():
                    await self._keep(event)
                case BundleRead(skipped=skipped) if skipped:
                    tally.skipped = skipped
                    tally.problems.append(f"{skipped} entries are of spaces not held here.")
                case BundleRead():
                    pass

    async def _admit(self, arrived: EntriesArrived, tally: _Tally) -> None:
        admitted = await self._record.change(lambda replica: replica.admit(arrived.entries))
        tally.entries += len(arrived.entries)
        tally.new += len(admitted.new)
        tally.refused += len(admitted.refused)

    async def _keep(self, arrived: ReceiptsArrived) -> None:
        await self._record.run(
            lambda replica: keep_receipts(replica, arrived.space, arrived.receipts)
        )

    def _receipt(self, replica: Replica, wanted: str) -> Receipt:
        """Find what a device says it holds, by its address, its id or its member's name.

        Raises:
            UnknownEntry: It never said so to anybody we met.
            AmbiguousId: Several devices are called so.
        """
        wanted = wanted.strip().lower()
        peer = self._exchange.book.get(wanted)
        found: dict[DeviceId, Receipt] = {}
        for inner in replica.holdings.inner_spaces():
            for reader in inner.people.readers() if inner.people else ():
                names = (reader.device.hex(), name_of(replica, inner, reader.pseudonym).lower())
                is_peer = peer is not None and peer.device == names[0]
                if not (is_peer or names[0].startswith(wanted) or names[1] == wanted):
                    continue
                receipt = receipt_of(replica, inner.space, reader.device)
                if receipt is not None:
                    found[reader.device] = receipt
        if not found:
            raise UnknownEntry(f"what {wanted} holds is not known; meet it, or leave out --for")
        if len(found) > 1:
            raise AmbiguousId(f"{wanted} fits {len(found)} devices")
        return found.popitem()[1]


class _Tally:
    def __init__(self) -> None:
        self.entries = self.new = self.refused = self.skipped = 0
        self.problems: list[str] = []


class _Counter:
    """Counts the entries of a bundle's frames as they pass."""

    def __init__(self) -> None:
        self.entries = 0

    def count(self, frames: Iterator[bytes]) -> Iterator[bytes]:
        reader = BundleReader(())
        for frame in frames:
            for event in reader.receive(frame):
                if isinstance(event, BundleRead):
                    self.entries = event.entries
            yield frame


def _take(frames: Iterator[bytes], count: int) -> list[bytes]:
    taken = []
    for frame in frames:
        taken.append(frame)
        if len(taken) == count:
            break
    return taken
