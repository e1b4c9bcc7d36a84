"""What this node shows at a glance, in lists and in searches."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from knowledge.contribution import Level
from knowledge.search.listing import Filter, Order
from meshnode.desks.community_desk import community_view
from meshnode.record.receipt_desk import unsynced
from meshnode.service import MAX_PAGE_ROWS
from meshnode.version import VERSION
from meshnode.views.contribution import ContributionPage, ContributionRow
from meshnode.views.hit import Hit
from meshnode.views.status import ModelView, Status

if TYPE_CHECKING:
    from crdt.replica.replica import Replica
    from knowledge.contribution import Contribution
    from knowledge.search.index import SearchIndex
    from knowledge.search.listing import Card
    from knowledge.search.ranking import Hit as Found
    from meshnode.desks.answering import Answering
    from meshnode.desks.health import Health
    from meshnode.exchange import Exchange
    from meshnode.home.settings import Config
    from meshnode.record.catalogue import Catalogue
    from meshnode.record.record import Record
    from meshnode.service import ContributionQuery, SearchQuery
    from meshnode.views.community import CommunityView

_SEEN_SHELF = "seen"
_ORDERS = {"newest": Order.NEWEST, "title": Order.TITLE, "author": Order.AUTHOR}


class Reading:
    """Answers what the screens ask for.

    Args:
        record: What is counted.
        catalogue: What is listed and searched.
        exchange: The peers.
        answering: The model.
        health: What is wrong.
        name: Of the member.
        config: The settings.
    """

    def __init__(
        self,
        record: Record,
        catalogue: Catalogue,
        exchange: Exchange,
        answering: Answering,
        health: Health,
        name: str,
        config: Config,
    ) -> None:
        self._record = record
        self._catalogue = catalogue
        self._exchange = exchange
        self._answering = answering
        self._health = health
        self._name = name
        self._config = config
        self._started_ms = time.time_ns() // 1_000_000

    async def status(self) -> Status:
        """Give the node at a glance."""
        # One turn on each thread: while something large goes on, each turn has to wait.
        glance = await self._record.run(_glance)
        names = [view.name for view in glance.communities]
        total, *each = await self._catalogue.ask(lambda index: _totals(index, names))
        communities = tuple(map(_counted, glance.communities, each))
        return Status(
            state="open",
            version=VERSION,
            home="",
            name=self._name,
            member=glance.member,
            address=self._exchange.address,
            community=communities[0].name if communities else "",
            communities=communities,
            entries=glance.entries,
            contributions=total,
            peers=len(self._exchange.book.all()),
            links=len(self._exchange.meetings),
            unsynced=glance.unsynced,
            new=glance.new,
            model=await self._model(),
            started_ms=self._started_ms,
            problems=await self._health.problems(),
        )

    async def _model(self) -> ModelView:
        if not self._config.model.enabled:
            return ModelView(state="off")
        return await self._answering.view()

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

    async def search(self, query: SearchQuery) -> list[Hit]:
        """Search the commons."""
        wanted = Filter(tuple(Level))
        found = await self._catalogue.ask(
            lambda index: index.search(query.q, wanted, limit=query.limit)
        )
        return [_hit(hit) for hit in found]

    async def seen(self) -> None:
        """Count nothing that is here now as new any more."""
        await self._record.run(_mark_seen)


@dataclass(frozen=True, slots=True)
class _Glance:
    member: str
    entries: int
    unsynced: int
    new: int
    communities: tuple[CommunityView, ...]


def _glance(replica: Replica) -> _Glance:
    held_spaces = replica.holdings.all()
    kept = replica.store.shelves.get(_SEEN_SHELF, b"")
    own_logs = [held.own.log for held in held_spaces]
    return _Glance(
        replica.keys.enrolment.member.hex(),
        sum(replica.store.spaces.summary(held.space).count for held in held_spaces),
        unsynced(replica),
        replica.store.entries.begun_since(int.from_bytes(kept or b""), own_logs),
        tuple(community_view(replica, found) for found in replica.membership.communities()),
    )


def _mark_seen(replica: Replica) -> None:
    with replica.store.writing():
        newest = replica.store.entries.newest()
        replica.store.shelves.keep(_SEEN_SHELF, b"", newest.to_bytes(8))


def _own_pseudonyms(replica: Replica) -> frozenset[str]:
    return frozenset(held.own.pseudonym.hex() for held in replica.holdings.all())


def _totals(index: SearchIndex, communities: list[str]) -> list[int]:
    """Count everything, then what is of each community."""
    levels = tuple(Level)
    return [index.total(Filter(levels, community=name)) for name in (None, *communities)]


def _counted(view: CommunityView, total: int) -> CommunityView:
    return replace(view, contributions=total)


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
        given_by=card.given_by,
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
        given_by=found.given_by,
        community=found.community,
        level=found.level.value,
        snippet=found.snippet.text,
        score=found.score,
        marks=tuple((start, end) for start, end in found.snippet.marks),
        language=found.language,
    )
