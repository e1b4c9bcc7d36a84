"""Finding shared spaces without telling a stranger about any.

Everything here is bound to the channel and to the direction (who speaks), so
that nothing said on one link, or by one side, is of use anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.keys import DeviceKey, check_device_signature, derive
from crdt.crypto.signing import Domain
from crdt.errors import CannotOpen, Malformed
from crdt.ids import SpaceId, digest
from crdt.store.rows import SetSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crdt.ids import DeviceId

T = TypeVar("T")

MAX_DISCOVERY_KEYS = 256
"""Of one space: peers that missed key changes, and holders of tickets, are recognised."""

NONCE_BYTES = 16
_AEAD_NONCE_BYTES = 24


class Direction(Enum):
    """Who speaks."""

    INITIATOR = b"\x00"
    RESPONDER = b"\x01"

    @property
    def other(self) -> Direction:
        """The peer's."""
        is_initiator = self is Direction.INITIATOR
        return Direction.RESPONDER if is_initiator else Direction.INITIATOR


@dataclass(frozen=True, slots=True)
class SharedSpace:
    """A space that this node would sync.

    Attributes:
        discovery_keys: 32 bytes each, the one to use first, at most 256. A space that
            anyone may read has one, derived from its id (`crdt.space`).
        needs_proof: Whether only devices that the gate lets pass are served.
        has_receipts: Whether the community's receipts go with it (its `inner`).
        tells_first: Whether who knows the first key may be told at once what is held. Not
            when somebody who knows it was removed since.
    """

    space: SpaceId
    discovery_keys: tuple[bytes, ...] = field(repr=False)
    needs_proof: bool
    has_receipts: bool = False
    tells_first: bool = True

    def __post_init__(self) -> None:  # noqa: D105
        if not 1 <= len(self.discovery_keys) <= MAX_DISCOVERY_KEYS:
            raise ValueError(f"a space has 1 to {MAX_DISCOVERY_KEYS} discovery keys")


class Introduction(WireStruct, frozen=True):
    """Inside an offer's box.

    Attributes:
        count, fingerprint: Of the sender's set; None until the peer may know it.
        receipts: Digest of the sender's receipts; None likewise.
        device, proof: 64 public bytes and the signature of that device; None
            for spaces that need no proof.
    """

    count: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    fingerprint: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)] | None
    receipts: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)] | None
    device: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)] | None
    proof: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)] | None

    @property
    def summary(self) -> SetSummary | None:
        """What the sender holds, if it says so."""
        return None if self.fingerprint is None else SetSummary(self.count, self.fingerprint)


_DECODE = Decoder(Introduction, 512)


def tag_of(discovery_key: bytes, direction: Direction, channel_id: bytes) -> bytes:
    """Name a space on one channel: 8 bytes that say nothing to those without the key."""
    return derive(discovery_key, b"mesh tag", direction.value, channel_id)[:8]


def receipts_digest(counters: Mapping[DeviceId, int]) -> bytes:
    """Hash which receipts a node has."""
    listed = b"".join(
        device + counter.to_bytes(8, "big") for device, counter in sorted(counters.items())
    )
    return digest(b"mesh receipts", listed, size=16)


class Box:
    """Seals what one side says about one space on one channel, each message under a new nonce.

    Args:
        nonce: The speaker's, from its hello: an accidentally repeated channel id is harmless.
    """

    def __init__(
        self, discovery_key: bytes, direction: Direction, channel_id: bytes, nonce: bytes
    ) -> None:
        self._key = derive(discovery_key, b"mesh hello", direction.value, nonce, channel_id)
        self._bound = channel_id
        self._messages = 0

    def seal(self, message: bytes) -> bytes:
        """Seal the next message."""
        sealed: bytes = crypto_aead_xchacha20poly1305_ietf_encrypt(
            message, self._bound, self._nonce(), self._key
        )
        self._messages += 1
        return sealed

    def open(self, sealed: bytes, read: Callable[[bytes], T]) -> T:
        """Open and read the next message; what cannot be read was not taken.

        Raises:
            CannotOpen: It is not the next one, or not of this space, side and channel.
            MeshError: Whatever `read` raises.
        """
        try:
            message: bytes = crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, self._bound, self._nonce(), self._key
            )
        except (CryptoError, ValueError, TypeError) as error:
            raise CannotOpen from error
        value = read(message)
        self._messages += 1
        return value

    def _nonce(self) -> bytes:
        return self._messages.to_bytes(_AEAD_NONCE_BYTES, "big")


def prove(device: DeviceKey, direction: Direction, space: SpaceId, channel_id: bytes) -> bytes:
    """Prove to be a device, to the peer on one channel, for one space."""
    return device.sign(Domain.HELLO, direction.value + space + channel_id)


def encode_introduction(introduction: Introduction) -> bytes:
    """Write what goes into a box."""
    return encode(introduction)


def read_introduction(
    direction: Direction, shared: SharedSpace, channel_id: bytes, message: bytes
) -> Introduction:
    """Read what was in a box, and check the proof in it.

    Raises:
        Malformed: Not an introduction, or the proof that the space needs is missing.
        BadSignature: The proof is not of that device, side, space and channel.
    """
    read = _DECODE(message)
    if read.device is None or read.proof is None:
        if shared.needs_proof:
            raise Malformed("a space that needs proof, offered without one")
        return read
    message = direction.value + shared.space + channel_id
    check_device_signature(read.device, Domain.HELLO, message, read.proof)
    return read
