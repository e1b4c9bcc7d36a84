"""Passing on receipts: who has which, and those that the other lacks."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from crdt.errors import Malformed
from crdt.sync.frames import MAX_FRAME_BYTES, Heard, Receipts
from crdt.sync.receipts import decode_counters, decode_receipts, encode_counters, encode_receipts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crdt.ids import DeviceId, SpaceId
    from crdt.sync.hello import Box
    from crdt.sync.receipts import Receipt
    from crdt.sync.source import SyncSource

MAX_WAITING = 64
"""New receipts that wait for credit, some 3 MB at most; older ones are for the next meeting."""

_MAX_BATCH_BYTES = MAX_FRAME_BYTES - 1024
_OVERHEAD_BYTES = 8


class ReceiptExchange:
    """What both sides say of receipts in one conversation.

    Receipts are read and sealed only as they leave: a peer asks for all of them with a
    few bytes, so it asks once, and gets them as it has credit.

    Args:
        number: Of our offer of the space.
        ours, theirs: What each side seals.
    """

    def __init__(
        self, source: SyncSource, space: SpaceId, number: int, ours: Box, theirs: Box
    ) -> None:
        self.has_told = False
        """Whether the peer was told what is here, or need not be."""
        self._source, self._space, self._number = source, space, number
        self._ours, self._theirs = ours, theirs
        self._has_heard = False
        self._answer: Iterator[list[bytes]] | None = None
        self._news: deque[bytes] = deque(maxlen=MAX_WAITING)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be sent."""
        return self._answer is None and not self._news

    def tell(self) -> Heard:
        """Say which receipts are here."""
        self.has_told = True
        counters = self._source.receipt_counters(self._space)
        return Heard(self._number, self._ours.seal(encode_counters(counters)))

    def take_heard(self, frame: Heard, *, answers: bool) -> None:
        """Read which receipts the peer has, and owe it those that it lacks.

        Raises:
            CannotOpen, Malformed, TooLarge: The frame is wrong, or not the first of its
                kind; nothing was taken.
        """
        if self._has_heard:
            raise Malformed("heard a second time")
        theirs = self._theirs.open(frame.box, decode_counters)
        self._has_heard = True
        if answers:
            self._answer = self._lacking(theirs)

    def take_receipts(self, frame: Receipts) -> tuple[Receipt, ...]:
        """Read receipts and check who signed them.

        Raises:
            CannotOpen, Malformed, TooLarge, BadSignature: The frame is wrong; nothing was taken.
        """
        return self._theirs.open(frame.box, decode_receipts)

    def offer(self, signed: bytes) -> None:
        """Owe the peer a new receipt."""
        self._news.append(signed)

    def drop(self) -> None:
        """Owe nothing more: the peer is not served."""
        self._answer = None
        self._news.clear()

    def next(self) -> Receipts | None:
        """Return the next frame of receipts."""
        if self._answer is not None:
            if (batch := next(self._answer, None)) is not None:
                return self._seal(batch)
            self._answer = None
        return self._seal([self._news.popleft()]) if self._news else None

    def _lacking(self, theirs: dict[DeviceId, int]) -> Iterator[list[bytes]]:
        """Give the receipts that are newer than the peer's, in frames' worth."""
        batch: list[bytes] = []
        size = 0
        for device, counter in self._source.receipt_counters(self._space).items():
            if theirs.get(device, -1) >= counter:
                continue
            signed = self._source.receipt(self._space, device)
            if signed is None:
                continue
            if batch and size + len(signed) > _MAX_BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(signed)
            size += len(signed) + _OVERHEAD_BYTES
        if batch:
            yield batch

    def _seal(self, signed: list[bytes]) -> Receipts:
        return Receipts(self._number, self._ours.seal(encode_receipts(signed)))
