"""How frames travel inside a Reticulum link: pure bytes, no threads, no RNS.

Small frames go as one or more channel messages, which RNS keeps reliable and
ordered; large ones on slow links as one RNS resource. The two overtake each
other, so every frame has a number. RNS acknowledges what it has received, not
what was read, so a reader grants the writer credit, as it reads.

    channel message   kind (1 byte), then by kind:
      FRAME           number (4), the whole frame or its last part
      PART            number (4), a part of a frame with more to come
      GRANT           total credit since the link began (8)
    resource          number (4), the whole frame

Numbers are big-endian and count from 0. A frame costs its length plus
`FRAME_COST_BYTES` of credit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from transports.errors import FrameTooLarge, LinkClosed
from transports.link import MAX_FRAME_BYTES

FRAME_COST_BYTES = 64
"""What a frame costs beyond its bytes, so that a flood of tiny frames is bounded too."""

WINDOW_BYTES = 4 * (MAX_FRAME_BYTES + FRAME_COST_BYTES)
"""Credit: how much a peer may send that was not read yet. Bounds our memory per link."""

RESOURCE_HEAD_BYTES = 4
MESSAGE_HEAD_BYTES = 5

_FRAME, _PART, _GRANT = 0, 1, 2
_NUMBERED = struct.Struct(">BI")
_GRANTED = struct.Struct(">BQ")
_NUMBER = struct.Struct(">I")
LAST_NUMBER = 0xFFFF_FFFF


def frame_cost(frame_bytes: int) -> int:
    """Credit that a frame of this length uses up."""
    return frame_bytes + FRAME_COST_BYTES


@dataclass(frozen=True, slots=True)
class Arrived:
    """Frames that are complete and next in order, and credit that the peer gave us."""

    frames: tuple[bytes, ...] = ()
    credit: int | None = None


def split(frame: bytes, number: int, message_bytes: int) -> list[bytes]:
    """Cut a frame into channel messages.

    Args:
        frame: 1 byte or more.
        number: Its number on this link.
        message_bytes: Most that a channel message carries, head included.
    """
    room = message_bytes - MESSAGE_HEAD_BYTES
    cuts = range(0, len(frame), room)
    return [
        _NUMBERED.pack(_FRAME if cut == cuts[-1] else _PART, number) + frame[cut : cut + room]
        for cut in cuts
    ]


def resource_body(frame: bytes, number: int) -> bytes:
    """Return a frame as the content of a resource."""
    return _NUMBER.pack(number) + frame


def grant_message(credit: int) -> bytes:
    """Return the channel message that lets the peer send on, up to `credit` in total."""
    return _GRANTED.pack(_GRANT, credit)


class Reassembly:
    """Put a peer's messages and resources together into frames, in order.

    Everything here was written by a stranger: what breaks the rules raises, and
    the link must then close. What is held never exceeds `WINDOW_BYTES` and a frame.
    """

    def __init__(self) -> None:
        self._next = 0
        self._ahead: dict[int, bytes] = {}
        self._partial = bytearray()
        self._partial_number: int | None = None
        self._accepted_cost = 0
        self._read_cost = 0
        self._granted_cost = WINDOW_BYTES

    def take_message(self, message: bytes) -> Arrived:
        """Take a channel message.

        Raises:
            FrameTooLarge: The frame or the flood of frames passes a bound.
            LinkClosed: The message breaks the rules in another way.
        """
        kind = message[0] if message else None
        if kind == _GRANT and len(message) == _GRANTED.size:
            return Arrived(credit=_GRANTED.unpack(message)[1])
        if kind not in (_FRAME, _PART) or len(message) <= MESSAGE_HEAD_BYTES:
            raise LinkClosed("the peer sent a message that is none")
        _, number = _NUMBERED.unpack_from(message)
        return self._take_part(number, message[MESSAGE_HEAD_BYTES:], last=kind == _FRAME)

    def take_resource(self, body: bytes) -> Arrived:
        """Take the content of a resource; errors as with `take_message`."""
        if len(body) <= RESOURCE_HEAD_BYTES:
            raise LinkClosed("the peer sent an empty resource")
        (number,) = _NUMBER.unpack_from(body)
        frame = body[RESOURCE_HEAD_BYTES:]
        self._check_new(number)
        self._check_room(len(frame))
        return self._complete(number, frame)

    def check_resource(self, body_bytes: int) -> None:
        """Check the announced length of a resource before anything of it is taken.

        Raises:
            FrameTooLarge: It cannot be a frame, or the peer has no credit for it.
        """
        self._check_room(body_bytes - RESOURCE_HEAD_BYTES)

    def read(self, frame: bytes) -> int | None:
        """Note that a frame was read, and so no longer fills our memory.

        Returns:
            New total credit to grant to the peer, when it is time to say so.
        """
        self._read_cost += frame_cost(len(frame))
        unsaid = self._read_cost + WINDOW_BYTES - self._granted_cost
        if unsaid < WINDOW_BYTES // 2:
            return None
        self._granted_cost += unsaid
        return self._granted_cost

    def _take_part(self, number: int, part: bytes, *, last: bool) -> Arrived:
        if self._partial_number is None:
            self._check_new(number)
        elif number != self._partial_number:
            raise LinkClosed("the peer began a frame before it ended another")
        self._check_room(len(self._partial) + len(part))
        if last and not self._partial:
            return self._complete(number, part)
        self._partial_number = number
        self._partial += part
        if not last:
            return Arrived()
        frame = bytes(self._partial)
        self._partial = bytearray()
        self._partial_number = None
        return self._complete(number, frame)

    def _check_new(self, number: int) -> None:
        if number < self._next or number in self._ahead:
            raise LinkClosed("the peer sent a frame twice")

    def _check_room(self, frame_bytes: int) -> None:
        if not 0 < frame_bytes <= MAX_FRAME_BYTES:
            raise FrameTooLarge(f"{frame_bytes} bytes, a frame has at most {MAX_FRAME_BYTES}")
        if self._accepted_cost + frame_cost(frame_bytes) > self._granted_cost:
            raise FrameTooLarge("more than was granted")

    def _complete(self, number: int, frame: bytes) -> Arrived:
        self._accepted_cost += frame_cost(len(frame))
        self._ahead[number] = frame
        frames: list[bytes] = []
        while self._next in self._ahead:
            frames.append(self._ahead.pop(self._next))
            self._next += 1
        return Arrived(tuple(frames))


class Credit:
    """How much we may still send before the peer has read some of it."""

    def __init__(self) -> None:
        self._granted = WINDOW_BYTES
        self._used = 0

    def allows(self, frame: bytes) -> bool:
        """Whether a frame may be sent now."""
        return self._used + frame_cost(len(frame)) <= self._granted

    def use(self, frame: bytes) -> None:
        """Note that a frame is on its way."""
        self._used += frame_cost(len(frame))

    def grant(self, credit: int) -> None:
        """Take a grant; an older or smaller one changes nothing.

        Raises:
            LinkClosed: The grant exceeds what any reading could have earned.
        """
        if credit > self._used + WINDOW_BYTES:
            raise LinkClosed("the peer granted more than it can have read")
        self._granted = max(self._granted, credit)
