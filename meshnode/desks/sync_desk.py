"""Peers, links and meetings, as the member sees and asks for them."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from crdt.errors import AmbiguousId, MeshError
from meshnode.errors import Internal
from meshnode.exchange import MAX_MEETINGS
from meshnode.views.peer import LinkView, PeerView
from meshnode.views.sync import SyncDone, SyncProgress
from transports.errors import BadAddress, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from meshnode.exchange import Exchange
    from meshnode.peers.meeting import Meeting
    from meshnode.peers.peer_book import Peer
    from meshnode.views.sync import SyncEvent

_SHOWN_EVERY_S = 0.25
_TRIES = 4
"""Joining takes a few meetings: the ticket, the key, the commons. And a meeting may end because
the peer called us at the same moment: another one goes on."""

_AGAIN_S = 0.3
"""Each side needs a moment between two meetings."""

MAX_SYNC_S = 3600.0
"""How long one asked-for meeting may take: a slow link needs its time."""

_LOG = logging.getLogger(__name__)


class SyncDesk:
    """Shows and starts meetings.

    Args:
        exchange: Has them.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def peers(self) -> list[PeerView]:
        """Give the nodes that an address is known of."""
        return [self._peer_view(peer) for peer in self._exchange.book.all()]

    async def add(self, address: str) -> PeerView:
        """Remember an address.

        Raises:
            BadAddress: It is not one.
        """
        return self._peer_view(await self._exchange.remember(address))

    async def remove(self, address: str) -> None:
        """Forget an address.

        Raises:
            BadAddress: It is not known, or fits several.
        """
        await self._exchange.forget(self._peer(address).address)

    def links(self) -> list[LinkView]:
        """Give the open links."""
        return [_link_view(meeting) for meeting in self._exchange.meetings]

    async def sync(self, wanted: str | None) -> AsyncGenerator[SyncEvent, None]:
        """Meet one peer, or everybody; one `SyncDone` for each."""
        peers = [self._peer(wanted)] if wanted else self._everybody()
        queue: asyncio.Queue[SyncEvent] = asyncio.Queue(64)
        # No TaskGroup: it must not be left open around a yield.
        visits = [asyncio.create_task(self._visit(peer, queue)) for peer in peers]
        left = len(visits)
        try:
            while left:
                event = await queue.get()
                left -= isinstance(event, SyncDone)
                yield event
        finally:
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)

    def _everybody(self) -> list[Peer]:
        """Return as many peers as can be met at once: announces are free, so ours come first."""
        peers = self._exchange.book.all()
        peers.sort(key=lambda peer: not (peer.is_configured or peer.device))
        return peers[:MAX_MEETINGS]

    def _peer(self, wanted: str) -> Peer:
        """Find a peer by its address, the beginning of one, or its member's name."""
        peers = self._exchange.book.all()
        found = [
            peer
            for peer in peers
            if peer.address.startswith(wanted.lower()) or peer.name.lower() == wanted.lower()
        ]
        if not found:
            raise BadAddress(f"no peer is called {wanted!r}")
        if len(found) > 1:
            raise AmbiguousId(f"{wanted} fits {len(found)} peers")
        return found[0]

    async def _visit(self, peer: Peer, queue: asyncio.Queue[SyncEvent]) -> None:
        began_s = time.monotonic()
        label = peer.name or peer.address
        met: list[Meeting] = []
        await queue.put(SyncProgress(peer=label, stage="connecting"))
        try:
            async with asyncio.timeout(MAX_SYNC_S):
                for _ in range(_TRIES):
                    meeting = await self._exchange.meet(peer)
                    await self._watch(meeting, label, queue)
                    met.append(meeting)
                    if meeting.is_settled and not await self._exchange.wants_another(meeting):
                        break
                    await asyncio.sleep(_AGAIN_S)
            error = ""
            if not meeting.is_settled:
                error = peer.last_error or Unreachable().explain()
            done = SyncDone(
                peer=peer.name or label,
                sent=sum(each.sent for each in met),
                received=sum(each.received for each in met),
                sent_bytes=sum(each.link.traffic.sent_bytes for each in met),
                received_bytes=sum(each.link.traffic.received_bytes for each in met),
                duration_ms=(time.monotonic() - began_s) * 1000,
                error=error,
            )
        except MeshError as failure:
            done = SyncDone(peer=label, error=failure.explain())
        except TimeoutError:
            done = SyncDone(peer=label, error="It took too long; what arrived is kept.")
        except Exception as failure:
            # A mistake of ours; whoever waits for this peer is told all the same.
            _LOG.exception("A peer could not be synced with")
            done = SyncDone(peer=label, error=Internal(type(failure).__name__).explain())
        await queue.put(done)

    async def _watch(self, meeting: Meeting, label: str, queue: asyncio.Queue[SyncEvent]) -> None:
        shown = (0, 0)
        while not (meeting.is_settled or meeting.is_over):
            try:
                async with asyncio.timeout(_SHOWN_EVERY_S):
                    await meeting.wait_settled()
            except TimeoutError:
                now = (meeting.sent, meeting.received)
                if now != shown:
                    shown = now
                    await queue.put(
                        SyncProgress(peer=label, stage="transferring", sent=now[0], received=now[1])
                    )

    def _peer_view(self, peer: Peer) -> PeerView:
        return PeerView(
            address=peer.address,
            carrier=peer.carrier,
            name=peer.name,
            device=peer.device,
            is_configured=peer.is_configured,
            state=peer.state,
            hops=peer.hops,
            last_met_ms=peer.last_met_ms,
            last_error=peer.last_error,
            lacks=peer.lacks,
            sent_bytes=peer.sent_bytes,
            received_bytes=peer.received_bytes,
        )


def _link_view(meeting: Meeting) -> LinkView:
    link = meeting.link
    return LinkView(
        address=link.address,
        carrier=link.profile.carrier,
        name=meeting.name,
        is_outgoing=link.is_outgoing,
        since_ms=meeting.since_ms,
        sent_bytes=link.traffic.sent_bytes,
        received_bytes=link.traffic.received_bytes,
        bits_per_s=link.profile.bits_per_s,
    )
