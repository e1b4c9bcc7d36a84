"""Reading what an entry says, as far as this node may and the words are still here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.entries.entry import Priority
from crdt.entries.sealing import Part, open_part
from crdt.entries.skeletons import AnySkeleton, Kind, cites_of, decode_skeleton, is_control, kind_of
from crdt.errors import CrdtError
from crdt.ids import EntryId

if TYPE_CHECKING:
    from crdt.entries.entry import VerifiedEntry
    from crdt.entries.keyring import Keyring

UNREADABLE_KIND = 127
"""Stands for a skeleton that is none: it has no effect, but its entry is forwarded."""


ALWAYS_CLEAR = frozenset(
    {Kind.CERTIFICATE, Kind.GENESIS, Kind.JOIN, Kind.EPOCH, Kind.SHARE, Kind.WITHDRAWAL}
)
"""What stands in clear in sealed spaces: mules obey it, and those who come need it."""

_NEVER_URGENT = frozenset({Kind.BEGIN, Kind.EDIT})


@dataclass(frozen=True, slots=True)
class Opened:
    """What an entry says.

    Attributes:
        kind: Of the skeleton, whether this software knows it or not.
        skeleton: None when the kind is unknown or the skeleton breaks its own rules.
        content: Plain bytes; None when erased or not to be opened, empty when there is none.
        cites: What the entry rests on; of kinds that this software does not know as well.
    """

    kind: int
    skeleton: AnySkeleton | None
    content: bytes | None
    cites: tuple[EntryId, ...] = ()


def open_entry(
    entry: VerifiedEntry, keyring: Keyring | None, *, with_words: bool = True
) -> Opened | None:
    """Open an entry, or return None while its skeleton is erased or sealed from us.

    Args:
        entry: Proven, but its author may still have written nonsense.
        keyring: Of its space; None for a space that is not sealed.
        with_words: Whether the content is opened of documents too: only who shows them
            needs it.
    """
    header = entry.header
    key = None
    if header.is_sealed:
        key = keyring.key(header.epoch) if keyring else None
        if key is None:
            return None
    if entry.skeleton is None:
        return None
    try:
        plain = open_part(Part.SKELETON, entry.skeleton, header, key)
        kind = kind_of(plain)
    except CrdtError:
        return Opened(UNREADABLE_KIND, None, None)
    is_urgent = header.priority is Priority.URGENT
    if (is_control(kind) and not is_urgent) or (kind in _NEVER_URGENT and is_urgent):
        # Urgent skeletons are never erased, so a control entry has to be urgent: what
        # others' rights rest on cannot be withdrawn. And words cannot be made to stay.
        return Opened(UNREADABLE_KIND, None, None)
    if keyring is not None and not header.is_sealed and kind not in ALWAYS_CLEAR:
        # In a sealed space nobody is heard who does not know its key.
        return Opened(UNREADABLE_KIND, None, None)
    try:
        skeleton = decode_skeleton(plain)
    except CrdtError:
        return Opened(kind, None, None, _cites(plain))
    cites = tuple(EntryId(cited) for cited in skeleton.cites)
    is_wanted = with_words or is_control(kind)
    return Opened(kind, skeleton, _content(entry, key) if is_wanted else None, cites)


def _cites(plain: bytes) -> tuple[EntryId, ...]:
    try:
        return cites_of(plain)
    except CrdtError:
        return ()


def _content(entry: VerifiedEntry, key: bytes | None) -> bytes | None:
    if entry.content is None:
        return None
    try:
        return open_part(Part.CONTENT, entry.content, entry.header, key)
    except CrdtError:
        return None
