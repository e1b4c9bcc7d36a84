"""The epochs of one sealed space: which keys this node holds, and what each serves for.

    begun by a contributor, every removal known ─> may seal what is written next
    every other key                             ─> opens what it sealed

An epoch is an entry like others, so whether it has effect is for `crdt.rights.access`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.entries.authoring import Seal
from crdt.ids import EpochId
from crdt.space import sealed_discovery_key
from crdt.sync.greeting import MAX_KEYS_ANSWERED

if TYPE_CHECKING:
    from crdt.entries.keyring import Keyring
    from crdt.entries.skeletons import Charter, Epoch
    from crdt.ids import EntryId, SpaceId
    from crdt.rights.access import Access
    from crdt.rights.authority import ControlEntry

MAX_PAST_EPOCHS = 8
"""How many epochs back two nodes that have not met for long still find each other."""

_BEFORE_THE_FIRST = MAX_KEYS_ANSWERED - 1


@dataclass(frozen=True, slots=True)
class _Begun:
    entry: ControlEntry
    epoch: EpochId
    stamp_ms: int


class Epochs:
    """Keys of one space, and what its entries say of them.

    Args:
        space: Its id.
        keyring: The keys that this device holds.
    """

    def __init__(self, space: SpaceId, keyring: Keyring) -> None:
        self._space = space
        self.keyring = keyring
        self._begun: dict[EntryId, _Begun] = {}
        self._access: Access | None = None
        self._founders: tuple[bytes, ...] = ()

    def begin(self, charter: Charter, access: Access) -> None:
        """Take in whose space it is."""
        self._access, self._founders = access, charter.founders

    def note(self, entry: ControlEntry, epoch: Epoch) -> None:
        """Take in that somebody began an epoch."""
        self._begun[entry.id] = _Begun(entry, EpochId(epoch.epoch), epoch.stamp_ms)

    def begun(self, epoch: EpochId) -> list[ControlEntry]:
        """Return the entries that say they begin an epoch: one, unless somebody copies."""
        return [begun.entry for begun in self._begun.values() if begun.epoch == epoch]

    def seal(self) -> Seal | None:
        """Return the epoch to write with, or None when a new one has to be begun first.

        An epoch serves when we hold its key, its author was allowed to begin it,
        and it reflects every removal that we know of.
        """
        access = self._access
        if access is None:
            return None
        fit = [begun for begun in self._held() if access.reflects_removals(begun.entry.cites)]
        if not fit:
            return None
        newest = max(fit, key=_age)
        key = self.keyring.key(newest.epoch)
        return Seal(newest.epoch, key) if key else None

    def keys(self) -> tuple[bytes, ...]:
        """Return every key of this space: the one to write with, then the newest first.

        Anybody can hand us a key, so those that were not begun by a contributor come last:
        nobody else pushes a key out of where only the first ones have room.
        """
        seal = self.seal()
        newest_first = sorted(self._held(), key=_age, reverse=True)
        known = [seal.key if seal else None, *(self.keyring.key(b.epoch) for b in newest_first)]
        in_order = dict.fromkeys(key for key in known if key is not None)
        return tuple(dict.fromkeys((*in_order, *reversed(self.keyring.keys))))

    @property
    def is_split(self) -> bool:
        """Whether epochs were begun apart, so that no single key opens the way to all others."""
        begun = {each.epoch for each in self._held()}
        covered = {earlier for epoch in begun for earlier in self.keyring.sealed_by(epoch)}
        return len(begun - covered) > 1

    def discovery_keys(self) -> list[bytes]:
        """Return the keys by which members find each other, ours to use first."""
        newest = self.keys()[:MAX_PAST_EPOCHS]
        first = self._first_key()
        firsts = () if first is None else (first,)
        # Early enough to be shown: whoever was apart for many epochs still knows the first.
        keys = dict.fromkeys((*newest[:_BEFORE_THE_FIRST], *firsts, *newest[_BEFORE_THE_FIRST:]))
        return [sealed_discovery_key(key, self._space) for key in keys]

    def _first_key(self) -> bytes | None:
        """The key that a founder began the space with: every member holds it."""
        begun = [each for each in self._begun.values() if each.entry.pseudonym in self._founders]
        first = min(begun, key=_age, default=None)
        return self.keyring.key(first.epoch) if first else None

    def _held(self) -> list[_Begun]:
        """Epochs that were begun by a contributor and whose keys are here."""
        access = self._access
        if access is None:
            return []
        return [
            begun
            for begun in self._begun.values()
            if self.keyring.holds(begun.epoch) and access.effective(begun.entry.id)
        ]


def _age(begun: _Begun) -> tuple[int, EntryId]:
    return begun.stamp_ms, begun.entry.id
