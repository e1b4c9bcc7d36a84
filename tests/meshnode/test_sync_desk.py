"""Syncing on request: whom it concerns, and how it is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from meshnode.desks.sync_desk import SyncDesk
from meshnode.exchange import MAX_MEETINGS, Exchange
from meshnode.peers.peer_book import PeerBook
from meshnode.views.sync import SyncDone
from transports.errors import Unreachable

if TYPE_CHECKING:
    from meshnode.peers.meeting import Meeting
    from meshnode.peers.peer_book import Peer


class NobodyAnswers:
    """An exchange whose calls reach nobody."""

    def __init__(self, error: type[Exception] = Unreachable) -> None:
        self.book = PeerBook()
        self.called: list[Peer] = []
        self._error = error

    async def meet(self, peer: Peer) -> Meeting:
        self.called.append(peer)
        raise self._error


async def test_a_flood_of_announces_does_not_make_us_call_everybody_nor_forget_our_own() -> None:
    exchange = NobodyAnswers()
    for number in range(5 * MAX_MEETINGS):
        exchange.book.note(f"{number:032x}")
    friend = exchange.book.note("f" * 32)
    friend.is_configured = True

    desk = SyncDesk(cast("Exchange", exchange))
    done = [event async for event in desk.sync(None) if isinstance(event, SyncDone)]

    assert len(done) == len(exchange.called) == MAX_MEETINGS
    assert exchange.called[0] is friend
    assert all(event.error for event in done)


async def test_a_mistake_of_ours_keeps_nobody_waiting() -> None:
    exchange = NobodyAnswers(ZeroDivisionError)
    exchange.book.note("f" * 32)

    desk = SyncDesk(cast("Exchange", exchange))
    async with asyncio.timeout(5):
        done = [event async for event in desk.sync(None) if isinstance(event, SyncDone)]

    assert [bool(event.error) for event in done] == [True]
