"""A meeting: one sync session over one link, from hello to goodbye.

    link ─frame─> session (on the record's thread) ─events─> send, admit, keep receipts

Once both sides hold the same, the link stays open for a while where it costs
little, and news is pushed over it.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from crdt.ids import DeviceId, device_id
from crdt.sync.events import (
    Ended,
    EntriesArrived,
    PeerProven,
    Progress,
    ReceiptsArrived,
    SendFrame,
    Settled,
)
from crdt.sync.hello import NONCE_BYTES, Direction
from crdt.sync.session import SyncSession
from crdt.sync.source import StoreSource
from meshnode.record.sharing import Door, shared_spaces
from transports.errors import LinkClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from crdt.ids import SpaceId
    from crdt.replica.replica import Replica
    from crdt.sync.events import Event
    from crdt.sync.receipts import Receipt
    from meshnode.record.record import Record
    from transports.link import Link

SILENCE_S = 180.0
"""How long a peer may keep silent in the middle of a meeting."""

IDLE_S = 600.0
"""How long a settled meeting waits for news before it ends."""


_CHEAP_BITS_PER_S = 20_000


class Host(Protocol):
    """Who is told what happens in a meeting; on the event loop."""

    async def on_proven(self, meeting: Meeting, device_public: bytes) -> None:
        """The peer proved which device it is."""
        ...

    async def on_receipts(
        self, meeting: Meeting, space: SpaceId, receipts: tuple[Receipt, ...]
    ) -> None:
        """The peer passed receipts on."""
        ...

    def on_progress(self, meeting: Meeting) -> None:
        """Some entries passed, or both sides settled."""
        ...

    def on_missed_news(self, meeting: Meeting) -> None:
        """Both sides settled, but there was news meanwhile: compare again."""
        ...


@dataclass(slots=True)
class Tally:
    """Entries that passed in a meeting, by space, and how many refused."""

    sent: dict[SpaceId, int] = field(default_factory=dict)
    received: dict[SpaceId, int] = field(default_factory=dict)
    refused: int = 0


class Meeting:
    """One conversation with one peer.

    Args:
        link: Ours from now on; closed at the end.
        record: What is synced.
        host: Told what happens.
    """

    def __init__(self, link: Link, record: Record, host: Host) -> None:
        self.link = link
        self.since_ms = time.time_ns() // 1_000_000
        self.device: DeviceId | None = None
        self.device_public: bytes | None = None
        self.name = ""
        self.tally = Tally()
        self.is_settled = False
        self.differing = False
        self.shares_nothing = False
        self.is_cut_short = False
        """Ended only because another meeting can do more."""
        self._record = record
        self._host = host
        self._session: SyncSession | None = None
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._is_over = False
        self._mark = 0
        self._has_missed_news = False
        self._spaces: frozenset[SpaceId] = frozenset()
        self._from_peer: set[bytes] = set()

    @property
    def sent(self) -> int:
        """Entries given so far."""
        return sum(self.tally.sent.values())

    @property
    def received(self) -> int:
        """Entries got so far."""
        return sum(self.tally.received.values())

    @property
    def is_worth_keeping(self) -> bool:
        """Whether the link costs so little that it may stay open for news."""
        bits_per_s = self.link.profile.bits_per_s
        return self.link.profile.carries_bulk and (
            bits_per_s is None or bits_per_s >= _CHEAP_BITS_PER_S
        )

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._is_over

    # --- the conversation -------------------------------------------------------------------

    async def run(self) -> None:
        """Talk until one side ends it.

        Raises:
            CrdtError, TransportError: The peer broke the protocol, or the link went away
                before both sides had settled.
        """
        try:
            await self._do(lambda session: session.start())
            while not self._is_over:
                async with asyncio.timeout(IDLE_S if self.is_settled else SILENCE_S):
                    frame = await self.link.receive()
                await self._take(frame)
        except LinkClosed:
            if not self.is_settled:
                raise
        except TimeoutError:
            if not self.is_settled:
                raise LinkClosed("the peer has been silent for too long") from None
            await self.end()
        finally:
            await self._finish()

    async def _take(self, frame: bytes) -> None:
        await self._do(lambda session: session.receive(frame))

    async def end(self) -> None:
        """Say goodbye."""
        if self._session is not None and not self._is_over:
            await self._do(lambda session: session.close())

    async def wait_settled(self) -> None:
        """Return once both sides have settled, or the meeting is over."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.is_settled or self._is_over)

    async def compare(self) -> None:
        """Compare every space anew."""
        self.is_settled = False

        def refresh(replica: Replica) -> list[Event]:
            events: list[Event] = []
            for held in replica.holdings.all():
                events += self._open_session.refresh(held.space)
            return events

        await self._obey_from(refresh)

    async def push_news(self) -> None:
        """Send what is new here since both sides last agreed, without comparing."""
        if not self.is_settled or self._session is None:
            self._has_missed_news = True
            return

        def push(replica: Replica) -> list[Event]:
            events: list[Event] = []
            entries = replica.store.entries
            newest = entries.newest()
            for held in replica.holdings.all():
                numbers = [
                    stored.number
                    for stored in entries.since(held.space, self._mark)
                    if stored.entry.id not in self._from_peer
                ]
                if numbers:
                    events += self._open_session.push(held.space, numbers)
            self._mark = newest
            self._from_peer.clear()
            return events

        await self._obey_from(push)

    async def offer_receipt(self, space: SpaceId, signed: bytes) -> None:
        """Pass a receipt on."""
        await self._do(lambda session: session.offer_receipt(space, signed))

    # --- obeying ----------------------------------------------------------------------------

    @property
    def _open_session(self) -> SyncSession:
        if self._session is None:
            raise ValueError("the meeting has not begun")
        return self._session

    async def _do(self, step: Callable[[SyncSession], list[Event]]) -> None:
        def on_record(replica: Replica) -> list[Event]:
            if self._session is None:
                self._session = self._new_session(replica)
            return step(self._session)

        await self._obey_from(on_record)

    async def _obey_from(self, work: Callable[[Replica], list[Event]]) -> None:
        """Run a step on the record's thread, then do what it asks; one step at a time."""
        async with self._turn:
            if self._is_over:
                return
            events = await self._record.run(lambda replica: self._step(replica, work))
            while events:
                events = await self._obey(events)

    def _step(self, replica: Replica, work: Callable[[Replica], list[Event]]) -> list[Event]:
        events = work(replica)
        if any(isinstance(event, Settled) for event in events):
            # In the same breath as the comparison, so that nothing falls in between.
            self._mark = replica.store.entries.newest()
            self._from_peer.clear()
        return events

    async def _obey(self, events: list[Event]) -> list[Event]:
        further: list[Event] = []
        for event in events:
            match event:
                case SendFrame(frame=frame):
                    await self.link.send(frame)
                case EntriesArrived():
                    further += await self._admit(event)
                case ReceiptsArrived(space=space, receipts=receipts):
                    await self._host.on_receipts(self, space, receipts)
                case PeerProven(device_public=device_public):
                    self.device, self.device_public = device_id(device_public), device_public
                    await self._host.on_proven(self, device_public)
                case Progress(space=space, sent=sent, received=received):
                    self.tally.sent[space], self.tally.received[space] = sent, received
                    self._host.on_progress(self)
                case Settled(agreed=agreed, differing=differing):
                    await self._settle(agreed, differing)
                case Ended():
                    self._is_over = True
        return further

    async def _admit(self, arrived: EntriesArrived) -> list[Event]:
        admitted = await self._record.change(lambda replica: replica.admit(arrived.entries))
        self.tally.refused += len(admitted.refused)
        self._from_peer.update(admitted.new)
        return await self._record.run(
            lambda replica: self._step(replica, lambda _: self._open_session.admitted(arrived))
        )

    async def _settle(self, agreed: tuple[SpaceId, ...], differing: tuple[SpaceId, ...]) -> None:
        self.differing = bool(differing)
        self.shares_nothing = not agreed and not differing
        self.is_settled = True
        self._host.on_progress(self)
        async with self._changed:
            self._changed.notify_all()
        if self._has_missed_news:
            self._has_missed_news = False
            self._host.on_missed_news(self)

    async def _finish(self) -> None:
        self._is_over = True
        await self.link.close()
        async with self._changed:
            self._changed.notify_all()

    def lacks_spaces(self, replica: Replica) -> bool:
        """Whether this node holds spaces that were not there when the meeting began."""
        held = {shared.space for shared in shared_spaces(replica)}
        return self._session is not None and not held <= self._spaces

    def _new_session(self, replica: Replica) -> SyncSession:
        spaces = shared_spaces(replica)
        self._spaces = frozenset(shared.space for shared in spaces)
        profile = self.link.profile
        is_outgoing = self.link.is_outgoing
        return SyncSession(
            StoreSource(replica.store),
            spaces,
            Door(replica),
            device=replica.keys.device,
            channel_id=self.link.channel_id,
            direction=Direction.INITIATOR if is_outgoing else Direction.RESPONDER,
            nonce=os.urandom(NONCE_BYTES),
            takes_bulk=profile.carries_bulk,
        )
