"""Sending with bounded memory: credit per session, a lazily read queue per space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.errors import Malformed, TooLarge
from crdt.sync.frames import MAX_FRAME_BYTES

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator

    from crdt.sync.source import SyncSource

WINDOW_BYTES = 256 * 1024
"""What may be under way to a peer that has not dealt with it: bounds memory on both sides."""

_ACK_EVERY_BYTES = WINDOW_BYTES // 4
_ENTRY_OVERHEAD_BYTES = 3
_FRAME_OVERHEAD_BYTES = 16
_READ_AHEAD = 16


class Credit:
    """Counts bytes of weighty frames both ways."""

    def __init__(self) -> None:
        self._sent = 0
        self._sent_acked = 0
        self._received = 0
        self._dealt_with = 0
        self._acked = 0

    @property
    def may_send(self) -> bool:
        """Whether the peer has dealt with enough for one more frame."""
        return self._sent - self._sent_acked < WINDOW_BYTES

    def send(self, frame_bytes: int) -> None:
        """Count a frame that leaves."""
        self._sent += frame_bytes

    def check(self, frame_bytes: int) -> None:
        """Refuse a frame beyond the peer's credit.

        Raises:
            TooLarge: The peer sends faster than we agreed to take.
        """
        if self._received - self._acked + frame_bytes > WINDOW_BYTES + MAX_FRAME_BYTES:
            raise TooLarge("more than the credit allows")

    def receive(self, frame_bytes: int) -> None:
        """Count a frame that came."""
        self._received += frame_bytes

    def deal_with(self, frame_bytes: int) -> None:
        """Note that a frame that came takes no more memory."""
        self._dealt_with += frame_bytes

    def ack(self) -> int | None:
        """Return a new total to tell the peer, when it is time."""
        if self._dealt_with - self._acked < _ACK_EVERY_BYTES:
            return None
        self._acked = self._dealt_with
        return self._acked

    def take_ack(self, total: int) -> None:
        """Take the peer's total.

        Raises:
            Malformed: Less than before, or more than we sent.
        """
        if not self._sent_acked <= total <= self._sent:
            raise Malformed("an ack of what was never sent")
        self._sent_acked = total


class Queue:
    """Entries of one space on their way to the peer, read only as they leave.

    Args:
        frame_budget: Bytes of a frame, if its entries fit.
    """

    def __init__(self, source: SyncSource, frame_budget: int) -> None:
        self._source = source
        self._budget = min(frame_budget, MAX_FRAME_BYTES) - _FRAME_OVERHEAD_BYTES
        self._turns: Iterator[tuple[int, array[int]]] = iter(())
        self._numbers: array[int] | None = None
        self._at = 0
        self._read: list[bytes] = []
        self._first: list[bytes] = []
        self._urgency = 0

    def fill(self, turns: Iterable[tuple[int, array[int]]]) -> None:
        """Put what is to be sent, by priority and in order, in place of what was there."""
        self._turns = iter(turns)
        self._numbers = None
        self._read.clear()
        self._first.clear()
        self._advance()

    def add_first(self, wires: list[bytes]) -> None:
        """Put a few entries before everything else."""
        self._first += wires

    @property
    def urgency(self) -> int:
        """The priority of what comes next; what was put first is as urgent as can be."""
        return 0 if self._first else self._urgency

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to send."""
        return not self._first and not self._read and self._numbers is None

    def take(self) -> tuple[bytes, ...]:
        """Take a frame's worth of entries; at least one, if there is any."""
        taken: list[bytes] = []
        size = 0
        while wire := self._next():
            size += len(wire) + _ENTRY_OVERHEAD_BYTES
            if taken and size > self._budget:
                break
            taken.append((self._first or self._read).pop(0))
            if len(taken) == 1024:
                break
        return tuple(taken)

    def _next(self) -> bytes | None:
        if self._first:
            return self._first[0]
        while not self._read and self._numbers is not None:
            page = self._numbers[self._at : self._at + _READ_AHEAD]
            self._read = self._source.wires(page)
            self._at += len(page)
            if self._at >= len(self._numbers):
                self._advance()
        return self._read[0] if self._read else None

    def _advance(self) -> None:
        turn = next(self._turns, None)
        self._at = 0
        if turn is None:
            self._numbers = None
        else:
            self._urgency, self._numbers = turn
