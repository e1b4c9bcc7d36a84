"""Nodes for tests: a real store each, virtual time, seeded dice, and meetings without a wire."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from crdt.entries.entry import decode_entry
from crdt.replica.replica import Replica
from crdt.rights.authority import Role
from crdt.store.sqlite_store import SqliteStore
from tests.crdt.people import bytes_for, device_keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crdt.ids import DocumentId, SpaceId
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.membership import Community

HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000
TITLE = 1


class Weather:
    """Clock and dice that a test controls."""

    def __init__(self, seed: str) -> None:
        self.time_ms = START_MS
        self._dice = random.Random(seed)

    def now_ms(self) -> int:
        self.time_ms += 1
        return self.time_ms

    def random_bytes(self, count: int) -> bytes:
        return self._dice.randbytes(count)


class Villager:
    """One person's node."""

    def __init__(self, folder: Path, name: str, machine: str = "laptop") -> None:
        self.name, self.machine = name, machine
        self.path = folder / f"{name} {machine}.db"
        self.weather = Weather(f"{name} {machine}")
        self.store = SqliteStore(self.path, bytes_for(f"{name} database", 32))
        self.replica = self._open()

    def _open(self) -> Replica:
        keys = device_keys(self.name, self.machine)
        return Replica(self.store, keys, self.name.title(), self.weather)

    def restart(self) -> None:
        self.store.close()
        self._reopen()

    def _reopen(self) -> None:
        self.store = SqliteStore(self.path, bytes_for(f"{self.name} database", 32))
        self.replica = self._open()

    def found(self, name: str = "Ridge") -> Community:
        community = self.replica.membership.found(name)
        self.replica.react()
        return community

    def ticket(self, community: Community, role: Role = Role.CONTRIBUTOR, uses: int = 1) -> str:
        expires_ms = self.weather.now_ms() + HOUR_MS
        return self.replica.membership.invite(community, role, uses, expires_ms, b"").text()

    def space(self, name: str) -> HeldSpace:
        found = [h for h in self.replica.holdings.all() if h.kind.name.lower() == name]
        assert len(found) == 1
        return found[0]

    def write(self, text: str, level: str = "commons", title: str = "A note") -> DocumentId:
        document = self.replica.library.begin(self.space(level), 1, {TITLE: title}, text)
        self.replica.react()
        return document

    def text(self, document: DocumentId) -> str:
        return self.replica.library.read(document).text

    def edit(self, document: DocumentId, text: str) -> None:
        self.replica.library.change(document, {}, text)
        self.replica.react()

    def withdraw(self, document: DocumentId) -> None:
        self.replica.library.withdraw(document)
        self.replica.react()

    def give(self, other: Villager, spaces: Iterable[SpaceId] | None = None) -> None:
        """Hand over everything that the other could take, with no gate and no protocol."""
        mine, theirs = ({h.space for h in n.replica.holdings.all()} for n in (self, other))
        shared = mine & theirs
        for space in sorted(shared if spaces is None else spaces):
            numbers = [stored.number for stored in self.store.entries.since(space, 0)]
            wires = self.store.entries.wires(numbers)
            admitted = other.replica.admit(decode_entry(wire) for wire in wires)
            assert not admitted.refused
        other.replica.react()

    def meet_inner(self, other: Villager) -> None:
        """Meet without a word about the commons."""
        inner = [self.space("inner").space]
        for _ in range(4):
            self.give(other, inner)
            other.give(self, inner)
            self._share_keys(other)

    def meet(self, other: Villager) -> None:
        """Meet until neither learns anything: keys and joins take a few rounds."""
        for _ in range(4):
            self.give(other)
            other.give(self)
            self._share_keys(other)

    def _share_keys(self, other: Villager) -> None:
        for one, two in ((self, other), (other, self)):
            for inner in one.replica.holdings.inner_spaces():
                keys = two.replica.keys.device
                one.replica.distribution.share(inner, {keys.device: keys.public})
                one.replica.react()
