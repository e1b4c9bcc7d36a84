"""Who gets the keys of sealed spaces: epochs begun, joined, and shared with who came later.

Which key serves for what is for `crdt.replica.epochs` to tell, and who may read for
`crdt.rights.access`; the steps here only write what follows from it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from crdt.entries.entry import Priority
from crdt.entries.keyring import write_epoch, write_share
from crdt.entries.opening import open_entry
from crdt.entries.sealing import EPOCH_KEY_BYTES
from crdt.entries.skeletons import MAX_BOXES, Kind
from crdt.ids import Pseudonym
from crdt.rights.access import MAX_HEADS
from crdt.rights.authority import END_OF_LOG, Place
from crdt.space import sealed_discovery_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crdt.crypto.keys import DeviceKeys
    from crdt.ids import DeviceId, EntryId, EpochId
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.pen import Pen
    from crdt.replica.writers import Writers
    from crdt.rights.authority import ControlEntry
    from crdt.store.port import Store

_SHARED_SHELF = "shared keys"
"""Devices that were given an epoch's key, by us or by whoever began it; key: epoch, device."""


class KeyDistribution:
    """Gives readers the keys of the sealed spaces of this node.

    Args:
        store: Where epochs and shares go.
        writers: Knows who wrote what.
        pen: Writes them.
        keys: Of this device.
    """

    def __init__(self, store: Store, writers: Writers, pen: Pen, keys: DeviceKeys) -> None:
        self._store = store
        self._writers = writers
        self._pen = pen
        self._keys = keys

    def ensure_key(self, held: HeldSpace) -> None:
        """Begin a new epoch if none may be used: after a removal, the next words are not theirs."""
        if held.kind.is_sealed and held.writing_seal() is None and self._may_begin(held):
            self.rotate(held)

    def rotate(self, held: HeldSpace, first: Iterable[EpochId] = ()) -> None:
        """Begin a new epoch, sealed to every device that may read.

        Args:
            held: A sealed space.
            first: Epochs whose keys must be in it; of the others as many as have room.
        """
        if held.epochs is None:
            raise ValueError("only sealed spaces have keys")
        key = self._pen.random_bytes(EPOCH_KEY_BYTES)
        devices = held.reading_devices()
        devices[self._keys.device.device] = self._keys.device.public
        first_boxes, *more = _by_entry(devices.values())
        with self._store.writing():
            epoch = write_epoch(
                key,
                first_boxes,
                held.epochs.keys_to_hand_on(first),
                space=held.space,
                author=held.own.pseudonym,
                cites=self._all_heads(held, key),
                stamp_ms=self._pen.now_ms(),
            )
            self._pen.write(held, epoch, priority=Priority.URGENT)
            for boxes in more:
                self._write_share(held, key, boxes)
            self._note_shared(epoch.epoch, devices)

    def _write_share(
        self,
        held: HeldSpace,
        key: bytes,
        devices: Iterable[bytes],
        cites: tuple[EntryId, ...] = (),
    ) -> EntryId:
        share = write_share(key, devices, cites=cites, stamp_ms=self._pen.now_ms())
        return self._pen.write(held, share, priority=Priority.URGENT).id

    @staticmethod
    def _may_begin(held: HeldSpace) -> bool:
        next_place = Place(held.own.log, END_OF_LOG)
        return held.may(Kind.EPOCH, held.own.pseudonym, next_place, held.heads)

    def _all_heads(self, held: HeldSpace, key: bytes) -> tuple[EntryId, ...]:
        """Return what an epoch cites, so that no act in force is unknown to it.

        Where there are more heads than one entry cites, shares to ourselves cite the rest.
        """
        cites = held.heads
        while held.access and (rest := held.access.heads_beyond(cites)):
            share = self._write_share(held, key, (self._keys.device.public,), cites)
            cites = (share, *rest[: MAX_HEADS - 1])
        return cites

    def share(self, inner: HeldSpace, devices: dict[DeviceId, bytes], known: bytes = b"") -> bool:
        """Give the key of a sealed space to devices that may read and may not hold it yet.

        Args:
            inner: That space.
            devices: Public bytes of each.
            known: The discovery key that they were found by: who knows the newest, holds its key.

        Returns:
            Whether anything was written.
        """
        seal = inner.writing_seal()
        if seal is None or inner.role is None:
            return False
        wanting = {
            device: public
            for device, public in devices.items()
            if not self._store.shelves.get(_SHARED_SHELF, seal.epoch + device)
            and inner.may_read(public)
            and device != self._keys.device.device
        }
        if not wanting:
            return False
        if known == sealed_discovery_key(seal.key, inner.space):
            with self._store.writing():
                self._note_shared(seal.epoch, wanting)
            return False
        with self._store.writing():
            for boxes in _by_entry(wanting.values()):
                self._write_share(inner, seal.key, boxes)
            self._note_shared(seal.epoch, wanting)
        return True

    # --- what a node does by itself ----------------------------------------------------

    def react(self, inner: HeldSpace) -> None:
        """Do what the entries of an `inner` space now ask for; twice is the same as once."""
        self._welcome_guests(inner)
        self._join_epochs(inner)

    def _welcome_guests(self, inner: HeldSpace) -> None:
        """Give the key to whom our own tickets let in: we may never meet but by a stick."""
        if inner.access is None or inner.people is None:
            return
        ours = (i for i in inner.access.invites() if i.issuer == inner.own.pseudonym)
        guests = {guest for invite in ours for guest in invite.joined}
        readers = (reader for reader in inner.people.readers() if reader.pseudonym in guests)
        self.share(inner, {reader.device: reader.device_public for reader in readers})

    def _join_epochs(self, inner: HeldSpace) -> None:
        """Begin an epoch over those that were begun apart, so that one key leads to all.

        Whoever came while one of them was being begun elsewhere would lack its key for ever.
        One that is not in force counts as well, if it sealed words that are.
        """
        epochs = inner.epochs
        if epochs is None or not self._is_first_founder(inner) or not self._may_begin(inner):
            return
        if epochs.serving is None:
            # Who was removed is gone at once, not when somebody writes; who left cannot see to it.
            self.rotate(inner)
            return
        if not self._is_ours_to_join(inner, epochs.serving):
            return
        apart = [
            epoch
            for epoch in epochs.apart()
            if epochs.is_in_force(epoch) or self._seals_words(inner, epoch)
        ]
        if apart:
            self.rotate(inner, first=apart)

    @staticmethod
    def _is_first_founder(inner: HeldSpace) -> bool:
        if inner.access is None or inner.charter is None:
            return False
        founders = [Pseudonym(founder) for founder in inner.charter.founders]
        first = next((each for each in founders if inner.access.role(each)), None)
        return first == inner.own.pseudonym

    def _is_ours_to_join(self, inner: HeldSpace, serving: ControlEntry) -> bool:
        """Of a founder's devices one joins epochs, or each would join what another just joined.

        It is the one that began the epoch to write with, if one of them did.
        """
        claims = inner.people.readings(self._keys.device.public) if inner.people else ()
        ours = {inner.own.log, *(claim.log for claim in claims)}
        return serving.pseudonym != inner.own.pseudonym or serving.log in ours

    def _seals_words(self, inner: HeldSpace, epoch: EpochId) -> bool:
        """Whether somebody wrote with an epoch what has effect."""
        for stored in self._store.entries.first_of_each_log(inner.space, epoch):
            header, opened = stored.entry.header, open_entry(stored.entry, inner.keyring)
            author = self._writers.author(stored.entry)
            if opened is None or author is None:
                continue
            place = Place(header.log, header.sequence, stored.entry.id)
            if inner.may(opened.kind, author, place, opened.cites):
                return True
        return False

    def _note_shared(self, epoch: bytes, devices: Iterable[DeviceId]) -> None:
        for device in devices:
            self._store.shelves.keep(_SHARED_SHELF, epoch + device, b"1")


def _by_entry(devices: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Part devices into as many as one entry gives a key to."""
    left = iter(devices)
    while boxes := tuple(islice(left, MAX_BOXES)):
        yield boxes
