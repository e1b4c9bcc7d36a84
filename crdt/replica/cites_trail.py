"""Which control heads each entry cites, once "the same as before" is spelled out."""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING

from crdt.ids import ID_BYTES, EntryId, LogId

if TYPE_CHECKING:
    from crdt.store.port import Store

SHELF = "cites"


class CitesTrail:
    """The entries that cite anew, per log, in the order of their numbers.

    An entry whose own list is empty cites what the nearest one before it cites.
    Few entries cite anew, so all of them are kept in memory.

    Args:
        store: Keeps them; read once, here.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trail: dict[LogId, list[tuple[int, tuple[EntryId, ...]]]] = {}
        for key, value in store.shelves.items(SHELF):
            self._insert(LogId(key[:ID_BYTES]), int.from_bytes(key[ID_BYTES:]), _split(value))

    def note(self, log: LogId, sequence: int, cites: tuple[bytes, ...]) -> None:
        """Note what an entry cites anew; inside a transaction of the store."""
        if not cites:
            return
        key = log + sequence.to_bytes(8)
        if self._store.shelves.get(SHELF, key) is None:
            self._store.shelves.keep(SHELF, key, b"".join(cites))
            self._insert(log, sequence, tuple(EntryId(cited) for cited in cites))

    def resolve(self, log: LogId, sequence: int) -> tuple[EntryId, ...]:
        """Tell what an entry of a log cites."""
        trail = self._trail.get(log, [])
        place = bisect_right(trail, sequence, key=lambda step: step[0])
        return trail[place - 1][1] if place else ()

    def _insert(self, log: LogId, sequence: int, cites: tuple[EntryId, ...]) -> None:
        insort(self._trail.setdefault(log, []), (sequence, cites))


def _split(value: bytes) -> tuple[EntryId, ...]:
    return tuple(EntryId(value[i : i + ID_BYTES]) for i in range(0, len(value), ID_BYTES))
