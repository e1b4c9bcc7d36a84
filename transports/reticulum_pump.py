"""The sending half of a Reticulum link: the one thread that calls into RNS for it.

RNS calls us on its own threads; those only note what happened and wake the
pump. So no callback ever sends, which would deadlock RNS's channel, and a slow
interface stalls neither the event loop nor other links.
"""

from __future__ import annotations

import logging
from collections import deque
from threading import Condition, Thread
from typing import TYPE_CHECKING

import RNS
from RNS.Channel import Channel, ChannelException

from transports.errors import LinkClosed
from transports.link import MAX_FRAME_BYTES
from transports.reticulum_channel import FrameMessage, open_channel
from transports.reticulum_framing import (
    LAST_NUMBER,
    MESSAGE_HEAD_BYTES,
    Credit,
    grant_message,
    resource_body,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from transports.reticulum_objects import RnsLink, RnsResource

MAX_CHANNEL_MESSAGES = 8
"""Frames of more messages go as a resource: each message costs a proof of 115 B, which a
radio feels, and a resource four more packets and a few threads, which TCP feels."""

OUTBOX_BYTES = 2 * MAX_FRAME_BYTES
"""What `send` takes over before it waits."""

LOST_INTERFACE_CHECK_S = 1.0
"""How soon we notice that the interface under a link is gone; RNS waits for silence."""

_LOG = logging.getLogger(__name__)


class Pump:
    """Sends frames over one RNS link, in order, as fast as it and the peer's reading allow.

    Its methods are safe from any thread and never wait.

    Args:
        link: The RNS link, perhaps not yet established.
        on_message: Called on RNS's thread with the body of each channel message.
        on_room: Called on the pump's thread when there is room for another frame.
        on_end: Called on the pump's thread, once, when the link has closed.
    """

    def __init__(
        self,
        link: RnsLink,
        on_message: Callable[[bytes], None],
        on_room: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._link = link
        self._on_end = on_end
        self._on_room = on_room
        self._lock = Condition()
        self._events = 0
        self._outbox: deque[bytes] = deque()
        self._outbox_bytes = 0
        self._next_number = 0
        self._parts: deque[bytes] = deque()
        self._resource_under_way = False
        self._grant: int | None = None
        self._credit = Credit()
        self._established = False
        self._draining = False
        self._abort = False
        self._channel = open_channel(link, on_message, self._on_delivered)

    @property
    def message_bytes(self) -> int:
        """The largest frame that travels as one packet."""
        return int(self._channel.mdu) - MESSAGE_HEAD_BYTES

    def start(self) -> None:
        """Start the thread; it sends nothing before `established`."""
        Thread(target=self._run, name="reticulum-link", daemon=True).start()

    def established(self) -> None:
        """The peer has answered: sending may begin."""
        if (self._link.rtt or 0.0) > Channel.RTT_SLOW:
            # As the channel would have begun, had it known the round trip.
            self._channel.window = self._channel.window_max = 1
            self._channel.window_min = self._channel.window_flexibility = 1
        with self._lock:
            self._established = True
            self._wake()

    def offer(self, frame: bytes) -> bool:
        """Take over a frame to send; False when there is no room for it now.

        Raises:
            LinkClosed: The link is closed or closing.
        """
        with self._lock:
            if self._draining or self._abort:
                raise LinkClosed
            if self._outbox_bytes + len(frame) > OUTBOX_BYTES:
                return False
            self._outbox.append(frame)
            self._outbox_bytes += len(frame)
            self._wake()
            return True

    def grant(self, credit: int) -> None:
        """Tell the peer how much it may send in total."""
        with self._lock:
            self._grant = credit
            self._wake()

    def take_grant(self, credit: int) -> None:
        """Note how much we may send in total.

        Raises:
            LinkClosed: The peer granted more than is possible.
        """
        with self._lock:
            self._credit.grant(credit)
            self._wake()

    def drain(self) -> None:
        """Close the link as soon as all that was taken over is proven delivered."""
        with self._lock:
            self._draining = True
            self._wake()

    def abort(self) -> None:
        """Close the link now."""
        with self._lock:
            self._abort = True
            self._wake()

    def _on_delivered(self) -> None:
        with self._lock:
            self._wake()

    def _on_resource_sent(self, resource: RnsResource) -> None:
        with self._lock:
            self._resource_under_way = False
            if resource.status != RNS.Resource.COMPLETE:
                self._abort = True  # a frame is missing, so no later one may arrive
            self._wake()

    def _wake(self) -> None:
        self._events += 1
        self._lock.notify_all()

    # --- on the pump's own thread -----------------------------------------------

    def _run(self) -> None:
        try:
            while self._link.status != RNS.Link.CLOSED:
                with self._lock:
                    seen = self._events
                if self._abort or self._is_drained() or self._interface_is_gone():
                    break
                if not (self._established and self._send_something()):
                    self._wait_event(seen)
        except Exception:  # whatever RNS raises, a link that cannot send must close
            _LOG.exception("A Reticulum link failed")
        finally:
            self.abort()
            try:
                self._link.teardown()
            finally:
                self._on_end()

    def _wait_event(self, seen: int) -> None:
        with self._lock:
            self._lock.wait_for(lambda: self._events != seen, LOST_INTERFACE_CHECK_S)

    def _interface_is_gone(self) -> bool:
        if not self._established:
            return False
        interface = self._link.attached_interface
        return interface not in RNS.Transport.interfaces or not interface.online

    def _is_drained(self) -> bool:
        if not self._draining or self._resource_under_way or self._parts:
            return False
        with self._lock:
            if self._outbox:
                return False
        return not self._channel._tx_ring  # sent, but not proven yet

    def _send_something(self) -> bool:
        """Make one step; False when nothing can be sent before something happens."""
        grant = self._grant
        if grant is not None and self._send_message(grant_message(grant)):
            with self._lock:
                if self._grant == grant:  # else a newer one came, to be sent as well
                    self._grant = None
            return True
        if self._parts:
            if not self._send_message(self._parts[0]):
                return False
            self._parts.popleft()
            return True
        return self._begin_frame()

    def _send_message(self, body: bytes) -> bool:
        if not self._channel.is_ready_to_send():
            return False
        try:
            self._channel.send(FrameMessage(body))
        except ChannelException:  # not ready after all: the interface refused the packet
            return False
        return True

    def _begin_frame(self) -> bool:
        with self._lock:
            blocked = self._resource_under_way or not self._outbox
            if blocked or not self._credit.allows(self._outbox[0]):
                return False
            if self._next_number > LAST_NUMBER:
                raise LinkClosed("every frame number of this link is used")
            frame = self._outbox.popleft()
            self._outbox_bytes -= len(frame)
            self._credit.use(frame)
            number = self._next_number
            self._next_number += 1
            self._resource_under_way = len(frame) > self.message_bytes * MAX_CHANNEL_MESSAGES
        self._on_room()
        if self._resource_under_way:
            RNS.Resource(
                resource_body(frame, number),
                self._link,
                auto_compress=False,
                callback=self._on_resource_sent,
            )
        else:
            self._parts.extend(split(frame, number, self._channel.mdu))
        return True
