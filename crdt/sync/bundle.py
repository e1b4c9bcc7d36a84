"""Bundles: the frames of a meeting in one direction, for a stick carried by hand.

    Opening, Page*, Closing

A bundle is for everybody or for one peer whose receipt is known. What it says
is public to whoever finds it, except what is sealed: entries of sealed spaces,
and receipts. Reading one twice, or half of one, is safe: entries are a set.
The file around the frames is the carrier's matter.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import msgspec

from crdt.codec import Decoder, WireStruct, encode
from crdt.entries.entry import Priority, decode_entry
from crdt.errors import CannotOpen, Malformed
from crdt.ids import LogKey, SpaceId
from crdt.sync.events import EntriesArrived, ReceiptsArrived
from crdt.sync.frames import MAX_FRAME_BYTES
from crdt.sync.hello import Box, Direction
from crdt.sync.receipts import decode_receipts, encode_receipts
from crdt.sync.transfer import Queue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crdt.store.rows import Run
    from crdt.sync.hello import SharedSpace
    from crdt.sync.receipts import Receipt
    from crdt.sync.source import SyncSource

VERSION = 1
MAX_SPACES = 1024

_Bytes16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
_Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class _Opening(WireStruct, frozen=True, tag=32):
    version: Annotated[int, msgspec.Meta(ge=1, lt=1 << 16)]
    nonce: _Bytes16
    spaces: Annotated[tuple[_Bytes32, ...], msgspec.Meta(max_length=MAX_SPACES)]


class _Page(WireStruct, frozen=True, tag=33):
    space: Annotated[int, msgspec.Meta(ge=0, lt=MAX_SPACES)]
    wires: Annotated[tuple[bytes, ...], msgspec.Meta(min_length=1, max_length=1024)]


class _Sealed(WireStruct, frozen=True, tag=34):
    space: Annotated[int, msgspec.Meta(ge=0, lt=MAX_SPACES)]
    box: bytes


class _Closing(WireStruct, frozen=True, tag=35):
    entries: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]


_DECODE: Decoder[_Opening | _Page | _Sealed | _Closing] = Decoder(
    _Opening | _Page | _Sealed | _Closing,  # type: ignore[arg-type]
    MAX_FRAME_BYTES,
)


def write_bundle(
    source: SyncSource,
    spaces: Sequence[SharedSpace],
    nonce: bytes,
    *,
    known: Receipt | None = None,
    max_priority: Priority = Priority.BULK,
) -> Iterator[bytes]:
    """Write a bundle, frame by frame, reading entries only as they are written.

    Args:
        source: What this node holds.
        spaces: What to put in; the caller decides who may have it.
        nonce: 16 fresh random bytes.
        known: The receiver's receipt: what it names is left out. None: for everybody.
        max_priority: Leave out what is less urgent.
    """
    yield encode(_Opening(VERSION, nonce, tuple(shared.space for shared in spaces)))
    count = 0
    logs = known.logs if known is not None else {}
    for place, shared in enumerate(spaces):
        numbers = _unknown(source, shared.space, logs) if logs else None
        queue = Queue(source, MAX_FRAME_BYTES)
        queue.fill(source.sending_order(shared.space, numbers, max_priority))
        while wires := queue.take():
            count += len(wires)
            yield encode(_Page(place, wires))
        if shared.has_receipts:
            yield from _receipts(source, shared, place, nonce)
    yield encode(_Closing(count))


def _unknown(
    source: SyncSource, space: SpaceId, logs: Mapping[LogKey, Sequence[Run]]
) -> array[int]:
    unknown = array("q")
    certain = {
        log: [run for run in runs if source.is_certain(home, log, run)]
        for (home, log), runs in logs.items()
        if home == space
    }
    for number, log, sequence in source.places(space):
        if not any(run.first <= sequence <= run.last for run in certain.get(log, ())):
            unknown.append(number)
    return unknown


def _receipts(source: SyncSource, shared: SharedSpace, place: int, nonce: bytes) -> Iterator[bytes]:
    box = _box(shared, nonce)
    for device in source.receipt_counters(shared.space):
        signed = source.receipt(shared.space, device)
        if signed is not None:
            yield encode(_Sealed(place, box.seal(encode_receipts([signed]))))


def _box(shared: SharedSpace, nonce: bytes, key: int = 0) -> Box:
    return Box(shared.discovery_keys[key], Direction.INITIATOR, b"bundle", nonce)


class Reading(Enum):
    """How far a bundle has been read."""

    NOTHING = "nothing"
    OPENED = "opened"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class BundleRead:
    """The bundle was read to its end.

    Attributes:
        entries: How many it held.
        skipped: How many of them belong to spaces that are not held here.
    """

    entries: int
    skipped: int


class BundleReader:
    """Turns the frames of a bundle into events.

    Args:
        spaces: What this node holds; everything else is skipped.
    """

    def __init__(self, spaces: Sequence[SharedSpace]) -> None:
        self._held = {shared.space: shared for shared in spaces}
        self._places: tuple[SpaceId, ...] = ()
        self._boxes: dict[SpaceId, list[Box]] = {}
        self._count = self._skipped = 0
        self.reading = Reading.NOTHING

    def receive(self, data: bytes) -> list[EntriesArrived | ReceiptsArrived | BundleRead]:
        """Take the next frame.

        Returns:
            What to admit; the same events as of a meeting.

        Raises:
            Malformed, TooLarge, BadSignature: It is no frame of a bundle, or out of
                place; nothing was taken. What was read before it counts.
        """
        frame = _DECODE(data)
        if (self.reading is Reading.NOTHING) != isinstance(frame, _Opening):
            raise Malformed("a bundle has one beginning")
        if self.reading is Reading.WHOLE:
            raise Malformed("something after the end of the bundle")
        match frame:
            case _Opening():
                self._open(frame)
                return []
            case _Page():
                return self._page(frame, len(data))
            case _Sealed():
                return self._unseal(frame)
            case _Closing():
                if frame.entries != self._count:
                    raise Malformed(f"a bundle of {frame.entries} entries that held {self._count}")
                self.reading = Reading.WHOLE
                return [BundleRead(self._count, self._skipped)]

    def _open(self, frame: _Opening) -> None:
        if frame.version != VERSION:
            raise Malformed(f"bundle version {frame.version}; this software reads {VERSION}")
        self._places = tuple(SpaceId(space) for space in frame.spaces)
        self._boxes = {
            space: [_box(shared, frame.nonce, key) for key in range(len(shared.discovery_keys))]
            for space, shared in self._held.items()
        }
        self.reading = Reading.OPENED

    def _page(
        self, frame: _Page, frame_bytes: int
    ) -> list[EntriesArrived | ReceiptsArrived | BundleRead]:
        space = self._space(frame.space)
        entries = tuple(decode_entry(wire) for wire in frame.wires)
        self._count += len(entries)
        if space not in self._held:
            self._skipped += len(entries)
            return []
        return [EntriesArrived(space, entries, frame_bytes)]

    def _unseal(self, frame: _Sealed) -> list[EntriesArrived | ReceiptsArrived | BundleRead]:
        space = self._space(frame.space)
        for box in self._boxes.get(space, []):
            try:
                arrived = box.open(frame.box, decode_receipts)
            except CannotOpen:
                continue
            return [ReceiptsArrived(space, arrived)]
        return []

    def _space(self, place: int) -> SpaceId:
        if place >= len(self._places):
            raise Malformed("a page of a space that the bundle does not name")
        return self._places[place]
