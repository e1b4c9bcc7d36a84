"""The port that every carrier obeys: links that carry frames, whole and in order.

A link either delivers a frame whole, in the order of sending, or closes. A
carrier makes links, ours (connect) or a peer's (handed to `on_link`).
`tests/transports/link_contract.py` proves it for each implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_FRAME_BYTES = 64 * 1024
"""Largest frame a link takes or delivers: bounds what one peer can make us hold."""


def check_frame(frame: bytes) -> None:
    """Refuse a frame that no link carries.

    Raises:
        ValueError: It is empty or larger than `MAX_FRAME_BYTES`.
    """
    if not 0 < len(frame) <= MAX_FRAME_BYTES:
        raise ValueError(f"a frame has 1 to {MAX_FRAME_BYTES} bytes, this one {len(frame)}")


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """What a link can bear, so that sync can decide what to send over it.

    Attributes:
        carrier: Short name: "reticulum", "simulated".
        bits_per_s: Estimated throughput, or None when unknown.
        packet_bytes: Payload of one packet, a good size for the first frame.
        carries_bulk: False where only small, urgent things should travel.
    """

    carrier: str
    bits_per_s: float | None
    packet_bytes: int
    carries_bulk: bool = True


@dataclass(slots=True)
class Traffic:
    """Payload bytes and frames of a link so far, both ways."""

    sent_bytes: int = 0
    received_bytes: int = 0
    sent_frames: int = 0
    received_frames: int = 0


class Link(Protocol):
    """One conversation with one peer."""

    @property
    def channel_id(self) -> bytes:
        """Name this link, 16 bytes or more, the same on both ends and never used again.

        The peer's proof of identity is bound to it, so a proof cannot be replayed elsewhere.
        """
        ...

    @property
    def address(self) -> str:
        """The peer's address on this carrier, or "" when the peer has not told it."""
        ...

    @property
    def is_outgoing(self) -> bool:
        """Whether this side made the link, and so speaks first."""
        ...

    @property
    def profile(self) -> LinkProfile:
        """What the link can bear."""
        ...

    @property
    def traffic(self) -> Traffic:
        """What has passed so far."""
        ...

    async def send(self, frame: bytes) -> None:
        """Send a frame; returns when the carrier has taken it over.

        Waits while the peer does not take what was sent before, so memory stays bounded.

        Raises:
            ValueError: The frame is larger than `MAX_FRAME_BYTES` or empty.
            LinkClosed: The link is gone.
        """
        ...

    async def receive(self) -> bytes:
        """Wait for the next frame. A cancelled wait loses nothing.

        Raises:
            LinkClosed: The link is gone and every frame that arrived was taken.
            FrameTooLarge: The same, because the peer sent more than it may.
        """
        ...

    async def close(self) -> None:
        """Close the link, after what was sent had a fair chance to leave. Safe to call twice."""
        ...


class Carrier(Protocol):
    """One way to reach peers."""

    @property
    def name(self) -> str:
        """Short name, as in `LinkProfile.carrier`."""
        ...

    @property
    def address(self) -> str:
        """Our own address on this carrier, to put into tickets."""
        ...

    async def start(self, on_link: Callable[[Link], None]) -> None:
        """Begin to listen; each link that a peer makes is handed to `on_link` on the event loop.

        Raises:
            CarrierUnavailable: Not possible on this machine now.
        """
        ...

    async def connect(self, address: str) -> Link:
        """Make a link to a peer.

        Raises:
            BadAddress: Not an address of this carrier.
            Unreachable: No path, or no answer in time.
        """
        ...

    async def close(self) -> None:
        """Close every link and stop listening."""
        ...
