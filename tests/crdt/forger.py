"""Entries that no honest software writes: any author, any number, any place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.certificates import certify
from crdt.codec import encode
from crdt.entries.authoring import SALTS_BYTES, Position, Seal, author
from crdt.entries.entry import Priority, SignedEntry, decode_entry
from crdt.ids import NO_ENTRY
from tests.crdt.people import bytes_for, device_keys

if TYPE_CHECKING:
    from crdt.crypto.keys import LogKeys
    from crdt.entries.skeletons import Skeleton
    from crdt.ids import EntryId
    from crdt.replica.held_space import HeldSpace
    from tests.crdt.village import Villager


class Forger:
    """Writes a log as its author likes.

    Args:
        held: The space it stands in.
        who: A name to make keys of, or keys.
        turn: Tells several logs of one person apart.
    """

    def __init__(self, held: HeldSpace, who: str | LogKeys, turn: int = 0) -> None:
        self.held = held
        self.keys = keys_of(held, who, turn) if isinstance(who, str) else who
        self.sequence, self.previous = 0, NO_ENTRY
        self.sent_bytes = 0

    @classmethod
    def of(cls, node: Villager, level: str) -> Forger:
        """Go on in somebody's own log, with other software."""
        held = node.space(level)
        forger = cls(held, held.own)
        position = node.store.logs.position(held.space, held.own.log)
        forger.sequence, forger.previous = position.sequence - 1, position.previous
        return forger

    def certificate(self) -> SignedEntry:
        return self.write(certify(self.keys, self.held.space, 1))

    def write(
        self,
        skeleton: Skeleton | bytes,
        content: bytes = b"",
        *,
        priority: Priority = Priority.URGENT,
        seal: Seal | None = None,
        place: tuple[int, EntryId] | None = None,
    ) -> SignedEntry:
        """Write the next entry, or one in another place: its number, and what it follows."""
        sequence, previous = place or (self.sequence + 1, self.previous)
        plain = skeleton if isinstance(skeleton, bytes) else encode(skeleton)
        entry = author(
            self.keys,
            Position(self.held.space, sequence, previous),
            priority,
            plain,
            content,
            salts=bytes_for(f"{sequence} {plain.hex()}", SALTS_BYTES),
            seal=seal,
        )
        if place is None:
            self.sequence, self.previous = sequence, entry.id
        self.sent_bytes += len(entry.wire())
        return decode_entry(entry.wire())


def keys_of(held: HeldSpace, who: str, turn: int = 0) -> LogKeys:
    """Somebody's log keys in a space."""
    return device_keys(who).log(held.realm, bytes_for(f"{who} {turn}", 16))
