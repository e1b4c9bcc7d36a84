"""The epochs of one sealed space: which keys this node holds, and what each serves for.

    an epoch's key is here, its author proves to have known it ─> begun
    begun by a contributor, every removal known                ─> may seal what is written next
    begun in the knowledge of nothing that is not here         ─> may be handed on
    every other key                                            ─> opens what it sealed

An epoch is an entry like others, so whether it has effect is for `crdt.rights.access`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.entries.authoring import Seal
from crdt.entries.skeletons import Epoch
from crdt.errors import CrdtError
from crdt.ids import EpochId, epoch_id
from crdt.rights.authority import Role
from crdt.space import sealed_discovery_key
from crdt.sync.greeting import MAX_KEYS_ANSWERED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.crypto.keys import DeviceKey
    from crdt.entries.keyring import Keyring
    from crdt.entries.skeletons import Charter, Share
    from crdt.ids import EntryId, SpaceId
    from crdt.rights.access import Access
    from crdt.rights.authority import ControlEntry

MAX_PAST_EPOCHS = 8
"""How many epochs back two nodes that have not met for long still find each other."""

_BEFORE_THE_FIRST = MAX_KEYS_ANSWERED - 1


@dataclass(frozen=True, slots=True)
class _Begun:
    """An epoch by somebody who knew its key.

    Attributes:
        earlier: Epochs whose keys stand in it.
    """

    entry: ControlEntry
    epoch: EpochId
    stamp_ms: int
    earlier: frozenset[EpochId]


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
        self._closed: dict[EpochId, dict[EntryId, tuple[ControlEntry, Epoch]]] = {}
        self._earlier: dict[EpochId, frozenset[EpochId]] = {}
        self._served: _Begun | None = None
        self._served_at = (-1, -1)
        self._access: Access | None = None
        self._founders: tuple[bytes, ...] = ()

    # --- what entries say ------------------------------------------------------------

    def begin(self, charter: Charter, access: Access) -> None:
        """Take in whose space it is."""
        self._access, self._founders = access, charter.founders

    def learn(
        self, entry: ControlEntry, record: Epoch | Share, device: DeviceKey
    ) -> list[tuple[bytes, ControlEntry]]:
        """Take in what an epoch or a share holds for this device, and what that opens in turn.

        Returns:
            Keys that are new, to be kept on disk, each with the entry that brought it.
        """
        learnt = []
        unread = [(entry, record)]
        while unread:
            source, sealed = unread.pop()
            for key in self._read(source, sealed, device):
                learnt.append((key, source))
                # Epochs that came before their key could not be read then.
                unread += self._closed.pop(epoch_id(key), {}).values()
        return learnt

    def _read(self, entry: ControlEntry, record: Epoch | Share, device: DeviceKey) -> list[bytes]:
        epoch = EpochId(record.epoch)
        key = self.keyring.unbox(record, device)
        if key is None:
            if isinstance(record, Epoch):
                self._closed.setdefault(epoch, {})[entry.id] = entry, record
            return []
        new = [key] if self.keyring.add(key) else []
        if isinstance(record, Epoch):
            try:
                earlier = self.keyring.earlier(record, entry.pseudonym)
            except CrdtError:
                return new  # the key still opens what it sealed
            named = frozenset(epoch_id(each) for each in earlier)
            self._begun[entry.id] = _Begun(entry, epoch, record.stamp_ms, named)
            self._earlier[epoch] = self._earlier.get(epoch, frozenset()) | named
            new += [each for each in earlier if self.keyring.add(each)]
        return new

    # --- what each key serves for ----------------------------------------------------

    def seal(self) -> Seal | None:
        """Return the epoch to write with, or None when a new one has to be begun first.

        An epoch serves when we hold its key, its author was allowed to begin it, and it
        reflects every removal that we know of.
        """
        serving = self._serving()
        key = self.keyring.key(serving.epoch) if serving else None
        return Seal(serving.epoch, key) if serving and key else None

    def newest(self) -> Seal | None:
        """Return the newest epoch of a contributor, known to whoever was removed or not."""
        begun = max(self._in_force(), key=_age, default=None)
        key = self.keyring.key(begun.epoch) if begun else None
        return Seal(begun.epoch, key) if begun and key else None

    @property
    def serving(self) -> ControlEntry | None:
        """The entry that began the epoch to write with."""
        serving = self._serving()
        return serving.entry if serving else None

    def _serving(self) -> _Begun | None:
        """The epoch to write with: one that no other follows; of several, the newest.

        What follows what is told by the keys inside, for clocks may be years wrong.
        """
        access = self._access
        state = access.version if access else 0, len(self._begun)
        if self._served_at != state:
            fit = [
                b for b in self._in_force() if access and access.reflects_removals(b.entry.cites)
            ]
            followed = {each for begun in fit for each in self._inside(begun.epoch)}
            last = [begun for begun in fit if begun.epoch not in followed] or fit
            self._served, self._served_at = max(last, key=_age, default=None), state
        return self._served

    def _inside(self, epoch: EpochId) -> set[EpochId]:
        """Every epoch whose key somebody comes by who has the key of this one."""
        inside: set[EpochId] = set()
        ahead = [epoch]
        while ahead:
            fresh = self._earlier.get(ahead.pop(), frozenset()) - inside
            inside |= fresh
            ahead += fresh
        return inside

    def keys(self) -> tuple[bytes, ...]:
        """Return every key of this space: the one to write with, then the newest first.

        Anybody can hand us a key, so those that were not begun by a contributor come last:
        nobody else pushes a key out of where only the first ones have room.
        """
        seal = self.seal()
        newest_first = sorted(self._in_force(), key=_age, reverse=True)
        known = [seal.key if seal else None, *(self.keyring.key(b.epoch) for b in newest_first)]
        in_order = dict.fromkeys(key for key in known if key is not None)
        return tuple(dict.fromkeys((*in_order, *reversed(self.keyring.keys))))

    def keys_to_hand_on(self, first: Iterable[EpochId] = ()) -> tuple[bytes, ...]:
        """Return the keys that a new epoch may seal: the one to write with, then those to go first.

        A key may have been begun after a removal that is not here yet. Whoever was
        removed would get it inside ours: such a key stays with those who have it.
        """
        keys, seal = self.keys(), self.seal()
        known = dict.fromkeys((*((seal.epoch,) if seal else ()), *first, *map(epoch_id, keys)))
        whole = self._begun_on_what_is_here()
        found = (self.keyring.key(epoch) for epoch in known if epoch in whole)
        return tuple(key for key in found if key is not None)

    def apart(self) -> list[EpochId]:
        """Return the epochs whose keys the one to write with does not lead to.

        Whoever comes by that one would lack them. Of somebody who was cut off
        since, an epoch is not in force any more, but others may have written with it.
        """
        serving = self._serving()
        if serving is None:
            return []
        reached = self._inside(serving.epoch) | {serving.epoch}
        return sorted(self._begun_on_what_is_here() - reached)

    def is_in_force(self, epoch: EpochId) -> bool:
        """Whether a contributor began it."""
        return any(begun.epoch == epoch for begun in self._in_force())

    def _begun_on_what_is_here(self) -> set[EpochId]:
        access = self._access
        settled = [
            begun
            for begun in self._begun.values()
            if access and access.had_role(begun.entry.id, Role.CONTRIBUTOR)
        ]
        # Whoever began it honestly had seen what those inside it were begun on.
        return {each for begun in settled for each in (begun.epoch, *begun.earlier)}

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
        begun = (each for each in self._begun.values() if each.entry.pseudonym in self._founders)
        first = min(begun, key=_age, default=None)
        return self.keyring.key(first.epoch) if first else None

    def _in_force(self) -> list[_Begun]:
        """Epochs that were begun by a contributor."""
        access = self._access
        return [b for b in self._begun.values() if access and access.effective(b.entry.id)]


def _age(begun: _Begun) -> tuple[int, EntryId]:
    return begun.stamp_ms, begun.entry.id
