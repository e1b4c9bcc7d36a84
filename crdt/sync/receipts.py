"""Receipts: what a device holds and which withdrawals it has not carried out yet.

The latest one of each device is passed on within the community, outside the
set of entries, so that a quiet network stays quiet.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated

import msgspec

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.keys import DeviceKey, check_device_signature
from crdt.crypto.signing import Domain
from crdt.entries.entry import MAX_SEQUENCE
from crdt.errors import TooLarge
from crdt.ids import DeviceId, EntryId, LogId, LogKey, SpaceId, device_id
from crdt.store.rows import TIP_BYTES, Run
from crdt.sync.frames import MAX_DEVICES, MAX_FRAME_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crdt.store.rows import Unfinished

MAX_RECEIPT_BYTES = 48 * 1024
"""A receipt fits one frame: some 950 logs."""

MAX_UNFINISHED = 512
"""Withdrawals that one receipt names as not carried out yet."""

MAX_RUNS = 64
"""Of one log; what lies in others counts as not here."""

MAX_COUNTER = (1 << 53) - 1
"""Counters are milliseconds where the clock is right: good for 285,000 years."""

_FIXED_BYTES = 128
"""What a body takes beside its logs and withdrawals, at most."""

_SPACE_BYTES = 40
"""What another space takes."""

_ID_BYTES = 34
"""An id as it is written."""

_Bytes8 = Annotated[bytes, msgspec.Meta(min_length=TIP_BYTES, max_length=TIP_BYTES)]
_Bytes16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
_Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Bytes64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
_Number = Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQUENCE)]
_Counter = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNTER)]


_Runs = Annotated[tuple[tuple[_Number, _Number, _Bytes8], ...], msgspec.Meta(max_length=MAX_RUNS)]
_Logs = tuple[tuple[_Bytes32, _Runs], ...]


class _Body(WireStruct, frozen=True):
    device: _Bytes64
    counter: _Counter
    stamp_ms: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    spaces: tuple[tuple[_Bytes32, _Logs], ...]
    unfinished: Annotated[tuple[_Bytes32, ...], msgspec.Meta(max_length=MAX_UNFINISHED)]


class _Signed(WireStruct, frozen=True):
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_RECEIPT_BYTES)]
    signature: _Bytes64


class _Counters(WireStruct, frozen=True):
    counters: Annotated[tuple[tuple[_Bytes16, _Counter], ...], msgspec.Meta(max_length=MAX_DEVICES)]


_DECODE_SIGNED = Decoder(_Signed, MAX_RECEIPT_BYTES + 128)
_DECODE_BODY = Decoder(_Body, MAX_RECEIPT_BYTES)
_DECODE_COUNTERS = Decoder(_Counters, MAX_FRAME_BYTES)
_DECODE_LIST: Decoder[tuple[bytes, ...]] = Decoder(tuple[bytes, ...], MAX_FRAME_BYTES)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A device's word on what it holds; its signature was checked.

    Attributes:
        device_public: 64 bytes.
        counter: Higher is newer.
        stamp_ms: The device's clock: to show, never to decide.
        logs: What it holds of each log.
        unfinished: Withdrawals that it holds but has not yet carried out on its disk.
        signed: The bytes to keep and pass on.
    """

    device_public: bytes
    counter: int
    stamp_ms: int
    logs: Mapping[LogKey, tuple[Run, ...]]
    unfinished: frozenset[EntryId]
    signed: bytes

    @property
    def device(self) -> DeviceId:
        """Whose receipt this is."""
        return device_id(self.device_public)

    def runs_over(self, log: LogKey, sequence: int) -> Iterator[Run]:
        """Give the runs of a log that have an entry with a number: whether that one, they show."""
        return (run for run in self.logs.get(log, ()) if run.first <= sequence <= run.last)


def fit_receipt(
    logs: Iterable[tuple[LogKey, Sequence[Run]]], unfinished: Iterable[Unfinished]
) -> tuple[dict[LogKey, tuple[Run, ...]], tuple[EntryId, ...]]:
    """Choose what a receipt names, so that it always fits.

    What it leaves out counts as not here, which is never wrong. A withdrawal that finds no
    room among the unfinished is left out itself, with what stands before it in its log.

    Args:
        logs: With what is here of each; most important first.
        unfinished: Withdrawals that are not carried out on the disk yet.

    Returns:
        Logs and unfinished withdrawals to sign.
    """
    named, starts = _fit_unfinished(unfinished)
    room = MAX_RECEIPT_BYTES - _FIXED_BYTES - _ID_BYTES * len(named)
    chosen: dict[LogKey, tuple[Run, ...]] = {}
    spaces: set[SpaceId] = set()
    for log, runs in logs:
        start = starts.get(log, 1)
        held = (run._replace(first=max(run.first, start)) for run in runs if run.last >= start)
        kept = tuple(islice(held, MAX_RUNS))
        size = len(encode((log[1], kept))) + (0 if log[0] in spaces else _SPACE_BYTES)
        if kept and size <= room:
            chosen[log] = kept
            spaces.add(log[0])
            room -= size
        if room < _ID_BYTES:
            break
    return chosen, tuple(sorted(named))


def _fit_unfinished(
    unfinished: Iterable[Unfinished],
) -> tuple[list[EntryId], dict[LogKey, int]]:
    """Name what fits, logs that have few of them first; tell where the others must begin."""
    by_log: dict[LogKey, list[Unfinished]] = {}
    for each in unfinished:
        by_log.setdefault(each.log, []).append(each)
    named: list[EntryId] = []
    starts: dict[LogKey, int] = {}
    for log, waiting in sorted(by_log.items(), key=lambda item: (len(item[1]), item[0])):
        waiting.sort(key=lambda each: each.sequence, reverse=True)
        room = MAX_UNFINISHED - len(named)
        named += [each.withdrawal for each in waiting[:room]]
        if waiting[room:]:
            starts[log] = waiting[room].sequence + 1
    return named, starts


def sign_receipt(
    device: DeviceKey,
    counter: int,
    stamp_ms: int,
    logs: Mapping[LogKey, Sequence[Run]],
    unfinished: Iterable[EntryId],
) -> bytes:
    """Write and sign a receipt.

    Raises:
        TooLarge: More logs or unfinished withdrawals than fit.
    """
    covered = tuple(
        (space, tuple((log, tuple(logs[space, log][:MAX_RUNS])) for _, log in keys))
        for space, keys in groupby(sorted(logs), key=itemgetter(0))
    )
    body = encode(_Body(device.public, counter, stamp_ms, covered, tuple(sorted(unfinished))))
    if len(body) > MAX_RECEIPT_BYTES:
        raise TooLarge(f"a receipt of {len(body)} bytes")
    return encode(_Signed(body, device.sign(Domain.RECEIPT, body)))


def open_receipt(signed: bytes) -> Receipt:
    """Read a receipt and check who signed it.

    Raises:
        Malformed, TooLarge: Not a receipt.
        BadSignature: Not of the device it names.
    """
    outer = _DECODE_SIGNED(signed)
    body = _DECODE_BODY(outer.body)
    check_device_signature(body.device, Domain.RECEIPT, outer.body, outer.signature)
    logs = {
        (SpaceId(space), LogId(log)): tuple(Run(*run) for run in runs)
        for space, found in body.spaces
        for log, runs in found
    }
    unfinished = frozenset(EntryId(name) for name in body.unfinished)
    return Receipt(body.device, body.counter, body.stamp_ms, logs, unfinished, signed)


def encode_counters(counters: Mapping[DeviceId, int]) -> bytes:
    """Write which receipts are here."""
    return encode(_Counters(tuple(sorted(counters.items()))))


def decode_counters(data: bytes) -> dict[DeviceId, int]:
    """Read which receipts a peer has.

    Raises:
        Malformed, TooLarge: Not that.
    """
    return {DeviceId(device): counter for device, counter in _DECODE_COUNTERS(data).counters}


def encode_receipts(receipts: Iterable[bytes]) -> bytes:
    """Write signed receipts as one message."""
    return encode(tuple(receipts))


def decode_receipts(data: bytes) -> tuple[Receipt, ...]:
    """Read signed receipts and check each.

    Raises:
        Malformed, TooLarge, BadSignature: One is not right; none is returned.
    """
    return tuple(open_receipt(signed) for signed in _DECODE_LIST(data))
