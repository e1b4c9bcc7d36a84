"""Writing an entry: sizes, parts, commitments, signature, in that order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crdt.entries.entry import (
    MAX_BODY_BYTES,
    MAX_CONTENT_BYTES,
    MAX_SKELETON_BYTES,
    NO_PART,
    Header,
    Priority,
    VerifiedEntry,
    commit,
)
from crdt.entries.sealing import SALT_BYTES, Part, close_part, part_bytes
from crdt.errors import TooLarge
from crdt.ids import NOT_SEALED, EntryId, EpochId, SpaceId, entry_id

if TYPE_CHECKING:
    from crdt.crypto.keys import LogKeys

SALTS_BYTES = sum(SALT_BYTES.values())
"""Random bytes that authoring one entry takes."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next entry of a log goes.

    Attributes:
        sequence: Its number, from 1.
        previous: The entry before it; zeros for the first.
    """

    space: SpaceId
    sequence: int
    previous: EntryId


@dataclass(frozen=True, slots=True)
class Seal:
    """The epoch that seals an entry."""

    epoch: EpochId
    key: bytes


def author(
    keys: LogKeys,
    position: Position,
    priority: Priority,
    skeleton: bytes,
    content: bytes,
    *,
    salts: bytes,
    seal: Seal | None,
) -> VerifiedEntry:
    """Write and sign an entry.

    Args:
        keys: Of the log that it goes to.
        position: Where in that log.
        priority: What travels first.
        skeleton: Plain bytes, at least one.
        content: Plain bytes; may be empty.
        salts: 24 fresh random bytes.
        seal: The epoch to seal it with, or None to leave it clear.

    Raises:
        TooLarge: A part is beyond its bound.
    """
    if len(salts) != SALTS_BYTES:
        raise ValueError(f"authoring takes {SALTS_BYTES} random bytes")
    header = Header(
        position.space,
        keys.log,
        position.sequence,
        position.previous,
        seal.epoch if seal else NOT_SEALED,
        priority,
        part_bytes(Part.SKELETON, len(skeleton), is_sealed=seal is not None),
        part_bytes(Part.CONTENT, len(content), is_sealed=seal is not None),
        NO_PART,
        NO_PART,
    )
    _check_sizes(header)
    epoch_key = seal.key if seal else None
    cut = SALT_BYTES[Part.SKELETON]
    skeleton_part = close_part(Part.SKELETON, skeleton, salts[:cut], header, epoch_key)
    content_part = close_part(Part.CONTENT, content, salts[cut:], header, epoch_key)
    header = replace(
        header,
        skeleton_hash=commit(skeleton_part),
        content_hash=commit(content_part) if content_part else NO_PART,
    )
    raw = header.encode()
    name = entry_id(raw)
    return VerifiedEntry(name, header, raw, keys.sign(name), skeleton_part, content_part)


def _check_sizes(header: Header) -> None:
    if header.skeleton_bytes > MAX_SKELETON_BYTES or header.content_bytes > MAX_CONTENT_BYTES:
        raise TooLarge("split it into several")
    if header.skeleton_bytes + header.content_bytes > MAX_BODY_BYTES:
        raise TooLarge("split it into several")
