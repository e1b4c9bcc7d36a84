"""What peers sent lately and this node refused, so that nobody sends it again and again.

Kept in memory only, and by peer: a liar who sends a spoiled copy of an entry keeps
nobody else's from coming. What changes the rules of a space may let in what was
refused before; it is forgotten then, and at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.ids import entry_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.ids import EntryId, SpaceId
    from crdt.replica.admission import Admitted
    from crdt.replica.replica import Replica
    from crdt.sync.events import EntriesArrived

MAX_REFUSED = 50_000
"""Ids of all peers together, some 5 MB. Of more the oldest are forgotten, and sent again."""


class Refusals:
    """Remembers, by a name of the peer and by space, what was refused.

    Changed on the event loop only; the record's thread reads it.
    """

    def __init__(self) -> None:
        self._refused: dict[tuple[bytes, SpaceId, EntryId], None] = {}

    def note(self, peer: bytes, space: SpaceId, entries: Iterable[EntryId]) -> None:
        """Remember what a peer sent in vain."""
        for entry in entries:
            self._refused.pop((peer, space, entry), None)
            self._refused[peer, space, entry] = None
        while len(self._refused) > MAX_REFUSED:
            del self._refused[next(iter(self._refused))]

    def of(self, peer: bytes, space: SpaceId) -> list[EntryId]:
        """Return what a peer need not send again."""
        return [key[2] for key in list(self._refused) if key[:2] == (peer, space)]

    def forget(self, spaces: Iterable[SpaceId]) -> None:
        """Forget what was refused in spaces whose rules have changed."""
        changed = set(spaces)
        if any(key[1] in changed for key in self._refused):
            self._refused = {key: None for key in self._refused if key[1] not in changed}


def admit(replica: Replica, arrived: EntriesArrived) -> tuple[Admitted, list[EntryId]]:
    """Admit what came; tell also which entries are not here even so."""
    admitted = replica.admit(arrived.entries)
    if not admitted.refused:
        return admitted, []
    names = [entry_id(entry.header) for entry in arrived.entries]
    return admitted, [name for name in names if replica.store.entries.get(name) is None]
