"""Names of things: what each id is made of, and how people shorten it.

Hashes are BLAKE2b (RFC 7693) with a personalisation string, so that a hash made
for one purpose never stands for another.
"""

from __future__ import annotations

from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, NewType, TypeVar

from crdt.errors import AmbiguousId, BadId, UnknownEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

EntryId = NewType("EntryId", bytes)
"""32 bytes: BLAKE2b-256 of an entry's header."""

DocumentId = NewType("DocumentId", bytes)
"""32 bytes: the id of the entry that began the document."""

SpaceId = NewType("SpaceId", bytes)
"""32 bytes: BLAKE2b-256 of the space's charter."""

LogId = NewType("LogId", bytes)
"""32 bytes: the Ed25519 public key that signs the log."""

Pseudonym = NewType("Pseudonym", bytes)
"""32 bytes: a member's Ed25519 withdrawal key in one space; who they are in that space."""

MemberId = NewType("MemberId", bytes)
"""32 bytes: a member's Ed25519 root public key."""

DeviceId = NewType("DeviceId", bytes)
"""16 bytes: hash of a device's public keys, as Reticulum names an identity."""

EpochId = NewType("EpochId", bytes)
"""16 bytes: BLAKE2b-128 of an epoch key. All zeros: not sealed."""

LogKey = tuple[SpaceId, LogId]
"""A log: what one key signs in one space. In another space the same key signs another log."""

ID_BYTES = 32
EPOCH_ID_BYTES = 16
NOT_SEALED = EpochId(bytes(EPOCH_ID_BYTES))
NO_ENTRY = EntryId(bytes(ID_BYTES))
"""Stands where an entry has no predecessor."""

_SHORTEST_PREFIX = 4

AnyId = TypeVar("AnyId", bound=bytes)


def digest(purpose: bytes, *parts: bytes, size: int = ID_BYTES) -> bytes:
    """Hash for one purpose.

    Args:
        purpose: At most 16 bytes; the BLAKE2b personalisation.
        parts: Hashed one after the other; only the last may vary in length.
        size: Bytes of the result.
    """
    state = blake2b(digest_size=size, person=purpose)
    for part in parts:
        state.update(part)
    return state.digest()


def entry_id(header: bytes) -> EntryId:
    """Name an entry by its header."""
    return EntryId(blake2b(header, digest_size=ID_BYTES, person=b"mesh entry").digest())


def epoch_id(key: bytes) -> EpochId:
    """Name an epoch by its key."""
    return EpochId(digest(b"mesh epoch", key, size=EPOCH_ID_BYTES))


def device_id(public: bytes) -> DeviceId:
    """Name a device by its 64 public bytes, as Reticulum names an identity (SHA-256, 16 B)."""
    return DeviceId(sha256(public).digest()[:16])


def find_by_prefix(prefix: str, candidates: Sequence[AnyId]) -> AnyId:
    """Find the one id that a person means by the start of its hex form.

    Raises:
        BadId: Not hexadecimal, or shorter than four letters.
        UnknownEntry: Nothing begins so.
        AmbiguousId: Several do.
    """
    wanted = checked_prefix(prefix)
    found = [candidate for candidate in candidates if candidate.hex().startswith(wanted)]
    if not found:
        raise UnknownEntry(prefix)
    if len(found) > 1:
        raise AmbiguousId(f"{prefix} fits {len(found)}")
    return found[0]


def checked_prefix(prefix: str) -> str:
    """Return a shortened id in lower case.

    Raises:
        BadId: Not hexadecimal, shorter than four letters or longer than an id.
    """
    lowered = prefix.strip().lower()
    if not _SHORTEST_PREFIX <= len(lowered) <= 2 * ID_BYTES:
        raise BadId(f"an id has {_SHORTEST_PREFIX} to {2 * ID_BYTES} letters")
    if lowered.strip("0123456789abcdef"):
        raise BadId("an id is written with the digits 0-9 and the letters a-f")
    return lowered
