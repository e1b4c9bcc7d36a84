"""The composition root: every part of an open node is made here, by hand, and put together.

keys, config ─> Record ─> Catalogue ─> Exchange ─> carriers
└─> Answering <─ model, in its own process
"""

from __future__ import annotations

import logging
import math
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from crdt.crypto.keys import derive
from knowledge.model.file import find_model
from knowledge.model.llama_engine import LlamaEngine
from meshnode.desks.answering import Answering
from meshnode.desks.bundle_desk import BundleDesk
from meshnode.desks.community_desk import CommunityDesk
from meshnode.desks.contributing import Contributing
from meshnode.desks.health import Health
from meshnode.desks.importing import Importing
from meshnode.desks.reading import Reading
from meshnode.desks.sync_desk import SyncDesk
from meshnode.exchange import Exchange
from meshnode.home.settings import split_address
from meshnode.news import News
from meshnode.record.catalogue import Catalogue, forget_nothing
from meshnode.record.record import open_record
from transports.errors import CarrierUnavailable
from transports.reticulum import ReticulumCarrier, address_of
from transports.reticulum_settings import (
    LocalNetwork,
    ReticulumInterface,
    ReticulumSettings,
    TcpConnect,
    TcpListen,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from knowledge.model.engine import Engine
    from meshnode.home.home import Home
    from meshnode.home.settings import Config
    from meshnode.home.unlocked_keys import UnlockedKeys
    from meshnode.record.record import Record
    from meshnode.service import ContributionQuery, NodeService, SearchQuery
    from meshnode.views.answer import AskEvent, AskRequest
    from meshnode.views.bundle import BundleReadRequest, BundleView, BundleWriteRequest
    from meshnode.views.community import (
        CommunityView,
        FoundRequest,
        InviteRequest,
        InviteView,
        MemberView,
        RoleRequest,
    )
    from meshnode.views.contribution import (
        AddRequest,
        ContributionPage,
        ContributionView,
        EditRequest,
    )
    from meshnode.views.file_import import ImportEvent, ImportRequest
    from meshnode.views.hit import Hit
    from meshnode.views.news import NodeEvent
    from meshnode.views.peer import LinkView, PeerRequest, PeerView
    from meshnode.views.revision import Revision
    from meshnode.views.status import CheckView, Status
    from meshnode.views.sync import SyncEvent, SyncRequest
    from meshnode.views.withdrawal import Coverage, WithdrawRequest
    from transports.link import Carrier

CarrierFor: TypeAlias = "Callable[[Callable[[str, int | None], None]], Carrier]"
"""Makes a carrier, given whom to tell of peers: their address and how many hops away they are."""

_LOG = logging.getLogger(__name__)


async def open_node(home: Home, config: Config, keys: UnlockedKeys) -> NodeService:
    """Open a node. On the main thread, because Reticulum insists.

    Raises:
        StoreError: The database cannot be used; the message says what to do.
        ConfigError: A setting cannot be.
    """
    carrier_for = _reticulum(home, config, keys) if config.reticulum.enabled else None
    return await compose(home, config, keys, _engine(config), carrier_for, address_of)


async def compose(
    home: Home,
    config: Config,
    keys: UnlockedKeys,
    engine: Engine | None,
    carrier_for: CarrierFor | None,
    address: Callable[[bytes], str],
) -> Node:
    """Put a node together and start it.

    Args:
        home: Where its files are.
        config: Its settings.
        keys: Opened.
        engine: Phrases answers; None when there is no model.
        carrier_for: Makes the way to others, given whom to tell of peers; None: there is none.
        address: Tells where a device, by its public bytes, is met.

    Raises:
        StoreError: The database cannot be used; nothing stays open.
    """
    news = News()
    async with AsyncExitStack() as opened:
        record = await open_record(home.database, keys)
        opened.push_async_callback(record.close)
        catalogue = Catalogue(
            home.root / "index.db",
            derive(keys.database_key, b"mesh index key"),
            record,
            lambda: news.tell("contributions"),
            engine.forget if engine else forget_nothing,
        )
        opened.push_async_callback(catalogue.close)
        await catalogue.open()
        every_s = config.sync.every_minutes * 60.0 or math.inf
        exchange = Exchange(record, catalogue, every_s, address, news.tell)
        opened.push_async_callback(exchange.close)
        record.listen(exchange.on_changes)
        record.listen(lambda _: catalogue.hint())
        await exchange.open()
        node = Node(record, catalogue, exchange, engine, news, keys.name, config, home)
        opened.push_async_callback(node.close)
        await node.start(carrier_for)
        opened.pop_all()
    return node


def _reticulum(home: Home, config: Config, keys: UnlockedKeys) -> CarrierFor:
    return lambda tell: ReticulumCarrier(
        reticulum_settings(home, config),
        keys.device.device.secret,
        lambda seen: tell(seen.address, seen.hops),
    )


def _engine(config: Config) -> Engine | None:
    if not config.model.enabled:
        return None
    path = Path(config.model.path).expanduser() if config.model.path else find_model()
    return LlamaEngine(path, threads=config.model.threads or None) if path else None


def reticulum_settings(home: Home, config: Config) -> ReticulumSettings:
    """Turn the settings of a node into those of its carrier."""
    ours = config.reticulum
    interfaces: list[ReticulumInterface] = []
    if ours.auto_interface:
        interfaces.append(LocalNetwork())
    if ours.tcp_listen:
        interfaces.append(TcpListen(*split_address(ours.tcp_listen)))
    interfaces += [TcpConnect(*split_address(address)) for address in ours.tcp_connect]
    return ReticulumSettings(
        home.reticulum,
        tuple(interfaces),
        Path(ours.user_config).expanduser() if ours.user_config else None,
        announce_every_s=ours.announce_minutes * 60.0,
    )


class Node:
    """An open node: `meshnode.service.NodeService`, each call handed to the part that does it."""

    def __init__(
        self,
        record: Record,
        catalogue: Catalogue,
        exchange: Exchange,
        engine: Engine | None,
        news: News,
        name: str,
        config: Config,
        home: Home,
    ) -> None:
        self._record = record
        self._catalogue = catalogue
        self._exchange = exchange
        self._engine = engine
        self._news = news
        self._contributing = Contributing(record, catalogue, config.node.language, name)
        self._importing = Importing(record, catalogue, config.node.language, name)
        self._community = CommunityDesk(record, exchange)
        self._answering = Answering(catalogue, engine)
        self._bundles = BundleDesk(record, exchange)
        self._sync = SyncDesk(exchange)
        self._health = Health(home, config, record, catalogue, self._answering)
        self._reading = Reading(
            record,
            catalogue,
            exchange,
            self._answering,
            self._health,
            name,
            config,
        )
        self._is_closed = False

    async def start(self, carrier_for: CarrierFor | None) -> None:
        """Begin to listen, and to load the model in the background."""
        if self._engine is not None:
            await self._engine.start()
        if carrier_for is None:
            return
        carrier = carrier_for(self._exchange.on_peer_seen)
        try:
            await self._exchange.use(carrier)
        except CarrierUnavailable as error:
            self._health.note_links(error.explain())
            _LOG.warning("%s: %s", carrier.name, error)
            return
        if isinstance(carrier, ReticulumCarrier):
            for interface in carrier.failed_interfaces:
                self._health.note_links(
                    f"The Reticulum interface {interface!r} could not be started: "
                    "is its port taken?"
                )

    # --- the node ------------------------------------------------------------------------------

    async def status(self) -> Status:
        """Give the node at a glance."""
        return await self._reading.status()

    async def doctor(self) -> list[CheckView]:
        """Check what only an open node can."""
        return await self._health.checks()

    def events(self) -> AsyncGenerator[NodeEvent, None]:
        """Follow what changes."""
        return self._news.follow()

    async def close(self) -> None:
        """Stop everything. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._news.tell("stopping")
        async with AsyncExitStack() as closing:  # each, whatever becomes of those before it
            closing.push_async_callback(self._record.close)
            closing.push_async_callback(self._catalogue.close)
            if self._engine is not None:
                closing.push_async_callback(self._engine.close)
            closing.push_async_callback(self._exchange.close)

    # --- contributions -------------------------------------------------------------------------

    async def contributions(self, query: ContributionQuery) -> ContributionPage:
        """Give one stretch of the list; with words, what fits best first."""
        return await self._reading.contributions(query)

    async def add(self, request: AddRequest) -> ContributionView:
        """Give a new contribution."""
        return await self._contributing.add(request)

    async def contribution(self, contribution_id: str) -> ContributionView:
        """Give one contribution in full."""
        return await self._contributing.view(contribution_id)

    async def edit(self, contribution_id: str, request: EditRequest) -> ContributionView:
        """Change a contribution."""
        return await self._contributing.edit(contribution_id, request)

    async def history(self, contribution_id: str) -> list[Revision]:
        """Give every edit of a contribution."""
        return await self._contributing.history(contribution_id)

    async def withdraw(self, contribution_id: str, request: WithdrawRequest) -> Coverage:
        """Take a contribution back."""
        taken = await self._contributing.withdraw(contribution_id, request.reason)
        await self._exchange.try_to_renew_receipts()
        return await self._contributing.coverage(taken.id)

    async def coverage(self, contribution_id: str) -> Coverage:
        """Say which nodes hold or have erased a contribution."""
        return await self._contributing.coverage(contribution_id)

    async def withdrawals(self) -> list[Coverage]:
        """Give what was withdrawn in our name."""
        return await self._contributing.withdrawals()

    def import_files(self, request: ImportRequest) -> AsyncGenerator[ImportEvent, None]:
        """Import files and folders of this machine."""
        return self._importing.import_files(request)

    # --- search and answers ----------------------------------------------------------------------

    async def search(self, query: SearchQuery) -> list[Hit]:
        """Search the commons."""
        return await self._reading.search(query)

    def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """Answer a question."""
        return self._answering.ask(request.question)

    async def seen(self) -> None:
        """Count nothing that is here now as new any more."""
        await self._reading.seen()
        self._news.tell("status")

    # --- community and links ---------------------------------------------------------------

    async def found_community(self, request: FoundRequest) -> CommunityView:
        """Found a community."""
        return await self._community.found(request.name)

    async def members(self) -> list[MemberView]:
        """Give the members of every community."""
        return await self._community.members()

    async def appoint(self, member: str, request: RoleRequest) -> list[MemberView]:
        """Give a member another role, or bring a removed one back."""
        return await self._community.appoint(member, request)

    async def remove_member(self, member: str, community: str) -> list[MemberView]:
        """Take a member's roles in a community."""
        return await self._community.remove(member, community)

    async def invite(self, request: InviteRequest) -> InviteView:
        """Make a ticket."""
        return await self._community.invite(request)

    async def join(self, ticket: str) -> CommunityView:
        """Redeem a ticket."""
        return await self._community.join(ticket)

    async def peers(self) -> list[PeerView]:
        """Give the nodes that an address is known of."""
        return self._sync.peers()

    async def add_peer(self, request: PeerRequest) -> PeerView:
        """Remember a peer's address."""
        return await self._sync.add(request.address)

    async def remove_peer(self, address: str) -> None:
        """Forget a peer's address."""
        await self._sync.remove(address)

    async def links(self) -> list[LinkView]:
        """Give the open links."""
        return self._sync.links()

    def sync(self, request: SyncRequest) -> AsyncGenerator[SyncEvent, None]:
        """Meet a peer now, or everybody within reach."""
        return self._sync.sync(request.peer)

    async def write_bundle(self, request: BundleWriteRequest) -> BundleView:
        """Write a bundle file on this machine, with what we now hold and have erased."""
        await self._exchange.try_to_renew_receipts()
        return await self._bundles.write(Path(request.path), request.peer)

    async def read_bundle(self, request: BundleReadRequest) -> BundleView:
        """Read a bundle file of this machine."""
        read = await self._bundles.read(Path(request.path))
        await self._catalogue.follow()
        await self._exchange.try_to_renew_receipts()
        return read
