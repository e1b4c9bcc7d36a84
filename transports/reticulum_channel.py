"""RNS's channel on a link: reliable, ordered messages of one packet each, and word of delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from RNS.Channel import Channel, LinkChannelOutlet, MessageBase

if TYPE_CHECKING:
    from collections.abc import Callable

    from transports.reticulum_objects import RnsLink


class FrameMessage(MessageBase):  # type: ignore[misc]
    """The one message type on our channels; `body` is what the framing packed."""

    MSGTYPE = 0x0101

    def __init__(self, body: bytes = b"") -> None:
        self.body = body

    def pack(self) -> bytes:
        """Return the bytes to send."""
        return self.body

    def unpack(self, raw: bytes) -> None:
        """Take the bytes that arrived."""
        self.body = raw


def open_channel(
    link: RnsLink, on_message: Callable[[bytes], None], on_delivered: Callable[[], None]
) -> Channel:
    """Give a link its channel, before or after it is established.

    Ours instead of `link.get_channel()`, which needs a measured round trip: the
    peer's first message may arrive before RNS's thread has told us of the link.

    Args:
        link: The RNS link.
        on_message: Called on RNS's thread, which holds the channel's lock: it must
            not send.
        on_delivered: Called on RNS's threads when a message is proven delivered.
    """

    def handle(message: FrameMessage) -> bool:
        on_message(message.body)
        return True

    channel = Channel(_TellingOutlet(link, on_delivered))
    channel.register_message_type(FrameMessage)
    channel.add_message_handler(handle)
    link._channel = channel
    return channel


class _TellingOutlet(LinkChannelOutlet):  # type: ignore[misc]
    """A channel's way to its link that tells us when a message was proven delivered."""

    def __init__(self, link: RnsLink, on_delivered: Callable[[], None]) -> None:
        super().__init__(link)
        self._on_delivered = on_delivered

    @property
    def rtt(self) -> float:
        """The link's round trip, s; 0 until it is measured."""
        return float(self.link.rtt or 0.0)

    def set_packet_delivered_callback(
        self, packet: object, callback: Callable[[object], None] | None
    ) -> None:
        """Call the channel first, then us, when the packet is proven."""

        def delivered(proven: object) -> None:
            if callback is not None:
                callback(proven)
                self._on_delivered()

        super().set_packet_delivered_callback(packet, delivered if callback else None)
