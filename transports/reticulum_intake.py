"""The receiving half of a Reticulum link: a stranger's messages and resources become frames.

Everything here runs on RNS's threads except `read`. It copies, decides and
returns; what breaks the rules closes the link.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import RNS

from transports.bridge import FrameInbox
from transports.errors import FrameTooLarge, LinkClosed, TransportError
from transports.link import MAX_FRAME_BYTES
from transports.reticulum_framing import RESOURCE_HEAD_BYTES, WINDOW_BYTES, Arrived, Reassembly

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from transports.reticulum_objects import RnsAnnouncement, RnsLink, RnsResource
    from transports.reticulum_pump import Pump

_RESOURCE_ENVELOPE_BYTES = 128
"""Bound on what encryption adds to a resource (4 random, 16 IV, 16 padding, 32 HMAC)."""

_MAX_UNREAD_RESOURCES = 4
"""Resources that have arrived and wait for RNS to call us; one is usual."""


class Intake:
    """Takes what the peer sends over one RNS link.

    Args:
        loop: The event loop that will `take` frames.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # It holds all that a peer has credit for, so nothing offered is ever refused.
        self._inbox = FrameInbox(WINDOW_BYTES, loop)
        self._lock = Lock()
        self._reassembly = Reassembly()
        self._resources: dict[bytes, RnsResource] = {}
        self._last_resource = b""
        self._ended = False
        self._pump: Pump | None = None

    def attach(self, link: RnsLink, pump: Pump) -> None:
        """Have the link's resources brought to us; misuse and credit go to the pump."""
        self._pump = pump
        link.set_resource_strategy(RNS.Link.ACCEPT_APP)
        link.set_resource_callback(self._on_resource_announced)
        link.set_resource_started_callback(self._on_resource_started)
        link.set_resource_concluded_callback(self._on_resource_concluded)

    async def take(self) -> bytes:
        """Wait for the next frame and give the peer credit for it; errors as `Link.receive`."""
        frame = await self._inbox.take()
        with self._lock:
            credit = self._reassembly.read(frame)
        if credit is not None and self._pump is not None:
            self._pump.grant(credit)
        return frame

    def on_message(self, body: bytes) -> None:
        """Take the body of a channel message."""
        with self._lock:
            self._deliver(lambda: self._reassembly.take_message(body))

    def end(self) -> None:
        """The link has closed: frames that have arrived can still be taken.

        RNS proves a resource before it hands it to us, and the sender may have
        closed in between: then the resource's own callback ends the inbox.
        """
        with self._lock:
            self._ended = True
            self._end_when_all_is_here()

    def _on_resource_announced(self, announced: RnsAnnouncement) -> bool:
        """Accept a resource that can be a frame: plain, single, small and covered by credit.

        Compressed ones are refused, since what they grow to shows only afterwards.
        """
        with self._lock:
            if announced.h == self._last_resource:
                raise LinkClosed("all of it is here")  # RNS then ignores the announcement
            if announced.h in self._resources:
                return True  # announced again, because we answered slowly; RNS knows it
            try:
                self._reassembly.check_resource(_checked_bytes(announced))
                pending = self._resources.values()
                if (
                    any(resource.status < RNS.Resource.COMPLETE for resource in pending)
                    or len(pending) >= _MAX_UNREAD_RESOURCES
                ):
                    raise FrameTooLarge("a second resource at once")
            except TransportError as error:
                self._refuse(error)
                return False
        return True

    def _on_resource_started(self, resource: RnsResource) -> None:
        with self._lock:
            self._resources[resource.hash] = resource

    def _on_resource_concluded(self, resource: RnsResource) -> None:
        is_whole = resource.status == RNS.Resource.COMPLETE
        body = resource.data.read(RESOURCE_HEAD_BYTES + MAX_FRAME_BYTES + 1) if is_whole else b""
        with self._lock:
            if is_whole:
                self._last_resource = resource.hash
                self._deliver(lambda: self._reassembly.take_resource(body))
            self._resources.pop(resource.hash, None)
            self._end_when_all_is_here()

    def _deliver(self, reassemble: Callable[[], Arrived]) -> None:
        try:
            arrived = reassemble()
            if arrived.credit is not None and self._pump is not None:
                self._pump.take_grant(arrived.credit)
        except TransportError as error:
            self._refuse(error)
            return
        for frame in arrived.frames:
            self._inbox.offer(frame)

    def _refuse(self, error: TransportError) -> None:
        # The caller holds the lock that `end` waits for, so this reason comes first.
        if self._pump is not None:
            self._pump.abort()
        self._inbox.close(error)

    def _end_when_all_is_here(self) -> None:
        coming = any(r.status == RNS.Resource.COMPLETE for r in self._resources.values())
        if self._ended and not coming:
            self._inbox.close(LinkClosed())


def _checked_bytes(announced: RnsAnnouncement) -> int:
    """Return the length of an announced resource, if it can be one of ours."""
    data_bytes, transfer_bytes = announced.d, announced.t
    if not (isinstance(data_bytes, int) and isinstance(transfer_bytes, int)):
        raise LinkClosed("the peer announced nonsense")
    if transfer_bytes > data_bytes + _RESOURCE_ENVELOPE_BYTES:
        raise FrameTooLarge("a resource longer than it says")
    whole = announced.i == announced.l == 1 and not announced.s
    if not whole or announced.c or announced.x or not announced.e:
        raise LinkClosed("the peer announced a resource that cannot be a frame")
    return data_bytes
