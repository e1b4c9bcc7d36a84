r"""One link over Reticulum, as the event loop sees it.

    waiting --established--> open --close()--> draining --all delivered--> closed
       \___________________________\___________________________________/
             refused, lost, misused or silent: closed at once

RNS's threads are on the far side of `Pump` (sending) and `Intake` (receiving).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import RNS

from transports.bridge import Bell
from transports.link import LinkProfile, Traffic, check_frame
from transports.reticulum_intake import Intake
from transports.reticulum_pump import Pump

if TYPE_CHECKING:
    from collections.abc import Callable

    from transports.reticulum_objects import RnsLink

CLOSE_GRACE_S = 5.0
"""How long `close` waits for what was sent to be proven delivered."""

BULK_BITS_PER_S = 10_000.0
"""Below this, only small and urgent things should travel."""

BULK_ROUND_TRIP_S = 1.5
"""A link that takes longer has a radio or many relays on its way, whatever the rate of its
first interface."""


class ReticulumLink:
    """A `Link` over Reticulum, made by `ReticulumCarrier`.

    May be made on any thread; then used on the event loop.

    Args:
        link: The RNS link, just begun (ours) or just established (a peer's).
        address: The peer's address, "" when a peer made the link.
        loop: The event loop that will use it.
        on_closed: Called on some thread when the link has closed; perhaps twice.
    """

    def __init__(
        self,
        link: RnsLink,
        address: str,
        loop: asyncio.AbstractEventLoop,
        on_closed: Callable[[ReticulumLink], object],
    ) -> None:
        self._link = link
        self._address = address
        self._on_closed = on_closed
        self._traffic = Traffic()
        self._changed = Bell(loop)  # established, room for more, or closed
        self._established = False
        self._closed = False
        self._profile = LinkProfile("reticulum", None, int(RNS.Link.MDU))
        self._intake = Intake(loop)
        self._pump = Pump(link, self._intake.on_message, self._changed.ring, self._end)
        self._intake.attach(link, self._pump)
        link.set_link_closed_callback(lambda _link: self._end())
        link.set_link_established_callback(self._on_established)
        self._pump.start()
        # RNS may have been faster than we were in telling it whom to call.
        if link.status == RNS.Link.ACTIVE:
            self._on_established(link)
        elif link.status == RNS.Link.CLOSED:
            self._end()

    @property
    def channel_id(self) -> bytes:
        """The RNS link id: 16 bytes, a hash over fresh keys of the side that made the link."""
        return bytes(self._link.link_id)

    @property
    def address(self) -> str:
        """Hex of the peer's destination hash; "" when the peer made the link."""
        return self._address

    @property
    def is_outgoing(self) -> bool:
        """Whether this side made the link."""
        return bool(self._link.initiator)

    @property
    def profile(self) -> LinkProfile:
        """What the link can bear; the rate is what RNS believes of the first interface.

        Only small things are known to pass before the link is established.
        """
        return self._profile

    @property
    def traffic(self) -> Traffic:
        """What has passed so far."""
        return self._traffic

    async def wait_established(self) -> bool:
        """Wait until the peer has answered; False when it did not."""
        while True:
            self._changed.hush()
            if self._established or self._closed:
                return not self._closed
            await self._changed.wait_rung()

    async def send(self, frame: bytes) -> None:
        """Send a frame; returns when the outbox (128 KiB) has room for it.

        Raises:
            ValueError: The frame is larger than `MAX_FRAME_BYTES` or empty.
            LinkClosed: The link is gone or closing.
        """
        check_frame(frame)
        self._changed.hush()
        while not self._pump.offer(frame):
            await self._changed.wait_rung()
            self._changed.hush()
        self._traffic.sent_frames += 1
        self._traffic.sent_bytes += len(frame)

    async def receive(self) -> bytes:
        """Wait for the next frame. A cancelled wait loses nothing.

        Raises:
            LinkClosed: The link is gone and every frame that arrived was taken.
            FrameTooLarge: The same, because the peer sent more than it may.
        """
        frame = await self._intake.take()
        self._traffic.received_frames += 1
        self._traffic.received_bytes += len(frame)
        return frame

    async def close(self) -> None:
        """Close the link once what was sent is proven delivered, after 5 s in any case."""
        self._pump.drain()
        self._changed.ring()  # whoever waits to send learns that nothing is taken any more
        try:
            async with asyncio.timeout(CLOSE_GRACE_S):
                await self._wait_closed()
        except TimeoutError:
            self.abort()
            await self._wait_closed()

    def abort(self) -> None:
        """Close the link without waiting for anything. Safe from any thread."""
        self._pump.abort()

    async def _wait_closed(self) -> None:
        while True:
            self._changed.hush()
            if self._closed:
                return
            await self._changed.wait_rung()

    def _on_established(self, link: RnsLink) -> None:
        if self._established:
            return
        rate = link.attached_interface.bitrate
        if RNS.Reticulum.get_instance().is_connected_to_shared_instance:
            rate = None  # it is that of the socket to the instance, not of its radio
        self._profile = LinkProfile(
            "reticulum",
            float(rate) if rate else None,
            self._pump.message_bytes,
            carries_bulk=(
                (not rate or rate >= BULK_BITS_PER_S) and (link.rtt or 0.0) <= BULK_ROUND_TRIP_S
            ),
        )
        self._established = True
        if link.mtu < RNS.Reticulum.MTU:  # a stranger's figure; nothing honest is smaller
            self._pump.abort()
        self._pump.established()
        self._changed.ring()

    def _end(self) -> None:
        """The link is gone, says RNS, the pump or both."""
        self._pump.abort()
        self._intake.end()
        self._closed = True
        self._changed.ring()
        self._on_closed(self)
