"""Parts of an entry, sealed or clear: salt, then the bytes as stored.

A sealed part is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a key that
is used once: derived from the epoch key, the log, the sequence number, the part
and its salt. The header without its commitments is the associated data. The
salt of a clear part keeps a commitment from being guessed after erasure.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from crdt.crypto.aead import KEY_BYTES, TAG_BYTES, seal, unseal
from crdt.crypto.keys import derive
from crdt.errors import CannotOpen, Malformed

if TYPE_CHECKING:
    from crdt.entries.entry import Header

EPOCH_KEY_BYTES = KEY_BYTES


class Part(IntEnum):
    """Which part of an entry."""

    SKELETON = 0
    CONTENT = 1


SALT_BYTES = {Part.SKELETON: 8, Part.CONTENT: 16}
"""Content may be guessable and outlives its erasure as a commitment: a longer salt."""


def part_bytes(part: Part, plain_bytes: int, *, is_sealed: bool) -> int:
    """Size of a part as stored, salt included; an empty content has no part."""
    if plain_bytes == 0:
        return 0
    return SALT_BYTES[part] + plain_bytes + (TAG_BYTES if is_sealed else 0)


def close_part(
    part: Part, plain: bytes, salt: bytes, header: Header, epoch_key: bytes | None
) -> bytes:
    """Turn plain bytes into a part.

    Args:
        part: Which of the two.
        plain: What to keep; empty gives an empty part.
        salt: Random, of the part's length, never used twice.
        header: With final sizes; its commitments do not matter.
        epoch_key: 32 bytes, or None to leave the part clear.
    """
    if not plain:
        return b""
    if len(salt) != SALT_BYTES[part]:
        raise ValueError(f"the salt of a {part.name.lower()} has {SALT_BYTES[part]} bytes")
    if epoch_key is None:
        return salt + plain
    key = _part_key(epoch_key, header, part, salt)
    return salt + seal(key, plain, header.bound_data)


def open_part(part: Part, stored: bytes, header: Header, epoch_key: bytes | None) -> bytes:
    """Return the plain bytes of a part.

    Raises:
        CannotOpen: Sealed and no key given, or the wrong one, or damaged.
        Malformed: Shorter than its salt.
    """
    if not stored:
        return b""
    salt, body = stored[: SALT_BYTES[part]], stored[SALT_BYTES[part] :]
    if not body:
        raise Malformed("a part shorter than its salt")
    if not header.is_sealed:
        return body
    if epoch_key is None:
        raise CannotOpen
    key = _part_key(epoch_key, header, part, salt)
    return unseal(key, body, header.bound_data)


def _part_key(epoch_key: bytes, header: Header, part: Part, salt: bytes) -> bytes:
    number = header.sequence.to_bytes(8, "big")
    return derive(epoch_key, b"mesh part key", header.log, number, bytes([part]), salt)
