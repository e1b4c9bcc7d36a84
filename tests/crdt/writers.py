"""People who write entries, for tests: seeded keys, one realm, clear or sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from crdt.crypto.keys import DeviceKey, LogKeys, withdrawal_key
from crdt.entries.authoring import SALTS_BYTES, Position, Seal, author
from crdt.entries.entry import Priority, VerifiedEntry
from crdt.ids import NO_ENTRY, SpaceId
from crdt.store.rows import SpaceRow

SPACE = SpaceId(b"s" * 32)
OTHER_SPACE = SpaceId(b"t" * 32)
KEY = b"k" * 32


def space_row(space: SpaceId = SPACE, incarnation: bytes = bytes(16)) -> SpaceRow:
    return SpaceRow(space, 1, b"realm" + space[:11], None, incarnation)


def seeded(*parts: object, size: int = 64) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=size).digest()


@dataclass
class Writer:
    """One device that writes one log."""

    name: str
    space: SpaceId = SPACE
    seal: Seal | None = None
    written: list[VerifiedEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device = DeviceKey(seeded("device", self.name))
        realm = space_row(self.space).realm
        incarnation = seeded(self.name, size=16)
        withdrawal = withdrawal_key(seeded("seed", self.name, size=32), realm)
        signing = self.device.log_key(realm, incarnation)
        self.keys = LogKeys(signing, withdrawal, incarnation)

    def write(
        self,
        content: bytes = b"",
        *,
        skeleton: bytes = b"a skeleton",
        priority: Priority = Priority.DOCUMENT,
        position: Position | None = None,
    ) -> VerifiedEntry:
        entry = author(
            self.keys,
            position or self.position(),
            priority,
            skeleton,
            content,
            salts=seeded(self.name, len(self.written), content, size=SALTS_BYTES),
            seal=self.seal,
        )
        self.written.append(entry)
        return entry

    def position(self) -> Position:
        previous = self.written[-1].id if self.written else NO_ENTRY
        sequence = self.written[-1].header.sequence + 1 if self.written else 1
        return Position(self.space, sequence, previous)
