"""What every carrier promises. Subclass, give it a `meeting` fixture, and it is tested.

The far end of a link may be in another process, so tests reach it only through
`FarEnd`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Protocol

import pytest

from transports.errors import BadAddress, FrameTooLarge, LinkClosed, Unreachable
from transports.link import MAX_FRAME_BYTES

if TYPE_CHECKING:
    from transports.link import Carrier, Link

PATIENCE_S = 20
"""Far beyond what anything here takes: a test that waits this long has failed."""


class FarEnd(Protocol):
    """What a test may ask of the far end of a link."""

    async def channel_id(self) -> bytes:
        """Return the link's id as that end sees it."""
        ...

    async def is_outgoing(self) -> bool:
        """Return whether that end made the link."""
        ...

    async def send(self, frame: bytes) -> None:
        """Send a frame from there."""
        ...

    async def receive(self) -> bytes:
        """Receive a frame there; errors as with `Link.receive`."""
        ...

    async def close(self) -> None:
        """Close the link from there."""
        ...

    async def send_too_much(self) -> None:
        """Break the bound on frames, as a hostile peer would."""
        ...


class Meeting(Protocol):
    """A carrier on this side and a peer that it reaches."""

    @property
    def carrier(self) -> Carrier:
        """The carrier under test."""
        ...

    @property
    def peer_address(self) -> str:
        """Where the peer is."""
        ...

    @property
    def nobody(self) -> str:
        """An address of the right form where nobody is."""
        ...

    async def far_end(self, link: Link) -> FarEnd:
        """Return the peer's end of a link that the carrier made."""
        ...


@dataclass(frozen=True, slots=True)
class Pair:
    """Both ends of a link that the near side made."""

    near: Link
    far: FarEnd


def some_frames(seed: int, count: int, most_bytes: int = MAX_FRAME_BYTES) -> list[bytes]:
    """Return frames of many sizes, the same for the same seed."""
    chance = Random(seed)
    return [chance.randbytes(chance.choice((1, 60, 430, most_bytes // 3))) for _ in range(count)]


class LinkContract:
    """Given a `meeting` fixture: a carrier and a peer in reach."""

    @pytest.fixture
    async def pair(self, meeting: Meeting) -> Pair:
        link = await meeting.carrier.connect(meeting.peer_address)
        return Pair(link, await meeting.far_end(link))

    async def test_frames_arrive_whole_and_in_order_both_ways(self, pair: Pair) -> None:
        there, back = some_frames(1, 30), some_frames(2, 30)

        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as both:
            both.create_task(_send_all(pair.near, there))
            both.create_task(_send_all(pair.far, back))
            arrived_there = both.create_task(_receive(pair.far, len(there)))
            arrived_back = both.create_task(_receive(pair.near, len(back)))

        assert arrived_there.result() == there
        assert arrived_back.result() == back

    @pytest.mark.parametrize("size", [1, 2, MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES])
    async def test_the_smallest_and_the_largest_frame_arrive(self, pair: Pair, size: int) -> None:
        frame = Random(size).randbytes(size)

        async with asyncio.timeout(PATIENCE_S):
            await pair.near.send(frame)
            await pair.far.send(await pair.far.receive())
            assert await pair.near.receive() == frame

    @pytest.mark.parametrize("size", [0, MAX_FRAME_BYTES + 1])
    async def test_a_frame_that_is_none_is_our_mistake_and_harms_nothing(
        self, pair: Pair, size: int
    ) -> None:
        with pytest.raises(ValueError, match="frame"):
            await pair.near.send(bytes(size))

        async with asyncio.timeout(PATIENCE_S):
            await pair.near.send(b"still here")
            assert await pair.far.receive() == b"still here"

    async def test_a_peer_that_sends_too_much_loses_the_link(self, pair: Pair) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await pair.far.send(b"honest")
            await pair.far.send_too_much()

            assert await pair.near.receive() == b"honest"
            with pytest.raises(FrameTooLarge):
                await pair.near.receive()
            with pytest.raises(LinkClosed):
                await pair.near.send(b"more")

    async def test_closing_delivers_what_was_sent_and_then_says_closed(self, pair: Pair) -> None:
        frames = some_frames(3, 5)

        async with asyncio.timeout(PATIENCE_S):
            await _send_all(pair.near, frames)
            await pair.near.close()

            assert await _receive(pair.far, 5) == frames
            for _ in range(2):
                with pytest.raises(LinkClosed):
                    await pair.far.receive()

    async def test_a_link_that_the_peer_closes_gives_what_arrived_first(self, pair: Pair) -> None:
        frames = some_frames(4, 5)

        async with asyncio.timeout(PATIENCE_S):
            await _send_all(pair.far, frames)
            await pair.far.close()

            assert await _receive(pair.near, 5) == frames
            with pytest.raises(LinkClosed):
                await pair.near.receive()
            with pytest.raises(LinkClosed):
                await pair.near.send(b"too late")

    async def test_closing_twice_is_closing_once(self, pair: Pair) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(pair.near.close(), pair.near.close())
            await pair.near.close()

            with pytest.raises(LinkClosed):
                await pair.near.send(b"too late")

    async def test_closing_ends_a_wait_for_frames(self, pair: Pair) -> None:
        waiting = asyncio.create_task(pair.near.receive())

        async with asyncio.timeout(PATIENCE_S):
            await pair.near.close()
            with pytest.raises(LinkClosed):
                await waiting

    async def test_a_cancelled_wait_loses_no_frame(self, pair: Pair) -> None:
        waiting = asyncio.create_task(pair.near.receive())
        await asyncio.sleep(0)
        waiting.cancel()

        async with asyncio.timeout(PATIENCE_S):
            await pair.far.send(b"after the wait")
            assert await pair.near.receive() == b"after the wait"

    async def test_both_ends_name_the_link_alike_and_no_other_link_so(
        self, meeting: Meeting, pair: Pair
    ) -> None:
        again = await meeting.carrier.connect(meeting.peer_address)

        assert len(pair.near.channel_id) >= 16
        assert await pair.far.channel_id() == pair.near.channel_id
        assert again.channel_id != pair.near.channel_id

    async def test_who_made_the_link_is_known(self, meeting: Meeting, pair: Pair) -> None:
        assert pair.near.is_outgoing
        assert not await pair.far.is_outgoing()
        assert pair.near.address == meeting.peer_address
        assert pair.near.profile.carrier == meeting.carrier.name

    async def test_traffic_is_counted(self, pair: Pair) -> None:
        async with asyncio.timeout(PATIENCE_S):
            for frame in (b"four", b"seventh"):
                await pair.near.send(frame)
            await pair.far.send(b"fifth")
            await pair.near.receive()

        traffic = pair.near.traffic
        assert (traffic.sent_frames, traffic.sent_bytes) == (2, 11)
        assert (traffic.received_frames, traffic.received_bytes) == (1, 5)

    async def test_a_peer_that_does_not_read_holds_the_sender_up(self, pair: Pair) -> None:
        frame = Random(5).randbytes(MAX_FRAME_BYTES)
        sent = 0

        async def send_on() -> None:
            nonlocal sent
            for _ in range(40):
                await pair.near.send(frame)
                sent += 1

        sending = asyncio.create_task(send_on())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(sending), 0.2)
        held = sent
        async with asyncio.timeout(PATIENCE_S):
            arrived = await _receive(pair.far, 40)
            await sending

        assert held <= 8  # half a megabyte
        assert arrived == [frame] * 40

    async def test_nobody_there_is_unreachable(self, meeting: Meeting) -> None:
        with pytest.raises(Unreachable):
            await meeting.carrier.connect(meeting.nobody)

    @pytest.mark.parametrize("nonsense", ["", "next door", "ä", "0" * 100, "00ff\n"])
    async def test_nonsense_is_no_address(self, meeting: Meeting, nonsense: str) -> None:
        with pytest.raises(BadAddress):
            await meeting.carrier.connect(nonsense)

    async def test_ones_own_address_is_no_peer(self, meeting: Meeting) -> None:
        with pytest.raises(BadAddress):
            await meeting.carrier.connect(meeting.carrier.address)


async def _send_all(end: Link | FarEnd, frames: list[bytes]) -> None:
    for frame in frames:
        await end.send(frame)


async def _receive(end: Link | FarEnd, count: int) -> list[bytes]:
    return [await end.receive() for _ in range(count)]
