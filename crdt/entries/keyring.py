"""The epoch keys of one sealed space: learning them, and choosing one to write with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.aead import seal, unseal
from crdt.crypto.keys import derive, seal_to_device
from crdt.entries.sealing import EPOCH_KEY_BYTES
from crdt.entries.skeletons import Bytes32, Epoch, Share
from crdt.errors import CannotOpen, CrdtError
from crdt.ids import EntryId, EpochId, epoch_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crdt.crypto.keys import DeviceKey

MAX_EARLIER = 64
"""Epochs whose keys one epoch seals; each of them seals its own, so none is lost."""


class _Earlier(WireStruct, frozen=True):
    keys: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_EARLIER)]


_DECODE_EARLIER = Decoder(_Earlier, 4096)


def write_epoch(
    key: bytes,
    devices: Iterable[bytes],
    earlier: Sequence[bytes],
    *,
    cites: tuple[EntryId, ...],
    stamp_ms: int,
) -> Epoch:
    """Write a new epoch.

    Args:
        key: 32 fresh random bytes.
        devices: Public bytes (64 each) of every device that shall read.
        earlier: Keys of the epochs that this one follows.
        cites: Control heads; the epoch reflects every removal among what they reach.
        stamp_ms: Our clock.
    """
    sealed = seal(derive(key, b"mesh earlier"), encode(_Earlier(tuple(earlier[:MAX_EARLIER]))))
    return Epoch(stamp_ms, cites, epoch_id(key), _boxes(key, devices), sealed)


def write_share(
    key: bytes, devices: Iterable[bytes], *, cites: tuple[EntryId, ...], stamp_ms: int
) -> Share:
    """Give an existing epoch's key to more devices."""
    return Share(stamp_ms, cites, epoch_id(key), _boxes(key, devices))


def _boxes(key: bytes, devices: Iterable[bytes]) -> tuple[bytes, ...]:
    # A box begins with a fresh public key, so sorting puts them in random order.
    return tuple(sorted(seal_to_device(device, key) for device in devices))


class Keyring:
    """What this device can open in one space.

    Args:
        keys: Those it already holds, by epoch.
    """

    def __init__(self, keys: dict[EpochId, bytes]) -> None:
        self._keys = keys
        self._sealed_by: dict[EpochId, frozenset[EpochId]] = {}

    def key(self, epoch: EpochId) -> bytes | None:
        """Return an epoch's key, or None if this device does not hold it."""
        return self._keys.get(epoch)

    def holds(self, epoch: EpochId) -> bool:
        """Whether this device opens that epoch."""
        return epoch in self._keys

    @property
    def keys(self) -> tuple[bytes, ...]:
        """All keys held, in the order they were learnt."""
        return tuple(self._keys.values())

    def add(self, key: bytes) -> EpochId | None:
        """Keep a key; returns its epoch if it is new."""
        epoch = epoch_id(key)
        if epoch in self._keys:
            return None
        self._keys[epoch] = key
        return epoch

    def sealed_by(self, epoch: EpochId) -> frozenset[EpochId]:
        """Epochs whose keys stand, sealed, in an epoch that we could open."""
        return self._sealed_by.get(epoch, frozenset())

    def learn(self, record: Epoch | Share, device: DeviceKey) -> tuple[bytes, ...]:
        """Take what an epoch or a share holds for this device.

        Returns:
            Keys that are new, to be kept on disk; none when nothing was for us.
        """
        epoch = EpochId(record.epoch)
        key = self.key(epoch) or _our_key(record, device)
        if key is None:
            return ()
        found = [key]
        if isinstance(record, Epoch):
            earlier = _earlier_keys(record, key)
            named = frozenset(epoch_id(each) for each in earlier)
            self._sealed_by[epoch] = self.sealed_by(epoch) | named
            found += earlier
        return tuple(candidate for candidate in found if self.add(candidate) is not None)


def _our_key(record: Epoch | Share, device: DeviceKey) -> bytes | None:
    for box in record.boxes:
        try:
            key = device.open(box)
        except CannotOpen:
            continue
        if len(key) == EPOCH_KEY_BYTES and epoch_id(key) == record.epoch:
            return key
    return None


def _earlier_keys(record: Epoch, key: bytes) -> tuple[bytes, ...]:
    try:
        return _DECODE_EARLIER(unseal(derive(key, b"mesh earlier"), record.earlier)).keys
    except CrdtError:
        # Whoever wrote the epoch sealed rubbish: the key itself still serves.
        return ()
