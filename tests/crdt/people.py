"""People and their devices for tests, the same on every run."""

from __future__ import annotations

from hashlib import blake2b

from crdt.crypto.keys import DeviceKey, DeviceKeys, LogKeys, MemberKey
from crdt.entries.authoring import SALTS_BYTES, Position, Seal, author
from crdt.entries.entry import Priority, VerifiedEntry
from crdt.ids import NO_ENTRY, EntryId, SpaceId

SPACE = SpaceId(b"S" * 32)
REALM = b"r" * 17
INCARNATION = b"i" * 16


def bytes_for(label: str, size: int) -> bytes:
    """Make bytes that look random and are the same on every run."""
    return blake2b(label.encode(), digest_size=size).digest()


def device_keys(name: str, machine: str = "laptop") -> DeviceKeys:
    """Enrol a person's machine."""
    member = MemberKey(bytes_for(name, 16))
    device = DeviceKey(bytes_for(f"{name} {machine}", 64))
    return DeviceKeys(device, member.withdrawal_seed, member.enrol(device.public))


def log_keys(name: str, machine: str = "laptop") -> LogKeys:
    """Derive the keys of a person's log in the test realm."""
    return device_keys(name, machine).log(REALM, INCARNATION)


def entry_by(
    name: str,
    skeleton: bytes,
    content: bytes = b"",
    *,
    sequence: int = 1,
    previous: bytes = NO_ENTRY,
    priority: Priority = Priority.DOCUMENT,
    seal: Seal | None = None,
    space: SpaceId = SPACE,
) -> VerifiedEntry:
    """Write an entry as somebody."""
    return author(
        log_keys(name),
        Position(space, sequence, EntryId(previous)),
        priority,
        skeleton,
        content,
        salts=bytes_for(f"{name} {sequence}", SALTS_BYTES),
        seal=seal,
    )
