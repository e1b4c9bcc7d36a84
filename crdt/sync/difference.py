"""Finding out what the peer lacks: the seam, and the plain way.

Plain: each side lists short ids of all it has, 8 bytes each, salted with both
nonces and the round, in ascending order; whoever has seen the other's list
knows what the other lacks. Two ids that share a short id hide each other in
one round and, salted anew, not in the next.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from crdt.errors import Malformed, TooLarge
from crdt.sync.frames import MAX_PAGE_IDS, SHORT_ID_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crdt.ids import EntryId


MAX_SHORT_IDS = 1_000_000
"""In one list: 8 MB. The peer's count does not bound it, for its set may grow meanwhile."""


NOT_WANTED = 0
"""Stands for the number of an entry that we list without having it: we refused it."""


class Difference(Protocol):
    """One round of finding out, for one space."""

    def pages(self) -> Iterator[tuple[bytes, bool]]:
        """Give what to tell the peer, in frames' worth; the flag marks the last."""
        ...

    def take(self, page: bytes, *, is_last: bool) -> None:
        """Take a page of the peer's.

        Raises:
            Malformed, TooLarge: It breaks the rules; nothing was taken.
        """
        ...

    def __len__(self) -> int:
        """Count our ids: the work that this round makes."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the peer has told everything."""
        ...

    def lacking(self) -> array[int]:
        """Return the numbers of our entries that the peer lacks, once complete."""
        ...


class ListDifference:
    """Lists of all short ids.

    Args:
        held: Our ids with their numbers.
        salt: The same on both sides, new in each round.
    """

    def __init__(self, held: Iterable[tuple[EntryId, int]], salt: bytes) -> None:
        ours = sorted(
            (blake2b(name, digest_size=SHORT_ID_BYTES, key=salt).digest(), number)
            for name, number in held
        )
        self._shorts = b"".join(short for short, _ in ours)
        self._numbers = array("q", (number for _, number in ours))
        self._theirs = array("Q")
        self._is_complete = False

    def __len__(self) -> int:
        """Count our ids."""
        return len(self._numbers)

    def pages(self) -> Iterator[tuple[bytes, bool]]:
        """Give our short ids, page by page."""
        step = MAX_PAGE_IDS * SHORT_ID_BYTES
        for start in range(0, max(len(self._shorts), 1), step):
            yield self._shorts[start : start + step], start + step >= len(self._shorts)

    def take(self, page: bytes, *, is_last: bool) -> None:
        """Take a page of the peer's short ids."""
        if self._is_complete:
            raise Malformed("short ids after the last page")
        if len(page) % SHORT_ID_BYTES or not (page or is_last):
            raise Malformed("a broken page of short ids")
        if len(self._theirs) + len(page) // SHORT_ID_BYTES > MAX_SHORT_IDS:
            raise TooLarge("more short ids than a list may hold")
        fresh = _integers(page)
        highest = self._theirs[-1] if self._theirs else 0
        for short in fresh:
            if short < highest:
                raise Malformed("short ids out of order")
            highest = short
        self._theirs.extend(fresh)
        self._is_complete = is_last

    @property
    def is_complete(self) -> bool:
        """Whether the peer has told everything."""
        return self._is_complete

    def lacking(self) -> array[int]:
        """Return the numbers of our entries that the peer lacks."""
        theirs, lacking = self._theirs, array("q")
        for short, number in zip(_integers(self._shorts), self._numbers, strict=True):
            if number == NOT_WANTED:
                continue
            place = bisect_left(theirs, short)
            if place == len(theirs) or theirs[place] != short:
                lacking.append(number)
        return lacking


def _integers(shorts: bytes) -> array[int]:
    starts = range(0, len(shorts), SHORT_ID_BYTES)
    step = SHORT_ID_BYTES
    return array("Q", (int.from_bytes(shorts[at : at + step], "big") for at in starts))
