"""What the store gives out and takes in: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.entries.entry import VerifiedEntry
    from crdt.ids import DocumentId, EntryId, EpochId, LogId, LogKey, Pseudonym, SpaceId


class Put(Enum):
    """What became of an entry that was put."""

    NEW = "new"
    """Kept, and in the set."""
    KNOWN = "known"
    """It was here already; nothing changed."""
    RESTORED = "restored"
    """Its header was here; parts that were missing are kept now. Read it again."""
    REFUSED = "refused"
    """New but withdrawn: in the set without what the withdrawal took."""
    ASIDE = "aside"
    """A part is missing and no withdrawal explains it: its header is kept, outside the set."""
    FORKED = "forked"
    """Kept, but it contradicts another entry of its log: that log is marked."""


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """A space that this node holds.

    Attributes:
        kind: See `crdt.space.SpaceKind`.
        realm: What its keys are derived from.
        charter: As encoded in the genesis entry; None while only its id is known.
        incarnation: Of our own log in it, 16 bytes.
    """

    space: SpaceId
    kind: int
    realm: bytes
    charter: bytes | None
    incarnation: bytes


@dataclass(frozen=True, slots=True)
class SetSummary:
    """Two nodes with equal summaries of a space hold the same entries.

    Attributes:
        count: Entries in the set.
        fingerprint: 16 bytes; does not depend on the order of arrival.
    """

    count: int
    fingerprint: bytes


TIP_BYTES = 8


class Run(NamedTuple):
    """An entry of a log and those before it, without a gap.

    Attributes:
        first, last: Their numbers, both included.
        tip: How the id of the last one begins, 8 bytes: it names all before it, since every
            entry names the one before. Where a log forks, there is a run of each branch.
    """

    first: int
    last: int
    tip: bytes


class Unfinished(NamedTuple):
    """A withdrawal whose words may still be on the disk, by its place in its log."""

    withdrawal: EntryId
    log: LogKey
    sequence: int


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log, as far as it is here.

    Attributes:
        certificates: Who writes it, by the entries that say so: none until one is here, and
            more than one where a log was begun twice.
        last: Highest sequence number here.
        contiguous: All numbers up to this one are in the set.
        is_forked: Whether entries of it contradict each other.
    """

    log: LogId
    space: SpaceId
    certificates: Mapping[EntryId, Pseudonym]
    last: int
    contiguous: int
    is_forked: bool


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as this node keeps it.

    Attributes:
        number: Order of receipt on this node, from 1; never reused.
        entry: Verified before it was stored; parts that are gone are None.
        kind: Of its skeleton; None until `interpret`.
        document: The document it edits, if any.
        is_withdrawn: Whether a withdrawal took any of it.
    """

    number: int
    entry: VerifiedEntry
    kind: int | None
    document: DocumentId | None
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class Fork:
    """Proof that a log was written twice: two signed entries that cannot both be honest."""

    log: LogId
    one: EntryId
    other: EntryId


@dataclass(frozen=True, slots=True)
class Materialised:
    """A document as replay left it.

    Attributes:
        replay_version: Of the replay rules and library that made it.
        heads_hash: Of the set of edits it was made from.
        saved: The bytes to load.
    """

    replay_version: str
    heads_hash: bytes
    saved: bytes


@dataclass(frozen=True, slots=True)
class EpochKey:
    """The key of an epoch that we were given.

    Attributes:
        cites: Control heads that the epoch's author had seen.
        entry: The entry that brought it; None for keys found inside a later epoch.
    """

    space: SpaceId
    epoch: EpochId
    key: bytes
    cites: tuple[EntryId, ...]
    entry: EntryId | None
