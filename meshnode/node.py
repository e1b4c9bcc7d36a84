"""The composition root: every part of an open node is made here, by hand, and put together.

keys, config ─> Record ─> Catalogue ─> Exchange ─> carriers
└─> Answering <─ model, in its own process
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from crdt.crypto.keys import derive
from crdt.errors import StoreDamaged
from knowledge.contribution import Level
from knowledge.model.file import find_model
from knowledge.model.llama_engine import LlamaEngine
from knowledge.search.listing import Filter, Order
from meshnode.desks.answering import Answering
from meshnode.desks.bundle_desk import BundleDesk
from meshnode.desks.community_desk import CommunityDesk
from meshnode.desks.contributing import Contributing
from meshnode.desks.sync_desk import SyncDesk
from meshnode.exchange import Exchange
from meshnode.home.settings import split_address
from meshnode.news import News
from meshnode.record.catalogue import Catalogue
from meshnode.record.receipt_desk import unsynced
from meshnode.record.record import open_record
from meshnode.service import MAX_PAGE_ROWS
from meshnode.version import VERSION
from meshnode.views import (
    CheckView,
    ContributionPage,
    ContributionRow,
    Hit,
    LinkView,
    ModelView,
    PeerView,
    Status,
)
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
    from collections.abc import AsyncGenerator

    from crdt.replica.replica import Replica
    from knowledge.contribution import Contribution
    from knowledge.model.engine import Engine
    from knowledge.search.index import SearchIndex
    from knowledge.search.listing import Card
    from knowledge.search.ranking import Hit as Found
    from meshnode.home.home import Home
    from meshnode.home.settings import Config
    from meshnode.home.unlocked_keys import UnlockedKeys
    from meshnode.record.record import Record
    from meshnode.service import ContributionQuery, FoundRequest, NodeService, SearchQuery
    from meshnode.views import (
        AddRequest,
        AskEvent,
        AskRequest,
        BundleReadRequest,
        BundleView,
        BundleWriteRequest,
        CommunityView,
        ContributionView,
        Coverage,
        EditRequest,
        ImportEvent,
        ImportRequest,
        InviteRequest,
        InviteView,
        MemberView,
        NodeEvent,
        PeerRequest,
        Revision,
        SyncEvent,
        SyncRequest,
        WithdrawRequest,
    )

_LOG = logging.getLogger(__name__)
_SEEN_SHELF = "seen"
_ORDERS = {"newest": Order.NEWEST, "title": Order.TITLE, "author": Order.AUTHOR}


async def open_node(home: Home, config: Config, keys: UnlockedKeys) -> NodeService:
    """Open a node. On the main thread, because Reticulum insists.

    Raises:
        StoreError: The database cannot be used; the message says what to do.
        ConfigError: A setting cannot be.
    """
    news = News()
    record = await open_record(home.database, keys)
    index_key = derive(keys.database_key, b"mesh index key")
    catalogue = Catalogue(
        home.root / "index.db", index_key, record, lambda: news.tell("contributions")
    )
    await catalogue.open()
    every_s = config.sync.every_minutes * 60.0 or math.inf
    exchange = Exchange(record, catalogue, every_s, address_of, news.tell)
    record.listen(exchange.on_changes)
    record.listen(lambda _: catalogue.hint())
    await exchange.open()
    engine = _engine(config)
    node = Node(record, catalogue, exchange, engine, news, keys.name, config)
    await node.start(home, keys)
    return node


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
    ) -> None:
        self._record = record
        self._catalogue = catalogue
        self._exchange = exchange
        self._engine = engine
        self._news = news
        self._name = name
        self._config = config
        self._contributing = Contributing(record, catalogue, config.node.language, name)
        self._community = CommunityDesk(record, exchange)
        self._answering = Answering(catalogue, engine)
        self._bundles = BundleDesk(record, exchange)
        self._sync = SyncDesk(exchange)
        self._started_ms = time.time_ns() // 1_000_000
        self._problems: list[str] = []
        self._is_closed = False

    async def start(self, home: Home, keys: UnlockedKeys) -> None:
        """Begin to listen, and to load the model in the background."""
        if self._engine is not None:
            await self._engine.start()
        if not self._config.reticulum.enabled:
            return
        carrier = ReticulumCarrier(
            reticulum_settings(home, self._config),
            keys.device.device.secret,
            lambda seen: self._exchange.on_peer_seen(seen.address, seen.hops),
        )
        try:
            await self._exchange.use(carrier)
        except CarrierUnavailable as error:
            self._problems.append(error.explain())
            _LOG.warning("Reticulum: %s", error)
            return
        for interface in carrier.failed_interfaces:
            self._problems.append(
                f"The Reticulum interface {interface!r} could not be started: is its port taken?"
            )

    # --- the node ------------------------------------------------------------------------------

    async def status(self) -> Status:
        """Give the node at a glance."""
        communities = [await self._counted(view) for view in await self._community.communities()]
        glance = await self._record.run(_glance)
        return Status(
            state="open",
            version=VERSION,
            home="",
            name=self._name,
            member=glance.member,
            address=self._exchange.address,
            community=communities[0].name if communities else "",
            communities=tuple(communities),
            entries=glance.entries,
            contributions=await self._catalogue.ask(_total),
            peers=len(self._exchange.book.all()),
            links=len(self._exchange.meetings),
            unsynced=glance.unsynced,
            new=glance.new,
            model=await self._model(),
            started_ms=self._started_ms,
            problems=tuple(self._problems),
        )

    async def _counted(self, view: CommunityView) -> CommunityView:
        wanted = Filter(tuple(Level), community=view.name)
        page = await self._catalogue.ask(lambda index: index.page(wanted, limit=1))
        return replace(view, contributions=page.total)

    async def _model(self) -> ModelView:
        if not self._config.model.enabled:
            return ModelView(state="off")
        return await self._answering.view()

    async def doctor(self) -> list[CheckView]:
        """Check what only an open node can."""
        return [
            await self._check_database(),
            await self._check_index(),
            await self._check_model(),
            self._check_carriers(),
        ]

    async def _check_database(self) -> CheckView:
        try:
            await self._record.check()
        except StoreDamaged as error:
            advice = (
                "Stop the node, move node.db away, start again, and sync or read a bundle; "
                "what only this node held is lost."
            )
            return CheckView(name="database", state="bad", detail=error.explain(), advice=advice)
        forks = await self._record.run(
            lambda r: sum(len(r.store.logs.forks(held.space)) for held in r.holdings.all())
        )
        if forks:
            detail = f"{forks} contradictions: some device was continued from a copy"
            return CheckView(name="database", state="warning", detail=detail)
        return CheckView(name="database", state="good", detail="every page and index is sound")

    async def _check_index(self) -> CheckView:
        is_damaged = await self._catalogue.is_damaged()
        if is_damaged:
            return CheckView(
                name="search index",
                state="bad",
                detail="it does not fit the contributions",
                advice="Stop the node and delete index.db: it is made anew at the next start.",
            )
        return CheckView(name="search index", state="good", detail="fits the contributions")

    async def _check_model(self) -> CheckView:
        model = await self._model()
        match model.state:
            case "ready" | "loading":
                return CheckView(name="model", state="good", detail=f"{model.name}: {model.state}")
            case "off":
                return CheckView(name="model", state="good", detail="switched off")
            case "absent" | "failed":
                return CheckView(
                    name="model",
                    state="warning",
                    detail=f"{model.state}: answers are passages only",
                    advice="Run scripts/setup --model, or name a GGUF file in config.toml.",
                )

    def _check_carriers(self) -> CheckView:
        if self._problems:
            return CheckView(
                name="links",
                state="warning",
                detail=" ".join(self._problems),
                advice="See [reticulum] in config.toml; bundles work all the same.",
            )
        if not self._config.reticulum.enabled:
            return CheckView(name="links", state="good", detail="switched off: bundles only")
        return CheckView(name="links", state="good", detail="Reticulum runs")

    def events(self) -> AsyncGenerator[NodeEvent, None]:
        """Follow what changes."""
        return self._news.follow()

    async def close(self) -> None:
        """Stop everything. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._news.tell("stopping")
        await self._exchange.close()
        if self._engine is not None:
            await self._engine.close()
        await self._catalogue.close()
        await self._record.close()

    # --- contributions -------------------------------------------------------------------------

    async def contributions(self, query: ContributionQuery) -> ContributionPage:
        """Give one stretch of the list; with words, what fits best first."""
        wanted = Filter(
            (Level(query.level),) if query.level else tuple(Level),
            language=query.language or None,
            community=query.community or None,
            author=query.author or None,
            tag=query.tag or None,
        )
        own = await self._record.run(_own_pseudonyms)
        if query.q.strip():
            return await self._catalogue.ask(lambda index: _found(index, query, wanted, own))
        page = await self._catalogue.ask(
            lambda index: index.page(
                wanted, _ORDERS[query.sort], limit=query.limit, offset=query.offset
            )
        )
        rows = tuple(_row(card, own) for card in page.cards)
        return ContributionPage(total=page.total, offset=query.offset, items=rows)

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
        return await self._contributing.withdraw(contribution_id)

    async def coverage(self, contribution_id: str) -> Coverage:
        """Say which nodes hold or have erased a contribution."""
        return await self._contributing.coverage(contribution_id)

    async def withdrawals(self) -> list[Coverage]:
        """Give what was withdrawn in our name."""
        return await self._contributing.withdrawals()

    def import_files(self, request: ImportRequest) -> AsyncGenerator[ImportEvent, None]:
        """Import files and folders of this machine."""
        return self._contributing.import_files(request)

    # --- search and answers ----------------------------------------------------------------------

    async def search(self, query: SearchQuery) -> list[Hit]:
        """Search the commons."""
        wanted = Filter(tuple(Level))
        found = await self._catalogue.ask(
            lambda index: index.search(query.q, wanted, limit=query.limit)
        )
        return [_hit(hit) for hit in found]

    def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """Answer a question."""
        return self._answering.ask(request.question)

    async def seen(self) -> None:
        """Count nothing that is here now as new any more."""
        await self._record.run(_mark_seen)
        self._news.tell("status")

    # --- community and links ---------------------------------------------------------------

    async def found_community(self, request: FoundRequest) -> CommunityView:
        """Found a community."""
        return await self._community.found(request.name)

    async def members(self) -> list[MemberView]:
        """Give the members of every community."""
        return await self._community.members()

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
        """Write a bundle file on this machine."""
        return await self._bundles.write(Path(request.path), request.peer)

    async def read_bundle(self, request: BundleReadRequest) -> BundleView:
        """Read a bundle file of this machine."""
        return await self._bundles.read(Path(request.path))


@dataclass(frozen=True, slots=True)
class _Glance:
    member: str
    entries: int
    unsynced: int
    new: int


def _glance(replica: Replica) -> _Glance:
    held_spaces = replica.holdings.all()
    kept = replica.store.shelves.get(_SEEN_SHELF, b"")
    own_logs = [held.own.log for held in held_spaces]
    return _Glance(
        replica.keys.enrolment.member.hex(),
        sum(replica.store.spaces.summary(held.space).count for held in held_spaces),
        unsynced(replica),
        replica.store.entries.begun_since(int.from_bytes(kept or b""), own_logs),
    )


def _mark_seen(replica: Replica) -> None:
    with replica.store.writing():
        newest = replica.store.entries.newest()
        replica.store.shelves.keep(_SEEN_SHELF, b"", newest.to_bytes(8))


def _own_pseudonyms(replica: Replica) -> frozenset[str]:
    return frozenset(held.own.pseudonym.hex() for held in replica.holdings.all())


def _total(index: SearchIndex) -> int:
    return index.page(Filter(tuple(Level)), limit=1).total


def _found(
    index: SearchIndex, query: ContributionQuery, wanted: Filter, own: frozenset[str]
) -> ContributionPage:
    """List what fits some words, the best first; the total is what was found, at most 1,000."""
    hits = index.search(query.q, wanted, limit=MAX_PAGE_ROWS, as_you_type=True)
    shown = hits[query.offset : query.offset + query.limit]
    cards = [index.get(hit.id) for hit in shown]
    rows = tuple(_row(card, own) for card in cards if card is not None)
    return ContributionPage(total=len(hits), offset=query.offset, items=rows)


def _row(card: Card | Contribution, own: frozenset[str]) -> ContributionRow:
    return ContributionRow(
        id=card.id,
        title=card.title,
        author=card.author,
        community=card.community,
        level=card.level.value,
        language=card.language,
        tags=card.tags,
        changed_ms=card.changed_ms,
        is_own=card.author_key in own,
    )


def _hit(found: Found) -> Hit:
    return Hit(
        id=found.id,
        title=found.title,
        author=found.author,
        community=found.community,
        level=found.level.value,
        snippet=found.snippet.text,
        score=found.score,
        marks=tuple((start, end) for start, end in found.snippet.marks),
        language=found.language,
    )
