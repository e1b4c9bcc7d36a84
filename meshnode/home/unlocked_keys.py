"""The secrets of a node while it is open."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field

from crdt.crypto.keys import DEVICE_SECRET_BYTES, DeviceKey, DeviceKeys, MemberKey
from meshnode.errors import BadUsage

DATABASE_KEY_BYTES = 32
MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class UnlockedKeys:
    """What opens and acts for a node; in memory only while the node is open.

    Attributes:
        name: What the member calls themselves.
        device: Device secret, withdrawal seed and enrolment.
        database_key: 32 bytes.
    """

    name: str
    device: DeviceKeys = field(repr=False)
    database_key: bytes = field(repr=False)


def new_keys(name: str, entropy: bytes) -> UnlockedKeys:
    """Make the keys of a new device, with fresh randomness, for the member behind some words.

    Args:
        name: 1 to 200 characters.
        entropy: 16 bytes: fresh for a new member, `entropy_of(words)` for one who is back.

    Raises:
        BadUsage: The name is empty or too long.
    """
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise BadUsage(f"a name has 1 to {MAX_NAME_CHARS} characters")
    member = MemberKey(entropy)
    device = DeviceKey(os.urandom(DEVICE_SECRET_BYTES))
    keys = DeviceKeys(device, member.withdrawal_seed, member.enrol(device.public))
    return UnlockedKeys(name, keys, os.urandom(DATABASE_KEY_BYTES))
