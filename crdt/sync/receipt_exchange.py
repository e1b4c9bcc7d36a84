"""Passing on receipts: who has which, and those that the other lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.sync.frames import MAX_FRAME_BYTES, Heard, Receipts
from crdt.sync.receipts import decode_counters, encode_counters, encode_receipts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crdt.ids import DeviceId
    from crdt.sync.conversation import Conversation
    from crdt.sync.source import SyncSource

_MAX_BATCH_BYTES = MAX_FRAME_BYTES - 1024
_OVERHEAD_BYTES = 8


def tell_heard(source: SyncSource, conversation: Conversation) -> Heard:
    """Say which receipts are here."""
    counters = source.receipt_counters(conversation.shared.space)
    return Heard(conversation.number, conversation.ours.seal(encode_counters(counters)))


def read_heard(conversation: Conversation, frame: Heard) -> dict[DeviceId, int]:
    """Read which receipts the peer has.

    Raises:
        CannotOpen, Malformed, TooLarge: The frame is wrong; nothing was taken.
    """
    return conversation.theirs.open(frame.box, decode_counters)


def pass_on(
    source: SyncSource, conversation: Conversation, theirs: dict[DeviceId, int]
) -> Iterator[Receipts]:
    """Give the receipts that are newer than the peer's, in frames' worth."""
    space = conversation.shared.space
    batch: list[bytes] = []
    size = 0
    for device, counter in source.receipt_counters(space).items():
        signed = source.receipt(space, device)
        if signed is None or theirs.get(device, -1) >= counter:
            continue
        if batch and size + len(signed) > _MAX_BATCH_BYTES:
            yield tell_receipts(conversation, batch)
            batch, size = [], 0
        batch.append(signed)
        size += len(signed) + _OVERHEAD_BYTES
    if batch:
        yield tell_receipts(conversation, batch)


def tell_receipts(conversation: Conversation, signed: Sequence[bytes]) -> Receipts:
    """Seal signed receipts for the peer."""
    return Receipts(conversation.number, conversation.ours.seal(encode_receipts(signed)))
