"""Which entries of a forked log lie on the way to a cut.

    not forked ─> a cut lets stand what has a lower number
    forked     ─> a cut lets stand what its entry follows, number by number

Whoever was removed still holds the key of their log, and could sign any number of it
again. What they wrote before is what the entry follows that the cut names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crdt.ids import EntryId, LogId, SpaceId
    from crdt.rights.authority import Place
    from crdt.store.port import Store


class Lineages:
    """Follows the chains of the forked logs of one space, as far as they are here.

    Args:
        store: Where the entries are.
        space: Which.
    """

    def __init__(self, store: Store, space: SpaceId) -> None:
        self._store = store
        self._space = space
        self._forked: set[LogId] = set()
        self._below: dict[EntryId, set[EntryId]] = {}
        self._awaited: dict[EntryId, set[EntryId]] = {}
        """Entries that are missing, and the tips whose chains go on there."""

    def load(self) -> None:
        """Bring back which logs are forked."""
        for fork in self._store.logs.forks(self._space):
            self.note(fork.log, fork.one, fork.other)

    def note(self, log: LogId, *rivals: EntryId) -> bool:
        """Take in that entries contradict each other; returns whether that is news of a log.

        What is not in the set contradicts nothing: another node may never see it.
        """
        if log in self._forked or not all(self._store.entries.has(each) for each in rivals):
            return False
        self._forked.add(log)
        return True

    def stands(self, place: Place, tip: EntryId) -> bool:
        """Tell whether an entry lies on the way to another of its log, as far as it is forked."""
        if place.log not in self._forked:
            return True
        return place.entry is not None and place.entry in self._chain(place.log, tip)

    def arrived(self, entry: EntryId) -> bool:
        """Take in an entry that came into the set; returns whether a chain goes on there."""
        tips = self._awaited.pop(entry, set())
        for tip in tips:
            del self._below[tip]
        return bool(tips)

    def _chain(self, log: LogId, tip: EntryId) -> set[EntryId]:
        found = self._below.get(tip)
        if found is None:
            found = self._below[tip] = set()
            name = tip
            while self._store.entries.has(name):
                stored = self._store.entries.get(name)
                if stored is None or stored.entry.header.log_key != (self._space, log):
                    return found
                found.add(name)
                if stored.entry.header.sequence == 1:
                    return found
                name = stored.entry.header.previous
            self._awaited.setdefault(name, set()).add(tip)
        return found
