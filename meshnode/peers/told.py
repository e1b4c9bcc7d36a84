"""What a peer was told of what is here: a line in the order of receipt, and what it told us."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crdt.ids import EntryId, SpaceId
    from crdt.store.port import Entries


class Told:
    """What is here up to the line is told to the peer, or about to be."""

    def __init__(self) -> None:
        self._line = 0
        self._admitted = 0
        self._from_peer: set[EntryId] = set()

    def draw_line(self, newest: int) -> None:
        """Draw the line behind what is here now: up to this number."""
        self._line = newest
        self._admitted = 0
        self._from_peer.clear()

    def note_admitted(self, new: Sequence[EntryId], *, is_settled: bool) -> None:
        """Note what came from the peer itself."""
        self._admitted += len(new)
        if is_settled:  # until then, settling draws the line
            self._from_peer.update(new)

    def is_all(self, newest: int) -> bool:
        """Whether nothing came since the line but what the peer gave."""
        return newest - self._line == self._admitted

    def news(self, entries: Entries, space: SpaceId) -> list[int]:
        """Return the numbers of what came since the line, but for what the peer gave."""
        return [
            stored.number
            for stored in entries.since(space, self._line)
            if stored.entry.id not in self._from_peer
        ]
