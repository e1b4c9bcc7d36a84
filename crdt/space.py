"""Spaces: sets of entries with one access rule, and how they are named and found."""

from __future__ import annotations

from enum import IntEnum

from crdt.codec import encode
from crdt.crypto.keys import derive
from crdt.entries.skeletons import Charter
from crdt.ids import ID_BYTES, Pseudonym, SpaceId, digest

NONCE_BYTES = 16
NO_PARENT = SpaceId(bytes(ID_BYTES))


class SpaceKind(IntEnum):
    """Who reads a space; part of its charter."""

    COMMONS = 1
    """Anyone reads; grants decide who writes."""
    ALLIED = 2
    """Sealed: members and allied communities (reserved for federation)."""
    INNER = 3
    """Sealed: members."""
    SELF = 4
    """Sealed: one member's devices (reserved)."""
    PAIR = 5
    """Sealed: two people (reserved)."""

    @property
    def is_sealed(self) -> bool:
        """Whether its entries are encrypted."""
        return self is not SpaceKind.COMMONS


def realm(nonce: bytes, kind: SpaceKind) -> bytes:
    """Name a space before it has an id: what its members' keys are derived from (17 bytes)."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a community's nonce has {NONCE_BYTES} bytes")
    return nonce + bytes([kind])


def space_id(charter: Charter) -> SpaceId:
    """Name a space by its charter."""
    return SpaceId(digest(b"mesh space", encode(charter)))


def commons_charter(nonce: bytes, founder: Pseudonym) -> Charter:
    """Write the charter of a new community's commons; its id is also the community's."""
    return Charter(nonce, SpaceKind.COMMONS, NO_PARENT, (founder,), threshold=1)


def inner_charter(nonce: bytes, commons: SpaceId, founder: Pseudonym) -> Charter:
    """Write the charter of a new community's inner space."""
    return Charter(nonce, SpaceKind.INNER, commons, (founder,), threshold=1)


def open_discovery_key(space: SpaceId) -> bytes:
    """Return the key by which peers find that both hold a commons: who knows the id, finds it."""
    return derive(space, b"mesh discovery")


def sealed_discovery_key(epoch_key: bytes, space: SpaceId) -> bytes:
    """Return the key by which members of a sealed space find each other."""
    return derive(epoch_key, b"mesh discovery", space)
