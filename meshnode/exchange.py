"""The exchange: whom to meet, when, and what is told over links that are open.

announce, ticket, timer, news ─> due peers ─> Meeting ─> settled ─> pushes news
└ failed ─> waits longer each time
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from typing import TYPE_CHECKING

from crdt.errors import MeshError
from meshnode.peers.meeting import Meeting
from meshnode.peers.peer_book import STRANGER_WAIT_S, Peer, PeerBook
from meshnode.record.receipt_desk import keep_receipts, renew_receipt
from meshnode.record.rendering import name_of
from transports.errors import BadAddress, TransportError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from crdt.ids import SpaceId
    from crdt.replica.interpreter import Changes
    from crdt.replica.replica import Replica
    from crdt.sync.receipts import Receipt
    from meshnode.news import Topic
    from meshnode.record.catalogue import Catalogue
    from meshnode.record.record import Record
    from transports.link import Carrier, Link

NEWS_DELAY_S = 0.2
"""News is gathered for so long before it is pushed: an import is one push, not a thousand."""

RECEIPT_DELAY_S = 0.5
"""A receipt follows the last change by so much: one for a batch of entries."""

_TICK_S = 5.0
_CONNECT_S = 90.0

_LOG = logging.getLogger(__name__)


class Exchange:
    """Keeps this node in step with its peers.

    Args:
        record: What is synced.
        catalogue: Must have erased what was withdrawn before a receipt says so.
        every_s: How often each known peer is met; infinite: only on news or when asked.
        address_of: Tells where a device that proved itself is met.
        announce: Called on the event loop with what changed: "peers" or "links".
    """

    def __init__(
        self,
        record: Record,
        catalogue: Catalogue,
        every_s: float,
        address_of: Callable[[bytes], str],
        announce: Callable[[Topic], None],
    ) -> None:
        self.book = PeerBook()
        self._record = record
        self._catalogue = catalogue
        self._every_s = every_s
        self._address_of = address_of
        self._announce = announce
        self._carrier: Carrier | None = None
        self._meetings: dict[Meeting, Peer | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._renewal = asyncio.Event()
        self._visit = asyncio.Event()
        self._jitter = random.SystemRandom()

    async def open(self) -> None:
        """Read the book and begin to work."""
        await self._record.run(self.book.load)
        self._spawn(self._tell_news())
        self._spawn(self._renew_receipts())
        self._spawn(self._visit_when_due())

    async def use(self, carrier: Carrier) -> None:
        """Begin to meet peers over a carrier.

        Raises:
            CarrierUnavailable: It cannot be started here; the node goes on without.
        """
        await carrier.start(self._on_link)
        self._carrier = carrier

    async def close(self) -> None:
        """Say goodbye to everybody and stop."""
        endings = (self._end(meeting) for meeting in list(self._meetings))
        await asyncio.gather(*endings)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._carrier is not None:
            await self._carrier.close()

    @property
    def meetings(self) -> list[Meeting]:
        """Meetings going on."""
        return list(self._meetings)

    @property
    def address(self) -> str:
        """Our own address, "" while no carrier runs."""
        return self._carrier.address if self._carrier else ""

    # --- what changes call for ----------------------------------------------------------------

    def on_changes(self, changes: Changes) -> None:
        """Take note that the record changed."""
        self._news.set()
        self._renewal.set()
        if changes.ruled:
            self._announce("members")

    def on_peer_seen(self, address: str, hops: int | None) -> None:
        """Take note that a peer announced itself."""
        peer = self.book.note(address)
        peer.hops = hops
        if peer.failures:
            peer.next_visit_s = 0.0
        self._visit.set()
        self._announce("peers")

    async def remember(self, address: str) -> Peer:
        """Keep an address that somebody gave us, and go and meet it soon.

        Raises:
            BadAddress: It is not one.
        """
        address = address.strip().lower()
        if len(address) != 32 or address.strip("0123456789abcdef"):
            raise BadAddress(f"{address!r} is not 32 hex digits")
        if address == self.address:
            raise BadAddress("that is this node's own address")
        peer = self.book.note(address)
        peer.is_configured = True
        peer.next_visit_s = 0.0
        await self._save(peer)
        self._visit.set()
        self._announce("peers")
        return peer

    async def forget(self, address: str) -> bool:
        """Forget an address; returns whether it was known."""
        was_known = self.book.forget(address)
        await self._record.run(lambda replica: self.book.save(replica, address))
        self._announce("peers")
        return was_known

    # --- meeting --------------------------------------------------------------------------------

    async def meet(self, peer: Peer) -> Meeting:
        """Meet a peer now: over the link that is open, or a new one. The caller may wait on it.

        Raises:
            Unreachable, BadAddress, TransportError: It cannot be met now.
        """
        for meeting, known in self._meetings.items():
            if known is peer and not meeting.is_over:
                await meeting.compare()
                return meeting
        if self._carrier is None:
            raise Unreachable("no carrier is running; see `meshnode doctor`")
        peer.state = "connecting"
        self._announce("peers")
        try:
            async with asyncio.timeout(_CONNECT_S):
                link = await self._carrier.connect(peer.address)
        except TimeoutError:
            peer.fail("no answer in time", self._jitter.random())
            raise Unreachable("no answer in time") from None
        except TransportError as error:
            peer.fail(error.explain(), self._jitter.random())
            self._announce("peers")
            raise
        return self._begin(link, peer)

    def _on_link(self, link: Link) -> None:
        self._begin(link, self.book.note(link.address) if link.address else None)

    def _begin(self, link: Link, peer: Peer | None) -> Meeting:
        meeting = Meeting(link, self._record, self)
        self._meetings[meeting] = peer
        if peer is not None:
            peer.state = "syncing"
        self._announce("links")
        self._spawn(self._hold(meeting))
        return meeting

    async def _hold(self, meeting: Meeting) -> None:
        error = ""
        try:
            await meeting.run()
        except MeshError as failure:
            error = failure.explain()
            _LOG.info("A meeting ended: %s", failure.code)
        finally:
            peer = self._meetings.pop(meeting, None)
            if peer is not None:
                await self._close_account(meeting, peer, error)
            self._announce("links")

    async def _close_account(self, meeting: Meeting, peer: Peer, error: str) -> None:
        traffic = meeting.link.traffic
        peer.sent_bytes += traffic.sent_bytes
        peer.received_bytes += traffic.received_bytes
        if error and not meeting.is_settled:
            peer.fail(error, self._jitter.random())
        else:
            peer.succeed(self._again_in_s(meeting))
        await self._save(peer)
        self._announce("peers")

    def _again_in_s(self, meeting: Meeting) -> float:
        if meeting.is_cut_short:
            return 0.0
        return STRANGER_WAIT_S if meeting.shares_nothing else self._every_s

    async def _end(self, meeting: Meeting) -> None:
        with contextlib.suppress(MeshError, TimeoutError):
            async with asyncio.timeout(2.0):
                await meeting.end()

    async def _save(self, peer: Peer) -> None:
        await self._record.run(lambda replica: self.book.save(replica, peer.address))

    # --- what meetings tell -----------------------------------------------------------------------

    async def on_proven(self, meeting: Meeting, device_public: bytes) -> None:
        """The peer proved which device it is: give it keys it may have and lacks."""

        def welcome(replica: Replica) -> str:
            name = ""
            for inner in replica.holdings.inner_spaces():
                readings = inner.people.readings(device_public) if inner.people else ()
                for reading in readings:
                    name = name_of(replica, inner, reading.pseudonym) or name
            return name

        meeting.name = await self._record.run(welcome)
        await self._share_keys(meeting, device_public)
        peer = self._meetings.get(meeting)
        if peer is None:
            peer = self._meetings[meeting] = self.book.note(self._address_of(device_public))
        peer.name, peer.device = meeting.name or peer.name, (meeting.device or b"").hex()
        peer.state = "syncing"
        self._announce("peers")

    async def _share_keys(self, meeting: Meeting, device_public: bytes) -> None:
        device = meeting.device

        def share(replica: Replica) -> None:
            for inner in replica.holdings.inner_spaces():
                if device is not None and inner.may_read(device_public):
                    replica.membership.share(inner, {device: device_public})

        await self._record.change(share)

    async def on_receipts(
        self, meeting: Meeting, space: SpaceId, receipts: tuple[Receipt, ...]
    ) -> None:
        """Keep receipts, and pass those that were news to everybody else."""
        newer = await self._record.run(lambda replica: keep_receipts(replica, space, receipts))
        for receipt in newer:
            for other in self.meetings:
                if other is not meeting:
                    self._spawn(self._quietly(other.offer_receipt(space, receipt.signed)))
        if newer:
            self._announce("members")

    def on_progress(self, meeting: Meeting) -> None:
        """Some entries passed, or a meeting settled."""
        peer = self._meetings.get(meeting)
        if meeting.is_settled:
            if peer is not None:
                peer.succeed(self._again_in_s(meeting))
                peer.state = "idle"
                peer.lacks = None if meeting.differing else 0
            self._renewal.set()
            self._spawn(self._quietly(self._look_after(meeting)))
        self._announce("peers")

    def on_missed_news(self, meeting: Meeting) -> None:
        """There was news while both sides compared."""
        self._spawn(self._quietly(meeting.compare()))

    async def _look_after(self, meeting: Meeting) -> None:
        """End a settled meeting that has nothing more to give: another one may."""
        if await self._record.run(meeting.lacks_spaces):
            meeting.is_cut_short = True
        if meeting.is_cut_short or meeting.shares_nothing or not meeting.is_worth_keeping:
            await self._end(meeting)

    # --- tasks ------------------------------------------------------------------------------------

    async def _tell_news(self) -> None:
        """Push what is new over every open link, and visit peers who are not on one."""
        while True:
            await self._news.wait()
            await asyncio.sleep(NEWS_DELAY_S)
            self._news.clear()
            for meeting in self.meetings:
                await self._quietly(self._update(meeting))
            for peer in self.book.all():
                if peer.is_configured and not peer.failures and not self._is_linked(peer):
                    peer.next_visit_s = 0.0
            self._visit.set()

    async def _update(self, meeting: Meeting) -> None:
        """Bring one open meeting up to date with what changed here."""
        if meeting.device_public is not None:
            await self._share_keys(meeting, meeting.device_public)
        await meeting.push_news()
        if meeting.is_settled:
            await self._look_after(meeting)

    async def _renew_receipts(self) -> None:
        while True:
            await self._renewal.wait()
            await asyncio.sleep(RECEIPT_DELAY_S)
            self._renewal.clear()
            await self._quietly(self._renew())

    async def _renew(self) -> None:
        await self._catalogue.catch_up()

        def renew(replica: Replica) -> list[tuple[SpaceId, bytes]]:
            found = []
            for inner in replica.holdings.inner_spaces():
                signed = renew_receipt(replica, inner)
                if signed is not None:
                    found.append((inner.space, signed))
            return found

        for space, signed in await self._record.run(renew):
            for meeting in self.meetings:
                await self._quietly(meeting.offer_receipt(space, signed))
            self._announce("members")

    async def _visit_when_due(self) -> None:
        while True:
            self._visit.clear()
            if self._carrier is not None:
                for peer in self.book.all():
                    if peer.is_due and not self._is_linked(peer):
                        peer.state = "connecting"
                        self._spawn(self._quietly(self.meet(peer)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._visit.wait()

    def _is_linked(self, peer: Peer) -> bool:
        return any(known is peer for known in self._meetings.values())

    async def _quietly(self, work: Awaitable[object]) -> None:
        """Do something for one peer whose failure must not trouble the others."""
        try:
            await work
        except MeshError as error:
            _LOG.info("A peer could not be served: %s", error.code)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
