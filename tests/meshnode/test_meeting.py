"""A meeting with a peer that misbehaves ends with an explanation, and nothing else does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from meshnode.exchange import NEWS_DELAY_S
from meshnode.views.sync import SyncDone, SyncRequest
from tests.meshnode.nodes import World, address_of, join, wait_until
from transports.simulated import SimulatedCarrier

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.replica.interpreter import Changes
    from crdt.sync.session import SyncSession

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("junk", [b"\x00", b"\xff" * 1000, b"\x94\xc4\xc2" * 5000])
async def test_junk_from_a_stranger_ends_that_link_and_no_other(world: World, junk: bytes) -> None:
    stranger = SimulatedCarrier(world.air, address_of("mallory"))
    await stranger.start(lambda _: None)
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        link = await stranger.connect(address_of("rosa"))
        await link.send(junk)

        async def only_friends() -> bool:
            return all(meeting.device is not None for meeting in rosa.meetings)

        await wait_until(only_friends)
        await rosa.add("Still here.", "Water")

        async def has_it() -> bool:
            return "Water" in await ahmed.titles()

        await wait_until(has_it)


async def test_a_mistake_of_ours_in_one_step_ends_that_meeting_and_the_next_goes_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: SyncSession, *_: object) -> None:
        raise ZeroDivisionError

    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        await rosa.sync(ahmed)
        failing = rosa.meetings[-1]
        with monkeypatch.context() as patch:
            patch.setattr("crdt.sync.session.SyncSession.offer_receipt", fails)
            await rosa.add("Boil it.", "Water")

            async def is_over() -> bool:
                return failing not in rosa.meetings

            await wait_until(is_over)

        async def has_it() -> bool:
            await ahmed.sync(rosa)
            return "Water" in await ahmed.titles()

        await wait_until(has_it)


async def test_a_meeting_that_the_peer_ends_early_says_what_the_peer_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        for meeting in (*rosa.meetings, *ahmed.meetings):
            await meeting.end()
        monkeypatch.setattr("crdt.sync.session.MAX_LISTED", -1)

        (done,) = [
            event
            async for event in ahmed.node.sync(SyncRequest(peer=None))
            if isinstance(event, SyncDone)
        ]

        assert "too much to compare" in done.error


async def test_a_quiet_network_stays_quiet_while_links_are_open(world: World) -> None:
    told: list[Changes] = []
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        rosa.record.listen(told.append)
        await ahmed.add("Boil it.", "Water")

        async def has_it() -> bool:
            return "Water" in await rosa.titles()

        async def is_quiet() -> bool:
            before = len(told)
            await asyncio.sleep(3 * NEWS_DELAY_S)
            return len(told) == before

        await wait_until(has_it)
        await wait_until(is_quiet)

        assert told and rosa.meetings
