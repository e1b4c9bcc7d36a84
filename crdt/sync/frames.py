"""What crosses a link: tagged MessagePack arrays of at most 64 KiB.

`docs/protocol.md` §8 describes them; a tag that is not listed here is an error.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec

from crdt.codec import Decoder, WireStruct, encode

VERSION = 1
"""Of this protocol; the highest that both sides speak is used."""

MAX_FRAME_BYTES = 64 * 1024
MAX_OFFERS = 64
SHORT_ID_BYTES = 8
MAX_PAGE_IDS = 4096
"""Short ids in one frame."""
MAX_DEVICES = 1000
"""Of one community, whose receipts are exchanged."""

_Small = Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]
_Large = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
_Digest = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
_Tag = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]


class Bye(IntEnum):
    """Why a conversation ends."""

    DONE = 0
    NO_COMMON_VERSION = 1
    MET_ITSELF = 2
    BUDGET_SPENT = 3


class Offer(WireStruct, frozen=True):
    """A space that the sender would sync; its number is its place among the sender's offers.

    Attributes:
        tag: See `crdt.sync.hello.tag_of`.
        box: A sealed `crdt.sync.hello.Introduction`.
    """

    tag: _Tag
    box: Annotated[bytes, msgspec.Meta(max_length=512)]


Offers = Annotated[tuple[Offer, ...], msgspec.Meta(max_length=MAX_OFFERS)]


class Hello(WireStruct, frozen=True, tag=0):
    """First frame of each side.

    Attributes:
        lowest, highest: Versions that the sender speaks.
        nonce: Fresh and random.
        takes_bulk: Whether the link may carry entries of the least urgent priority.
        later: Whatever newer versions say here; ignored.
    """

    lowest: _Small
    highest: _Small
    nonce: _Digest
    takes_bulk: bool
    offers: Offers
    later: Annotated[bytes, msgspec.Meta(max_length=1024)]


class Goodbye(WireStruct, frozen=True, tag=1):
    """Last frame. `reason` is a `Bye`, or a number that only newer software knows."""

    reason: _Small


class Reoffer(WireStruct, frozen=True, tag=2):
    """By the initiator, at most once: offers under older keys that the responder knows."""

    offers: Offers


class Summary(WireStruct, frozen=True, tag=3):
    """Begins a round for one space. Without a fingerprint: the sender does not serve the peer."""

    space: _Small
    round: _Large
    count: _Large
    fingerprint: _Digest | None


class ShortIds(WireStruct, frozen=True, tag=4):
    """Short ids of what the sender has, 8 bytes each, ascending over all pages of a round."""

    space: _Small
    round: _Large
    ids: Annotated[bytes, msgspec.Meta(max_length=MAX_PAGE_IDS * SHORT_ID_BYTES)]
    is_last: bool


class Entries(WireStruct, frozen=True, tag=5):
    """Entries that the peer lacks, each as `crdt.entries.entry.encode_entry` writes it."""

    space: _Small
    wires: Annotated[tuple[bytes, ...], msgspec.Meta(min_length=1, max_length=1024)]


class Done(WireStruct, frozen=True, tag=6):
    """The sender has sent all it owes in this round."""

    space: _Small
    round: _Large


class Ack(WireStruct, frozen=True, tag=7):
    """How many bytes of `ShortIds`, `Entries` and `Receipts` the sender has dealt with so far."""

    total: _Large


class Heard(WireStruct, frozen=True, tag=8):
    """Which receipts the sender has: sealed `crdt.sync.receipts.Counters`."""

    space: _Small
    box: bytes


class Receipts(WireStruct, frozen=True, tag=9):
    """Signed receipts that the peer lacks: a sealed list."""

    space: _Small
    box: bytes


Frame = Hello | Goodbye | Reoffer | Summary | ShortIds | Entries | Done | Ack | Heard | Receipts

_DECODE: Decoder[Frame] = Decoder(Frame, MAX_FRAME_BYTES)  # type: ignore[arg-type]


def decode_frame(data: bytes) -> Frame:
    """Read a frame.

    Raises:
        TooLarge, Malformed: It is none of these.
    """
    return _DECODE(data)


def encode_frame(frame: Frame) -> bytes:
    """Write a frame."""
    return encode(frame)
