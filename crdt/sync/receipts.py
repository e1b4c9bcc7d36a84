"""Receipts: what a device holds and which withdrawals it has not carried out yet.

The latest one of each device is passed on within the community, outside the
set of entries, so that a quiet network stays quiet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.keys import DeviceKey, check_device_signature
from crdt.crypto.signing import Domain
from crdt.entries.entry import MAX_SEQUENCE
from crdt.errors import TooLarge
from crdt.ids import DeviceId, EntryId, LogId, device_id
from crdt.store.rows import Range
from crdt.sync.frames import MAX_DEVICES, MAX_FRAME_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_RECEIPT_BYTES = 48 * 1024
"""A receipt fits one frame: some 1,200 logs."""

MAX_RANGES = 64
"""Of one log; what lies above them counts as not here."""

MAX_COUNTER = (1 << 53) - 1
"""Counters are milliseconds where the clock is right: good for 285,000 years."""

_Bytes16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
_Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Bytes64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
_Number = Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQUENCE)]
_Counter = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNTER)]


_Ranges = Annotated[tuple[tuple[_Number, _Number], ...], msgspec.Meta(max_length=MAX_RANGES)]


class _Body(WireStruct, frozen=True):
    device: _Bytes64
    counter: _Counter
    stamp_ms: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    logs: tuple[tuple[_Bytes32, _Ranges], ...]
    unfinished: Annotated[tuple[_Bytes32, ...], msgspec.Meta(max_length=512)]


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
        logs: Which numbers of each log it holds.
        unfinished: Withdrawals that it holds but has not yet carried out on its disk.
        signed: The bytes to keep and pass on.
    """

    device_public: bytes
    counter: int
    stamp_ms: int
    logs: Mapping[LogId, tuple[Range, ...]]
    unfinished: frozenset[EntryId]
    signed: bytes

    @property
    def device(self) -> DeviceId:
        """Whose receipt this is."""
        return device_id(self.device_public)

    def holds(self, log: LogId, sequence: int) -> bool:
        """Tell whether the device holds an entry of a log."""
        return any(part.first <= sequence <= part.last for part in self.logs.get(log, ()))

    def has_carried_out(self, withdrawal: EntryId, log: LogId, sequence: int) -> bool:
        """Tell whether the device has erased what a withdrawal, by its place in its log, names."""
        return self.holds(log, sequence) and withdrawal not in self.unfinished


def sign_receipt(
    device: DeviceKey,
    counter: int,
    stamp_ms: int,
    logs: Mapping[LogId, Sequence[Range]],
    unfinished: Iterable[EntryId],
) -> bytes:
    """Write and sign a receipt.

    Raises:
        TooLarge: More logs or unfinished withdrawals than fit.
    """
    covered = tuple((log, tuple(logs[log][:MAX_RANGES])) for log in sorted(logs))
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
        LogId(log): tuple(Range(first, last) for first, last in ranges) for log, ranges in body.logs
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
