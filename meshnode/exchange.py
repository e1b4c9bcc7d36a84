"""The exchange: whom to meet, when, and what is told over links that are open.

announce, ticket, timer, news ─> due peers ─> Meeting ─> settled ─> pushes news
                                    └ failed ─> waits longer each time

Two nodes that call each other at once keep one link: that of the device whose
name is smaller.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from crdt.errors import MeshError
from meshnode.errors import Internal
from meshnode.peers.errand import Errand
from meshnode.peers.meeting import GOODBYE_S, Meeting
from meshnode.peers.peer_book import STRANGER_WAIT_S, Peer, PeerBook
from meshnode.peers.peer_tasks import PeerTasks, quietly
from meshnode.peers.refusals import Refusals
from meshnode.peers.shielded import outcome_of
from meshnode.record.attribution import name_of_device
from meshnode.record.receipt_desk import keep_receipts, renew_receipts
from meshnode.record.sharing import share_keys
from transports.errors import BadAddress, TransportError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from crdt.ids import SpaceId
    from crdt.replica.interpreter import Changes
    from crdt.sync.receipts import Receipt
    from meshnode.news import Topic
    from meshnode.record.catalogue import Catalogue
    from meshnode.record.record import Record
    from transports.link import Carrier, Link

NEWS_DELAY_S = 0.2
"""News is gathered for so long before it is pushed: an import is one push, not a thousand."""

RECEIPT_DELAY_S = 0.5
"""A receipt follows the last change by so much: one for a batch of entries."""

MAX_MEETINGS = 64
"""At once; beyond it the oldest with a peer that has not proved itself ends."""

MAX_CALLS = 8
"""Peers that are called at once: announces are free, and each may name a peer."""

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
        self._refusals = Refusals()
        self._carrier: Carrier | None = None
        self._meetings: dict[Meeting, Peer | None] = {}
        self._calls: dict[Peer, asyncio.Task[Meeting]] = {}
        self._tasks = PeerTasks()
        self._holds: set[asyncio.Task[None]] = set()
        self._jitter = random.SystemRandom()
        self._is_closed = False
        self._news = Errand(self._tell_news, delay_s=NEWS_DELAY_S)
        self._receipts = Errand(self.renew_receipts, delay_s=RECEIPT_DELAY_S)
        self._visits = Errand(self._visit_who_is_due, delay_s=0.0, every_s=_TICK_S)

    async def open(self) -> None:
        """Read the book and begin to work."""
        await self._record.run(self.book.load)
        for errand in (self._news, self._receipts, self._visits):
            self._tasks.spawn(errand.run())
        self._receipts.ask()  # the last run may have ended before it could say what it holds

    async def use(self, carrier: Carrier) -> None:
        """Begin to meet peers over a carrier.

        Raises:
            CarrierUnavailable: It cannot be started here; the node goes on without.
        """
        await carrier.start(self._on_link)
        self._carrier = carrier
        self._visits.ask()

    async def close(self) -> None:
        """Say goodbye to everybody and stop. Safe to call twice."""
        self._is_closed = True
        await asyncio.gather(*(meeting.end() for meeting in self.meetings), return_exceptions=True)
        if self._holds:
            await asyncio.wait(self._holds, timeout=GOODBYE_S)
        while tasks := [*self._tasks.running, *self._calls.values()]:
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
        self._news.ask()
        self._receipts.ask()
        if changes.ruled:
            self._refusals.forget(changes.ruled)
            self._announce("members")
            for meeting in self.meetings:
                self._tasks.spawn(quietly(meeting.reconsider()))

    def on_peer_seen(self, address: str, hops: int | None) -> None:
        """Take note that a peer announced itself."""
        peer = self.book.note(address)
        peer.hops = hops
        if peer.failures:
            peer.next_visit_s = 0.0
        self._visits.ask()
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
        self._visits.ask()
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
        meeting = self._meeting_with(peer)
        if meeting is not None:
            await meeting.compare()
            return meeting
        call = self._calls.get(peer)
        if call is None:
            call = self._calls[peer] = asyncio.create_task(self._call(peer))
            call.add_done_callback(lambda _: self._end_call(peer))
        return await outcome_of(call)

    async def _call(self, peer: Peer) -> Meeting:
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
            raise
        return self._begin(link, peer)

    def _end_call(self, peer: Peer) -> None:
        call = self._calls.pop(peer)
        if call.cancelled() or (error := call.exception()) is None:
            return
        if peer.state == "connecting":
            peer.fail(Internal(type(error).__name__).explain(), self._jitter.random())
            _LOG.error("A peer could not be called", exc_info=error)
        self._announce("peers")
        self._visits.ask()

    def _meeting_with(self, peer: Peer) -> Meeting | None:
        for meeting, known in self._meetings.items():
            if known is peer and not meeting.is_over:
                return meeting
        return None

    def _on_link(self, link: Link) -> None:
        if self._is_closed or not self._has_room():
            self._tasks.spawn(link.close())
            return
        self._begin(link, self.book.note(link.address) if link.address else None)

    def _has_room(self) -> bool:
        """Whether one more meeting fits; makes room where a peer has not said who it is."""
        if len(self._meetings) < MAX_MEETINGS:
            return True
        unproven = [each for each in self._meetings if each.device is None and not each.is_over]
        if unproven:
            self._tasks.spawn(unproven[0].end())
        return bool(unproven)

    def _begin(self, link: Link, peer: Peer | None) -> Meeting:
        meeting = Meeting(link, self._record, self, self._refusals)
        self._meetings[meeting] = peer
        if peer is not None:
            peer.state = "syncing"
        self._announce("links")
        hold = self._tasks.spawn(self._hold(meeting))
        self._holds.add(hold)
        hold.add_done_callback(self._holds.discard)
        return meeting

    async def _hold(self, meeting: Meeting) -> None:
        error = ""
        try:
            await meeting.run()
        except MeshError as failure:
            error = failure.explain()
            _LOG.info("A meeting ended: %s", failure.code)
        except Exception as failure:
            # A mistake of ours; the other meetings and the node go on.
            error = Internal(type(failure).__name__).explain()
            _LOG.exception("A meeting ended")
        finally:
            peer = self._meetings.pop(meeting, None)
            if peer is not None:
                self._close_account(meeting, peer, error)
                await quietly(self._save(peer))
            self._announce("links")
            self._announce("peers")

    def _close_account(self, meeting: Meeting, peer: Peer, error: str) -> None:
        traffic = meeting.link.traffic
        peer.sent_bytes += traffic.sent_bytes
        peer.received_bytes += traffic.received_bytes
        if self._meeting_with(peer) is not None:
            return
        if meeting.is_settled or meeting.is_cut_short or not error:
            peer.succeed(self._again_in_s(meeting))
            self._visits.ask()
        else:
            peer.fail(error, self._jitter.random())

    async def wants_another(self, meeting: Meeting) -> bool:
        """Whether a settled meeting calls for one more: it brought spaces, or a ticket waits."""
        if await self._record.run(meeting.lacks_spaces):
            meeting.is_cut_short = True
            await meeting.end()
            return True
        return await self._record.run(lambda replica: replica.membership.is_waiting)

    def _again_in_s(self, meeting: Meeting) -> float:
        if meeting.is_cut_short:
            return 0.0
        return STRANGER_WAIT_S if meeting.shares_nothing else self._every_s

    async def _save(self, peer: Peer) -> None:
        await self._record.run(lambda replica: self.book.save(replica, peer.address))

    # --- what meetings tell -----------------------------------------------------------------------

    async def on_proven(self, meeting: Meeting, device_public: bytes) -> None:
        """The peer proved which device it is: give it keys it may have and lacks."""
        meeting.name = await self._record.run(
            lambda replica: name_of_device(replica, device_public)
        )
        await self._share_keys(meeting, device_public)
        peer = self._meetings.get(meeting)
        if peer is None:
            peer = self._meetings[meeting] = self.book.note(self._address_of(device_public))
        self._keep_one(meeting)
        peer.name, peer.device = meeting.name or peer.name, (meeting.device or b"").hex()
        peer.state = "syncing"
        self._announce("peers")

    def _keep_one(self, meeting: Meeting) -> None:
        """End all but one of the meetings with a device: both sides choose the same one.

        Of calls that crossed, that of the smaller device stays; else the newest, because
        whoever calls again has lost the earlier link.
        """
        same = [each for each in self.meetings if each.device == meeting.device]
        newest = max(each.since_ms for each in same)
        crossed = [each for each in same if newest - each.since_ms < _CONNECT_S * 1000]
        is_ours_kept = meeting.device is None or self._record.device < meeting.device
        kept = [each for each in crossed if each.link.is_outgoing is is_ours_kept] or crossed
        for each in same:
            if each is not kept[-1] and not each.is_over:
                each.is_cut_short = True
                self._tasks.spawn(each.end())

    async def _share_keys(self, meeting: Meeting, device_public: bytes) -> None:
        """Give it the keys that it lacks; done after every change, so no change in itself."""
        known = meeting.known_keys
        if await self._record.run(lambda replica: share_keys(replica, device_public, known)):
            await self._record.change(lambda _: None)  # and tell everybody

    async def on_receipts(
        self, meeting: Meeting, space: SpaceId, receipts: tuple[Receipt, ...]
    ) -> None:
        """Keep receipts, and pass those that were news to everybody else."""
        newer = await self._record.run(lambda replica: keep_receipts(replica, space, receipts))
        for receipt in newer:
            if receipt.device == self._record.device:
                self._receipts.ask()
                continue
            for other in self.meetings:
                if other is not meeting:
                    self._tasks.spawn(quietly(other.offer_receipt(space, receipt.signed)))
        if newer:
            self._announce_receipts()

    def _announce_receipts(self) -> None:
        """Whoever shows coverage, members or what is not synced yet looks again."""
        self._announce("members")
        self._announce("peers")
        self._announce("status")

    def on_progress(self, meeting: Meeting) -> None:
        """Some entries passed, or a meeting settled."""
        peer = self._meetings.get(meeting)
        if meeting.is_settled:
            if peer is not None:
                peer.succeed(self._again_in_s(meeting))
                peer.lacks = None if meeting.differing else 0
            self._receipts.ask()
            self._tasks.spawn(quietly(self._look_after(meeting)))
        self._announce("peers")

    async def _look_after(self, meeting: Meeting) -> None:
        """End a settled meeting that has nothing more to give: another one may."""
        if await self._record.run(meeting.lacks_spaces):
            meeting.is_cut_short = True
        if meeting.is_cut_short or meeting.shares_nothing or not meeting.is_worth_keeping:
            await meeting.end()

    # --- tasks ------------------------------------------------------------------------------------

    async def _tell_news(self) -> None:
        """Push what is new over every open link, and visit peers who are not on one."""
        for meeting in self.meetings:
            await quietly(self._update(meeting))
        for peer in self.book.all():
            if self._is_linked(peer):
                continue
            peer.lacks = None  # it may lack what is new
            if (peer.is_configured or peer.device) and not peer.failures:
                peer.next_visit_s = 0.0
        self._visits.ask()

    async def _update(self, meeting: Meeting) -> None:
        """Bring one open meeting up to date with what changed here."""
        if meeting.device_public is not None:
            await self._share_keys(meeting, meeting.device_public)
        await meeting.push_news()
        if meeting.is_settled:
            await self._look_after(meeting)

    async def try_to_renew_receipts(self) -> None:
        """Renew them now if that can be; what cannot (a full disk, say) is tried again."""
        try:
            await self.renew_receipts()
        except MeshError as error:
            _LOG.info("Receipts are renewed later: %s", error.code)
            self._receipts.ask()

    async def renew_receipts(self) -> None:
        """Say what this node holds and has erased, once it is so: on the disk and in the index.

        Raises:
            StoreError: It is not so yet.
        """
        await self._catalogue.catch_up()
        for space, signed in await self._record.run(renew_receipts):
            for meeting in self.meetings:
                await quietly(meeting.offer_receipt(space, signed))
            self._announce_receipts()

    async def _visit_who_is_due(self) -> None:
        if self._carrier is None:
            return
        due = [each for each in self.book.all() if each.is_due and not self._is_linked(each)]
        for peer in due[: max(0, MAX_CALLS - len(self._calls))]:
            self._tasks.spawn(quietly(self.meet(peer)))

    def _is_linked(self, peer: Peer) -> bool:
        return peer in self._calls or self._meeting_with(peer) is not None
