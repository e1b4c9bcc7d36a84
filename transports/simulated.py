"""A carrier in memory: nodes of one process reach each other over a `SimulatedNetwork`.

For tests and demonstrations that run on the event loop. It keeps every promise
of a link, loses nothing and takes no time; `SimulatedAir` is the one with weather.
"""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from transports.bridge import Bell, FrameInbox
from transports.errors import (
    BadAddress,
    CarrierUnavailable,
    FrameTooLarge,
    LinkClosed,
    Unreachable,
)
from transports.link import MAX_FRAME_BYTES, LinkProfile, Traffic, check_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from transports.link import Link

WINDOW_BYTES = 4 * MAX_FRAME_BYTES
"""What may wait to be received before `send` waits."""

_ADDRESS = re.compile(r"[a-z][a-z0-9-]{0,31}")


class SimulatedNetwork:
    """The carriers that can reach each other.

    Args:
        profile: What the links between them say they can bear.
    """

    def __init__(self, profile: LinkProfile | None = None) -> None:
        self.profile = profile or LinkProfile("simulated", None, packet_bytes=16_000)
        self._carriers: dict[str, SimulatedCarrier] = {}
        self._links_made = 0

    def join(self, carrier: SimulatedCarrier) -> None:
        """Make a carrier reachable.

        Raises:
            CarrierUnavailable: Its address is taken.
        """
        if self._carriers.setdefault(carrier.address, carrier) is not carrier:
            raise CarrierUnavailable(f"{carrier.address} is taken")

    def leave(self, carrier: SimulatedCarrier) -> None:
        """Make a carrier unreachable."""
        if self._carriers.get(carrier.address) is carrier:
            del self._carriers[carrier.address]

    def link(self, caller: str, called: str) -> SimulatedLink:
        """Make a link and return the caller's end, having handed over the other.

        Raises:
            Unreachable: Nobody listens there.
        """
        carrier = self._carriers.get(called)
        if carrier is None:
            raise Unreachable(called)
        self._links_made += 1
        name = f"{caller}>{called}#{self._links_made}".encode()
        channel_id = blake2b(name, digest_size=16).digest()
        near = SimulatedLink(channel_id, called, self.profile, is_outgoing=True)
        far = SimulatedLink(channel_id, "", self.profile, is_outgoing=False)
        near.join(far)
        far.join(near)
        carrier.welcome(far)
        return near


class SimulatedCarrier:
    """A `Carrier` on a `SimulatedNetwork`.

    Args:
        network: Whom it can reach.
        address: Lower-case letters, digits and hyphens, such as "rosa".

    Raises:
        ValueError: The address has another form.
    """

    def __init__(self, network: SimulatedNetwork, address: str) -> None:
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"not a simulated address: {address!r}")
        self._network = network
        self._address = address
        self._on_link: Callable[[Link], None] | None = None
        self._links: list[SimulatedLink] = []

    @property
    def name(self) -> str:
        """Always "simulated"."""
        return "simulated"

    @property
    def address(self) -> str:
        """The address given to us."""
        return self._address

    async def start(self, on_link: Callable[[Link], None]) -> None:
        """Become reachable.

        Raises:
            CarrierUnavailable: The address is taken.
        """
        self._network.join(self)
        self._on_link = on_link

    async def connect(self, address: str) -> SimulatedLink:
        """Make a link to a peer.

        Raises:
            BadAddress: Not an address of this network, or our own.
            Unreachable: Nobody listens there.
        """
        if not _ADDRESS.fullmatch(address) or address == self._address:
            raise BadAddress(repr(address))
        link = self._network.link(self._address, address)
        self._links.append(link)
        return link

    async def close(self) -> None:
        """Close every link and become unreachable."""
        self._network.leave(self)
        for link in self._links:
            await link.close()
        self._links.clear()

    def welcome(self, link: SimulatedLink) -> None:
        """Take a peer's link."""
        if self._on_link is not None:
            self._links.append(link)
            self._on_link(link)


class SimulatedLink:
    """One end of a link in memory. Made by a `SimulatedNetwork`, on the event loop."""

    def __init__(
        self, channel_id: bytes, address: str, profile: LinkProfile, *, is_outgoing: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        self._channel_id = channel_id
        self._address = address
        self._profile = profile
        self._is_outgoing = is_outgoing
        self._traffic = Traffic()
        self._inbox = FrameInbox(WINDOW_BYTES, loop)
        self._room = Bell(loop)
        self._closed = False
        self._peer = self

    @property
    def channel_id(self) -> bytes:
        """16 bytes, the same on both ends."""
        return self._channel_id

    @property
    def address(self) -> str:
        """The peer's address, "" when the peer made the link."""
        return self._address

    @property
    def is_outgoing(self) -> bool:
        """Whether this side made the link."""
        return self._is_outgoing

    @property
    def profile(self) -> LinkProfile:
        """What the network says its links can bear."""
        return self._profile

    @property
    def traffic(self) -> Traffic:
        """What has passed so far."""
        return self._traffic

    def join(self, peer: SimulatedLink) -> None:
        """Make `peer` the other end."""
        self._peer = peer

    async def send(self, frame: bytes) -> None:
        """Send a frame; waits while the peer has `WINDOW_BYTES` to read.

        Raises:
            ValueError: The frame is larger than `MAX_FRAME_BYTES` or empty.
            LinkClosed: The link is gone.
        """
        check_frame(frame)
        while True:
            self._room.hush()
            if self._closed:
                raise LinkClosed
            if self._peer.arrive(frame):
                break
            await self._room.wait_rung()
        self._traffic.sent_frames += 1
        self._traffic.sent_bytes += len(frame)

    async def receive(self) -> bytes:
        """Wait for the next frame; errors as with `Link.receive`."""
        frame = await self._inbox.take()
        self._peer.make_room()
        self._traffic.received_frames += 1
        self._traffic.received_bytes += len(frame)
        return frame

    async def close(self) -> None:
        """Close the link; what was sent has arrived already."""
        self.cut()

    def cut(self) -> None:
        """Break the link on both ends at once, as when a radio goes out of reach."""
        self._end(LinkClosed())
        self._peer._end(LinkClosed())

    def arrive(self, frame: bytes) -> bool:
        """Take what the peer's end sends, which need not be a frame.

        Returns:
            False when there is no room for it now.
        """
        if len(frame) > MAX_FRAME_BYTES:
            self._end(FrameTooLarge(f"{len(frame)} bytes"))
            self._peer._end(LinkClosed())
            return True
        return self._inbox.offer(frame)

    def make_room(self) -> None:
        """Hear that the peer has read something."""
        self._room.ring()

    def _end(self, reason: LinkClosed | FrameTooLarge) -> None:
        self._closed = True
        self._inbox.close(reason)
        self._room.ring()
