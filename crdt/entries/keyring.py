"""The epoch keys of one sealed space: handing them to devices, and finding them in entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec.structs import replace

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.aead import seal, unseal
from crdt.crypto.keys import derive, seal_to_device
from crdt.entries.sealing import EPOCH_KEY_BYTES
from crdt.entries.skeletons import Bytes32, Epoch, Share
from crdt.errors import CannotOpen
from crdt.ids import EntryId, EpochId, Pseudonym, SpaceId, epoch_id

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
    space: SpaceId,
    author: Pseudonym,
    cites: tuple[EntryId, ...],
    stamp_ms: int,
) -> Epoch:
    """Write a new epoch.

    Args:
        key: 32 fresh random bytes.
        devices: Public bytes (64 each) of every device that shall read.
        earlier: Keys of the epochs that this one follows.
        space: Where it will stand.
        author: Who writes it. Nobody else can pass it off as theirs, so its cites say
            what had been seen by somebody who knew the key.
        cites: Control heads; the epoch reflects every removal among what they reach.
        stamp_ms: Our clock.
    """
    epoch = Epoch(stamp_ms, cites, epoch_id(key), _boxes(key, devices), b"")
    plain = encode(_Earlier(tuple(earlier[:MAX_EARLIER])))
    sealed = seal(derive(key, b"mesh earlier"), plain, bound=_bound(epoch, space, author))
    return replace(epoch, earlier=sealed)


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
        space: Its id.
        keys: Those it already holds, by epoch.
    """

    def __init__(self, space: SpaceId, keys: dict[EpochId, bytes]) -> None:
        self._space = space
        self._keys = keys

    def key(self, epoch: EpochId) -> bytes | None:
        """Return an epoch's key, or None if this device does not hold it."""
        return self._keys.get(epoch)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """All keys held, in the order they were learnt."""
        return tuple(self._keys.values())

    def add(self, key: bytes) -> bool:
        """Keep a key; returns whether it is new."""
        epoch = epoch_id(key)
        is_new = epoch not in self._keys
        self._keys[epoch] = key
        return is_new

    def unbox(self, record: Epoch | Share, device: DeviceKey) -> bytes | None:
        """Return the key that an epoch or a share holds for this device, or None.

        A key that is here already is not opened again.
        """
        held = self.key(EpochId(record.epoch))
        return held or _our_key(record, device)

    def earlier(self, epoch: Epoch, author: Pseudonym) -> tuple[bytes, ...]:
        """Return the keys of the epochs that an epoch follows.

        Args:
            epoch: One whose key is here.
            author: Who wrote the entry that it stands in.

        Raises:
            CannotOpen: Its author did not know its key, and only copied somebody's epoch.
            CrdtError: Its author sealed rubbish.
        """
        key = self.key(EpochId(epoch.epoch))
        if key is None:
            raise CannotOpen
        bound = _bound(epoch, self._space, author)
        return _DECODE_EARLIER(unseal(derive(key, b"mesh earlier"), epoch.earlier, bound)).keys


def _bound(epoch: Epoch, space: SpaceId, author: Pseudonym) -> bytes:
    return space + author + encode(replace(epoch, earlier=b""))


def _our_key(record: Epoch | Share, device: DeviceKey) -> bytes | None:
    for box in record.boxes:
        try:
            key = device.open(box)
        except CannotOpen:
            continue
        if len(key) == EPOCH_KEY_BYTES and epoch_id(key) == record.epoch:
            return key
    return None
