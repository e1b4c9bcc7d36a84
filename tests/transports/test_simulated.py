"""Links in memory keep the promises of every link."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.transports.link_contract import FarEnd, LinkContract
from transports.errors import CarrierUnavailable, LinkClosed
from transports.link import Link
from transports.simulated import SimulatedCarrier, SimulatedLink, SimulatedNetwork


@dataclass(frozen=True, slots=True)
class NearbyEnd:
    """The far end of a link in this process."""

    link: SimulatedLink

    async def channel_id(self) -> bytes:
        return self.link.channel_id

    async def is_outgoing(self) -> bool:
        return self.link.is_outgoing

    async def send(self, frame: bytes) -> None:
        await self.link.send(frame)

    async def receive(self) -> bytes:
        return await self.link.receive()

    async def close(self) -> None:
        await self.link.close()

    async def send_too_much(self) -> None:
        self.link._peer.arrive(bytes(200_000))


@dataclass(frozen=True, slots=True)
class SimulatedMeeting:
    """Two carriers on one network."""

    carrier: SimulatedCarrier
    peer_address: str
    nobody: str
    taken: list[Link]

    async def far_end(self, link: Link) -> FarEnd:
        (end,) = [far for far in self.taken if far.channel_id == link.channel_id]
        assert isinstance(end, SimulatedLink)
        return NearbyEnd(end)


class TestSimulatedLinks(LinkContract):
    @pytest.fixture
    async def meeting(self) -> SimulatedMeeting:
        network, taken = SimulatedNetwork(), list[Link]()
        rosa, ahmed = SimulatedCarrier(network, "rosa"), SimulatedCarrier(network, "ahmed")
        await rosa.start(taken.append)
        await ahmed.start(taken.append)
        return SimulatedMeeting(rosa, "ahmed", "nobody", taken)


async def test_a_cut_ends_both_ends() -> None:
    network, taken = SimulatedNetwork(), list[Link]()
    await SimulatedCarrier(network, "ahmed").start(taken.append)
    near = await SimulatedCarrier(network, "rosa").connect("ahmed")

    near.cut()

    for end in (near, *taken):
        with pytest.raises(LinkClosed):
            await end.receive()


async def test_two_carriers_cannot_have_one_address() -> None:
    network = SimulatedNetwork()
    await SimulatedCarrier(network, "rosa").start(lambda _link: None)

    with pytest.raises(CarrierUnavailable):
        await SimulatedCarrier(network, "rosa").start(lambda _link: None)
