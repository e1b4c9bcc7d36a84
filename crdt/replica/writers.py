"""Who wrote an entry: whoever certified the log that it stands in.

    certified by one person                  ─> every entry is theirs
    certified by several, chain is here      ─> theirs whose certificate the chain begins with
    certified by several, part of it missing ─> nobody's yet

Nobody certifies one log for two people but to say different things to different
nodes: each certificate is signed by its person and by the log. Whoever does so
changes nothing of what was written: every entry names the one before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crdt.entries.entry import VerifiedEntry
    from crdt.ids import EntryId, LogId, LogKey, Pseudonym, SpaceId
    from crdt.store.port import Store


class Writers:
    """Knows the authors of entries.

    Args:
        store: Where the entries are that others follow.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sole: dict[LogKey, Pseudonym] = {}
        self._roots: dict[LogKey, dict[EntryId, Pseudonym]] = {}
        """Of each log, its certificates; of one with several authors, also what follows them."""
        self._several: dict[LogKey, frozenset[Pseudonym]] = {}
        self._awaits: dict[EntryId, EntryId] = {}
        """Of an entry whose chain is not whole, the first that is missing."""

    def load(self, space: SpaceId) -> None:
        """Bring back what the certificates of a space say."""
        for row in self._store.logs.of_space(space):
            for certificate, pseudonym in row.certificates.items():
                self.certify((space, row.log), certificate, pseudonym)

    def certify(self, log: LogKey, certificate: EntryId, pseudonym: Pseudonym) -> None:
        """Take in who says, with a valid certificate, that a log is theirs."""
        self._roots.setdefault(log, {})[certificate] = pseudonym
        authors = self.all_of(log) | {pseudonym}
        if len(authors) == 1:
            self._sole[log] = pseudonym
        else:
            self._sole.pop(log, None)
            self._several[log] = authors

    def all_of(self, log: LogKey) -> frozenset[Pseudonym]:
        """Everybody whom a log is certified for: nobody yet, one person, or several."""
        sole = self._sole.get(log)
        return self._several.get(log, frozenset()) if sole is None else frozenset({sole})

    def is_contested(self, log: LogKey) -> bool:
        """Whether a log is certified for several people."""
        return log in self._several

    def logs_of(self, pseudonym: Pseudonym) -> Iterator[LogId]:
        """Every log that is certified for somebody."""
        yield from [log for (_, log), sole in self._sole.items() if sole == pseudonym]
        yield from [log for (_, log), authors in self._several.items() if pseudonym in authors]

    def author(self, entry: VerifiedEntry) -> Pseudonym | None:
        """Who wrote an entry, as far as that is known."""
        log = entry.header.log_key
        sole = self._sole.get(log)
        return self._root(entry) if sole is None and log in self._several else sole

    def _root(self, entry: VerifiedEntry) -> Pseudonym | None:
        """Follow the chain down to a certificate; remember how far it went."""
        log, roots = entry.header.log_key, self._roots[entry.header.log_key]
        name, previous, passed = entry.id, entry.header.previous, []
        while name not in roots:
            passed.append(name)
            name = self._awaits.get(name, previous)
            if name in roots:
                break
            stored = self._store.entries.get(name) if self._store.entries.has(name) else None
            if stored is None or stored.entry.header.log_key != log:
                self._awaits.update(dict.fromkeys(passed, name))
                return None
            previous = stored.entry.header.previous
        roots.update(dict.fromkeys(passed, roots[name]))
        return roots[name]
