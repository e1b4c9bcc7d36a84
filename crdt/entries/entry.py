"""The entry: the immutable, signed unit of everything that is shared.

    header (194 B, clear) + signature + skeleton part + content part

The header commits to both parts, so either can be erased later without
breaking the signature or the log's hash chain. `docs/protocol.md` §2 gives the
layout; `tests/vectors/entry.json` freezes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from struct import error as StructError

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.signing import SIGNATURE_BYTES, Domain, check_signature
from crdt.errors import BadSignature, Malformed, TooLarge
from crdt.ids import (
    NO_ENTRY,
    NOT_SEALED,
    EntryId,
    EpochId,
    LogId,
    LogKey,
    SpaceId,
    digest,
    entry_id,
)

VERSION = 1

MAX_SKELETON_BYTES = 48 * 1024
"""Largest skeleton part: an epoch for some 500 devices, or a withdrawal of 1,000 entries."""

MAX_CONTENT_BYTES = 48 * 1024
"""Largest content part; longer texts are several edits."""

MAX_BODY_BYTES = 56 * 1024
"""Both parts together: an entry always fits one frame of 64 KiB."""

MAX_ENTRY_BYTES = MAX_BODY_BYTES + 512
"""Largest entry as a frame or bundle carries it."""

MAX_SEQUENCE = (1 << 53) - 1
"""Highest number in a log: a million entries a second for 285 years. Neighbours are counted in
64 bits, also by SQLite, and never overflow."""

NO_PART = bytes(32)
"""The commitment of a part that is empty."""

_LAYOUT = Struct(">BB32s32sQ32s16sII32s32s")
_BOUND_BYTES = 130

HEADER_BYTES = _LAYOUT.size
"""194."""


class Priority(IntEnum):
    """What travels first."""

    URGENT = 0
    """Alerts, check-ins, withdrawals, control."""
    MESSAGE = 1
    DOCUMENT = 2
    BULK = 3


@dataclass(frozen=True, slots=True)
class Header:
    """The clear part of an entry.

    Attributes:
        sequence: Number in its log, from 1.
        previous: Id of the entry before it in its log; zeros for the first.
        epoch: Id of the epoch key that seals both parts; zeros when they are clear.
        skeleton_bytes, content_bytes: Sizes of the parts, salt included.
        skeleton_hash, content_hash: Commitments; zeros for an empty part.
    """

    space: SpaceId
    log: LogId
    sequence: int
    previous: EntryId
    epoch: EpochId
    priority: Priority
    skeleton_bytes: int
    content_bytes: int
    skeleton_hash: bytes
    content_hash: bytes

    def encode(self) -> bytes:
        """Write the 194 bytes that are signed."""
        return _LAYOUT.pack(
            VERSION,
            self.priority,
            self.space,
            self.log,
            self.sequence,
            self.previous,
            self.epoch,
            self.skeleton_bytes,
            self.content_bytes,
            self.skeleton_hash,
            self.content_hash,
        )

    @property
    def log_key(self) -> LogKey:
        """The log: one key may sign in several spaces."""
        return self.space, self.log

    @property
    def is_sealed(self) -> bool:
        """Whether the parts are encrypted."""
        return self.epoch != NOT_SEALED

    @property
    def bound_data(self) -> bytes:
        """The header without its commitments: the associated data of sealed parts."""
        return self.encode()[:_BOUND_BYTES]


def decode_header(data: bytes) -> Header:
    """Read a header, and refuse one that no honest node writes.

    Raises:
        Malformed: Wrong length, version, or values that contradict each other.
        TooLarge: It announces parts beyond the bounds.
    """
    try:
        version, priority, *rest = _LAYOUT.unpack(data)
    except StructError as error:
        raise Malformed(f"a header has {HEADER_BYTES} bytes, not {len(data)}") from error
    if version != VERSION:
        raise Malformed(f"entry version {version}; this software reads {VERSION}")
    if priority > Priority.BULK:
        raise Malformed(f"priority {priority}")
    space, log, sequence, previous, epoch, skeleton_bytes, content_bytes, *hashes = rest
    header = Header(
        space,
        log,
        sequence,
        previous,
        epoch,
        Priority(priority),
        skeleton_bytes,
        content_bytes,
        hashes[0],
        hashes[1],
    )
    _check_bounds(header)
    return header


def _check_bounds(header: Header) -> None:
    skeleton_bytes, content_bytes = header.skeleton_bytes, header.content_bytes
    if skeleton_bytes > MAX_SKELETON_BYTES or content_bytes > MAX_CONTENT_BYTES:
        raise TooLarge(f"parts of {skeleton_bytes} and {content_bytes} bytes")
    if skeleton_bytes + content_bytes > MAX_BODY_BYTES:
        raise TooLarge(f"a body of {skeleton_bytes + content_bytes} bytes")
    if skeleton_bytes == 0:
        raise Malformed("an entry without a skeleton")
    if (content_bytes == 0) != (header.content_hash == NO_PART):
        raise Malformed("the content's size and commitment contradict each other")
    if not 1 <= header.sequence <= MAX_SEQUENCE:
        raise Malformed(f"sequence number {header.sequence}")
    if (header.sequence == 1) != (header.previous == NO_ENTRY):
        raise Malformed("only the first entry of a log has no predecessor")


def commit(part: bytes) -> bytes:
    """Commit to a part: salt, then the bytes as stored."""
    return digest(b"mesh part", part)


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """An entry as somebody claims it to be: nothing of it is proven yet.

    Attributes:
        header: 194 bytes, exactly as signed.
        signature: 64 bytes by the log's key over the entry's id.
        skeleton, content: Parts (salt, then stored bytes); None when erased,
            empty when the entry has no content.
    """

    header: bytes
    signature: bytes
    skeleton: bytes | None
    content: bytes | None


@dataclass(frozen=True, slots=True)
class VerifiedEntry:
    """An entry whose signature and commitments were checked. Only `verify` and `author` make one.

    Attributes:
        id: Hash of `raw_header`.
        raw_header: The header exactly as signed.
    """

    id: EntryId
    header: Header
    raw_header: bytes
    signature: bytes
    skeleton: bytes | None
    content: bytes | None

    @property
    def is_whole(self) -> bool:
        """Whether both parts are here."""
        return self.skeleton is not None and self.content is not None

    def wire(self) -> bytes:
        """Write the entry as frames and bundles carry it."""
        return encode_entry(
            SignedEntry(self.raw_header, self.signature, self.skeleton, self.content)
        )


def verify(entry: SignedEntry) -> VerifiedEntry:
    """Prove an entry: bounds, signature, and the commitment of each part that is here.

    Raises:
        Malformed, TooLarge: The header breaks a rule or a part is not of its size.
        BadSignature: The log's key did not sign it, or a part is not the committed one.
    """
    header = decode_header(entry.header)
    _check_part(entry.skeleton, header.skeleton_bytes, header.skeleton_hash)
    _check_part(entry.content, header.content_bytes, header.content_hash)
    name = entry_id(entry.header)
    check_signature(header.log, Domain.ENTRY, name, entry.signature)
    return VerifiedEntry(name, header, entry.header, entry.signature, entry.skeleton, entry.content)


def _check_part(part: bytes | None, size: int, commitment: bytes) -> None:
    if part is None:
        return
    if len(part) != size:
        raise Malformed(f"a part of {len(part)} bytes where the header says {size}")
    if size and commit(part) != commitment:
        raise BadSignature("a part is not the one that was signed")


# --- on the wire -----------------------------------------------------------------


class _Wire(WireStruct, frozen=True):
    header: bytes
    signature: bytes
    skeleton: bytes | None
    content: bytes | None


_DECODE = Decoder(_Wire, MAX_ENTRY_BYTES)


def encode_entry(entry: SignedEntry) -> bytes:
    """Write an entry as frames and bundles carry it: an array of four."""
    return encode(_Wire(entry.header, entry.signature, entry.skeleton, entry.content))


def decode_entry(data: bytes) -> SignedEntry:
    """Read an entry; it is still unproven.

    Raises:
        Malformed, TooLarge: Not an entry.
    """
    wire = _DECODE(data)
    if len(wire.header) != HEADER_BYTES or len(wire.signature) != SIGNATURE_BYTES:
        raise Malformed("a header or signature of the wrong length")
    return SignedEntry(wire.header, wire.signature, wire.skeleton, wire.content)
