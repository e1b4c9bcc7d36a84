"""What a session asks of its driver, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crdt.entries.entry import SignedEntry
    from crdt.ids import SpaceId
    from crdt.sync.receipts import Receipt


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Put these bytes on the link."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class PeerProven:
    """The peer proved which device it is, in these spaces.

    Attributes:
        keys: The discovery key by which each was found: the peer knows it.
    """

    device_public: bytes
    spaces: tuple[SpaceId, ...]
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class EntriesArrived:
    """Verify and admit these, then hand this event to `SyncSession.admitted`.

    Attributes:
        entries: Unproven; also of spaces or logs that nobody should take them for.
        frame_bytes: What they weigh against the peer's credit.
    """

    space: SpaceId
    entries: tuple[SignedEntry, ...]
    frame_bytes: int


@dataclass(frozen=True, slots=True)
class ReceiptsArrived:
    """Keep these if they are newer than those kept; their signatures are checked."""

    space: SpaceId
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """To show: entries that passed in this session."""

    space: SpaceId
    sent: int
    received: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing more to say until something changes.

    Attributes:
        agreed: Spaces of which both sides hold the same.
        differing: Shared spaces of which they do not, or may not, or could not.
    """

    agreed: tuple[SpaceId, ...]
    differing: tuple[SpaceId, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Close the link once what was asked to be sent has left.

    Attributes:
        reason: A `crdt.sync.frames.Bye`, or a number that only newer software knows.
    """

    reason: int
    by_peer: bool


Event = SendFrame | PeerProven | EntriesArrived | ReceiptsArrived | Progress | Settled | Ended
