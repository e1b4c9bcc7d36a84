"""What rests on what among the control entries of a space.

Each entry cites the newest ones that its author had seen. An entry is *settled*
once everything below it is here. What lies below is kept as one integer, a bit
per entry that decides anything, so that "was this known there" is a bitwise and.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crdt.ids import EntryId


class Causality:
    """Entries and their closures, fed in any order.

    Bits are given out in order of settling, so they differ between nodes; what
    they say does not. A bit is always higher than those below it.
    """

    def __init__(self) -> None:
        self._closures: dict[EntryId, int] = {}
        self._unsettled: dict[EntryId, tuple[EntryId, ...]] = {}
        self._missing: dict[EntryId, set[EntryId]] = {}
        self._waiters: dict[EntryId, list[EntryId]] = {}
        self._next_bit = 0

    def add(
        self,
        entry: EntryId,
        cites: tuple[EntryId, ...],
        settle: Callable[[EntryId, int, int], bool],
    ) -> list[EntryId]:
        """Take in an entry that is not here yet.

        Args:
            entry: Its id.
            cites: What it rests on.
            settle: Told each entry that is settled now, what lies below it, and the bit
                that it may take; answers whether it takes it.

        Returns:
            What it settles, in an order that respects cites.
        """
        self._unsettled[entry] = cites
        missing = {cited for cited in cites if cited not in self._closures}
        if missing:
            self._missing[entry] = missing
            for cited in missing:
                self._waiters.setdefault(cited, []).append(entry)
            return []
        settled = []
        ready = deque([entry])
        while ready:
            current = ready.popleft()
            self._settle(current, settle)
            settled.append(current)
            ready.extend(self._released(current))
        return settled

    def closure(self, cites: Iterable[EntryId]) -> int | None:
        """Everything that some entries rest on, themselves included; None while part is missing."""
        below = 0
        for cited in cites:
            closure = self._closures.get(cited)
            if closure is None:
                return None
            below |= closure
        return below

    def is_settled(self, entry: EntryId) -> bool:
        """Whether an entry and everything below it is here."""
        return entry in self._closures

    def _settle(self, entry: EntryId, settle: Callable[[EntryId, int, int], bool]) -> None:
        below = 0
        for cited in self._unsettled.pop(entry):
            below |= self._closures[cited]
        if settle(entry, below, self._next_bit):
            below |= 1 << self._next_bit
            self._next_bit += 1
        self._closures[entry] = below

    def _released(self, entry: EntryId) -> Iterator[EntryId]:
        for waiter in self._waiters.pop(entry, ()):
            missing = self._missing[waiter]
            missing.discard(entry)
            if not missing:
                del self._missing[waiter]
                yield waiter


def bits(mask: int) -> Iterator[int]:
    """Numbers of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def include(masks: dict[bytes, int], key: bytes, bit: int) -> None:
    """Set one more bit in the mask under a key."""
    masks[key] = masks.get(key, 0) | 1 << bit
