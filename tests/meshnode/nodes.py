"""Whole nodes in one process: real records and indexes, links in memory, maybe a model."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshnode.home.home import Home
from meshnode.home.settings import Config, ModelSettings, SyncSettings
from meshnode.home.unlocked_keys import UnlockedKeys
from meshnode.node import Node, compose
from meshnode.service import ContributionQuery
from meshnode.views.community import FoundRequest, InviteRequest
from meshnode.views.contribution import AddRequest
from meshnode.views.sync import SyncDone, SyncRequest
from tests.crdt.people import bytes_for, device_keys
from transports.simulated import SimulatedCarrier, SimulatedNetwork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from knowledge.model.engine import Engine
    from meshnode.peers.meeting import Meeting
    from meshnode.record.record import Record
    from meshnode.views.community import MemberView
    from meshnode.views.contribution import ContributionView, LevelName
    from meshnode.views.withdrawal import Coverage

PATIENCE_S = 20.0
"""How long something may take that takes a moment: the machine may be busy."""

CONFIG = Config(
    model=ModelSettings(enabled=False),
    sync=SyncSettings(every_minutes=0),
)


def address_of(name: str) -> str:
    """Return where somebody is met: 32 hex digits, as on Reticulum."""
    return "a" + bytes_for(f"{name} address", 16).hex()[1:]


def keys_of(name: str) -> UnlockedKeys:
    """Return the secrets of somebody's node, the same on every run."""
    return UnlockedKeys(name.title(), device_keys(name), bytes_for(f"{name} database", 32))


@dataclass
class World:
    """What all nodes of a test share: the air between them, and a place on the disk each."""

    root: Path
    air: SimulatedNetwork = field(default_factory=SimulatedNetwork)
    addresses: dict[bytes, str] = field(default_factory=dict)

    @asynccontextmanager
    async def node(
        self, name: str, *, engine: Engine | None = None, is_reachable: bool = True
    ) -> AsyncIterator[Resident]:
        """Open somebody's node; again: the same home, keys and address."""
        home = Home(self.root / name)
        home.make()
        keys = keys_of(name)
        self.addresses[keys.device.device.public] = address_of(name)
        carriers: list[SimulatedCarrier] = []

        def carrier_for(_: object) -> SimulatedCarrier:
            carriers.append(SimulatedCarrier(self.air, address_of(name)))
            return carriers[-1]

        node = await compose(
            home,
            CONFIG,
            keys,
            engine,
            carrier_for if is_reachable else None,
            self.addresses.__getitem__,
        )
        try:
            yield Resident(name, home, node)
        finally:
            await node.close()


@dataclass
class Resident:
    """One person's open node."""

    name: str
    home: Home
    node: Node

    @property
    def record(self) -> Record:
        """The record, for what no request of a person reaches."""
        return self.node._record

    @property
    def meetings(self) -> list[Meeting]:
        """The meetings going on."""
        return self.node._exchange.meetings

    async def found(self, name: str = "Ridge") -> None:
        await self.node.found_community(FoundRequest(name=name))

    async def ticket(self, uses: int = 1) -> str:
        return (await self.node.invite(InviteRequest(uses=uses))).ticket

    async def add(self, text: str, title: str = "A note", level: LevelName = "commons") -> str:
        return (await self.node.add(AddRequest(title=title, text=text, level=level))).id

    async def read(self, contribution_id: str) -> ContributionView:
        return await self.node.contribution(contribution_id)

    async def titles(self) -> set[str]:
        """The titles that this node lists."""
        page = await self.node.contributions(ContributionQuery())
        return {row.title for row in page.items}

    async def sync(self, peer: Resident | None = None) -> list[SyncDone]:
        """Meet somebody, and wait until both hold the same."""
        request = SyncRequest(peer=address_of(peer.name) if peer else None)
        events = [event async for event in self.node.sync(request)]
        return [event for event in events if isinstance(event, SyncDone)]

    async def role(self) -> str | None:
        """Our role in the one community, None while it waits to hear of us."""
        communities = (await self.node.status()).communities
        return None if not communities or communities[0].pending else communities[0].role


async def wait_until(true: Callable[[], Awaitable[object]], what: str = "") -> None:
    """Wait until something has become so.

    Raises:
        AssertionError: It has not, in good time.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await true():  # noqa: ASYNC110 - what is waited for rings no bell
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"this has not become so: {what or true}") from None


async def join(newcomer: Resident, steward: Resident) -> None:
    """Have somebody join with a ticket, and wait until they are in."""
    await newcomer.node.join(await steward.ticket())

    async def is_in() -> bool:
        held = await newcomer.record.run(lambda replica: replica.holdings.all())
        has_roles = len(held) > 1 and all(space.role is not None for space in held)
        return has_roles and await newcomer.role() is not None and await _knows(steward, newcomer)

    await wait_until(is_in, f"{newcomer.name} is a member")


async def _knows(who: Resident, whom: Resident) -> bool:
    members: list[MemberView] = await who.node.members()
    return any(view.name == whom.name.title() and view.devices for view in members)


async def coverage_says(resident: Resident, contribution_id: str, sentence: str) -> None:
    """Wait until the coverage of something is told so."""
    told: list[str] = []

    async def is_told() -> bool:
        coverage: Coverage = await resident.node.coverage(contribution_id)
        told.append(coverage.sentence)
        return coverage.sentence == sentence

    try:
        await wait_until(is_told)
    except AssertionError:
        raise AssertionError(f"{told[-1]!r} instead of {sentence!r}") from None
