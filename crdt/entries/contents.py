"""What contents say: the strings and values beside a skeleton, which a withdrawal takes.

Freezes with `tests/vectors/contents.json`; described in `docs/protocol.md` §3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from crdt.codec import Decoder, WireStruct, encode
from crdt.entries.entry import MAX_CONTENT_BYTES
from crdt.entries.skeletons import Bytes32, Bytes64

Value = str | int | bool | tuple[str, ...] | None
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CardText(WireStruct, frozen=True):
    """Content of a `Card`."""

    name: Name
    description: Annotated[str, msgspec.Meta(max_length=4000)]


class ProfileText(WireStruct, frozen=True):
    """Content of a `Profile`."""

    name: Name


class WithdrawalText(WireStruct, frozen=True):
    """Content of a `Withdrawal`, where a reason is given; clear like the rest of it."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class InviteSecret(WireStruct, frozen=True):
    """Content of an `Invite` in `inner`: what opens the boxes of its joins."""

    sealing_key: Bytes32


class Joiner(WireStruct, frozen=True):
    """Who joins: inside the box of a `Join`.

    Attributes:
        member, device, enrolment: As in a `Binding`.
        proof: By the device over space, log and pseudonym of the join's entry, so that
            nobody joins as somebody whose enrolment they have read.
    """

    name: Name
    member: Bytes32
    device: Bytes64
    enrolment: Bytes64
    proof: Bytes64


_DECODE_VALUES: Decoder[tuple[Value, ...]] = Decoder(tuple[Value, ...], MAX_CONTENT_BYTES)


def encode_values(values: tuple[Value, ...]) -> bytes:
    """Write the content of an edit: one item per operation that has one, in their order."""
    return encode(values)


def decode_values(content: bytes) -> tuple[Value, ...]:
    """Read the content of an edit.

    Raises:
        Malformed: Not one.
    """
    return _DECODE_VALUES(content)
