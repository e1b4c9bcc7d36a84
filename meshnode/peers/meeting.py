"""A meeting: one sync session over one link, from hello to goodbye.

    link ─frame─> session (on the record's thread) ─events─> outbox, admit, keep receipts
                                                               └─frames─> link

Once both sides hold the same, the link stays open for a while where it costs
little, and news is pushed over it. One step is taken at a time, and each to its
end, whoever asked for it and went away: half a step would leave the peer
waiting for frames that never come. If one fails, the meeting is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from crdt.errors import MeshError
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
from crdt.sync.frames import Bye
from crdt.sync.hello import NONCE_BYTES, Direction
from crdt.sync.session import SyncSession
from crdt.sync.source import StoreSource
from meshnode.peers.outbox import SILENCE_S, Outbox
from meshnode.peers.refusals import admit
from meshnode.peers.told import Told
from meshnode.peers.turns import Turns
from meshnode.record.sharing import Door, shared_spaces
from transports.errors import LinkClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from crdt.ids import EntryId, SpaceId
    from crdt.replica.replica import Replica
    from crdt.sync.events import Event
    from crdt.sync.receipts import Receipt
    from meshnode.peers.refusals import Refusals
    from meshnode.record.record import Record
    from transports.link import Link

IDLE_S = 600.0
"""How long a settled meeting waits for news before it ends."""

GOODBYE_S = 2.0
"""How long a goodbye may take to leave."""

_CHEAP_BITS_PER_S = 20_000

_GOODBYES: dict[int, str] = {
    Bye.NO_COMMON_VERSION: "the peer runs a version that this one does not understand",
    Bye.MET_ITSELF: "that address leads back to this node",
    Bye.BUDGET_SPENT: "there is too much to compare in one meeting; the next goes on",
}


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
        refusals: What was refused here, in this meeting and before.
    """

    def __init__(self, link: Link, record: Record, host: Host, refusals: Refusals) -> None:
        self.link = link
        self.since_ms = time.time_ns() // 1_000_000
        self.device: DeviceId | None = None
        self.device_public: bytes | None = None
        self.known_keys: dict[SpaceId, bytes] = {}
        """Discovery keys that the peer showed it knows, by space."""
        self.name = ""
        self.tally = Tally()
        self.is_settled = False
        self.differing = False
        self.shares_nothing = False
        self.is_cut_short = False
        """Ended only because another meeting can do more."""
        self._record = record
        self._host = host
        self._refusals = refusals
        self._session: SyncSession | None = None
        self._turns = Turns()
        self._changed = asyncio.Condition()
        self._is_over = False
        self._told = Told()
        self._spaces: frozenset[SpaceId] = frozenset()
        self._door = Door(lambda: record.replica)
        self._readable: dict[SpaceId, bool] = {}
        self._outbox = Outbox(link, self._fail)
        self._closing: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._reason: int = Bye.DONE

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
        sender = asyncio.create_task(self._outbox.run())
        try:
            await self._do(lambda session: session.start())
            while not self._is_over:
                await self._outbox.wait_room()
                async with asyncio.timeout(IDLE_S if self.is_settled else SILENCE_S):
                    frame = await self.link.receive()
                await self._take(frame)
        except LinkClosed:
            if self._failure is not None:
                raise self._failure from None
            if not (self.is_settled or self.is_cut_short):
                raise
        except TimeoutError:
            if not self.is_settled:
                raise LinkClosed("the peer has been silent for too long") from None
            await self.end()
        else:
            self._check_end()
        finally:
            await self._finish(sender)

    def _check_end(self) -> None:
        """Say why it ended before both sides had settled: as a goodbye says, if there was one."""
        if self.is_settled or self.is_cut_short:
            return
        said = _GOODBYES.get(self._reason)
        if said is None and self._failure is not None:
            raise self._failure
        raise LinkClosed(said or "the peer ended it early")

    async def _take(self, frame: bytes) -> None:
        await self._do(lambda session: session.receive(frame))

    async def end(self) -> None:
        """Say goodbye and close the link, whether the peer hears it or not."""
        if self._session is not None and not self._is_over:
            with contextlib.suppress(MeshError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._do(lambda session: session.close())
                    await self._outbox.wait_sent()
        self._is_over = True
        await self.link.close()

    async def wait_settled(self) -> None:
        """Return once both sides have settled, or the meeting is over."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.is_settled or self._is_over)

    async def compare(self) -> None:
        """Compare every space anew; nothing while the first comparison is still to come."""

        def refresh(session: SyncSession) -> list[Event]:
            return self._compare(session)

        await self._do(refresh)

    async def reconsider(self) -> None:
        """Ask anew what the peer may read, because rules changed, and act on it at once."""

        def refresh(session: SyncSession) -> list[Event]:
            events: list[Event] = []
            for space, could in self._readable.items():
                can = self._door.may_read(space, self.device_public)
                if can is not could:
                    self._readable[space] = can
                    events += session.refresh(space)
            return events

        await self._do(refresh)

    async def push_news(self) -> None:
        """Send what is new here since both sides last agreed, without comparing."""
        if not self.is_settled:
            return  # both sides do not settle before it is compared

        def push(replica: Replica) -> list[Event]:
            events: list[Event] = []
            entries = replica.store.entries
            newest = entries.newest()
            for held in replica.holdings.all():
                if numbers := self._told.news(entries, held.space):
                    events += self._open_session.push(held.space, numbers)
            self._told.draw_line(newest)
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
        await self._turns.take(lambda: self._take_step(work))

    async def _take_step(self, work: Callable[[Replica], list[Event]]) -> None:
        """Run a step on the record's thread, then do what it asks."""
        if self._is_over:
            return
        try:
            events = await self._record.run(lambda replica: self._step(replica, work))
            while events:
                events = await self._obey(events)
        except Exception as error:
            self._fail(error)
            raise

    def _step(self, replica: Replica, work: Callable[[Replica], list[Event]]) -> list[Event]:
        events = work(replica)
        for event in events:
            if isinstance(event, PeerProven):
                for space in self._sealed(replica):
                    can = self._door.may_read(space, event.device_public)
                    self._readable.setdefault(space, can)
        if any(isinstance(event, Settled) for event in events):
            newest = replica.store.entries.newest()
            is_news = not self._told.is_all(newest)
            self._told.draw_line(newest)
            if is_news and (anew := self._compare(self._open_session)):
                # What was written here while both compared is not settled yet.
                return [event for event in events if not isinstance(event, Settled)] + anew
        return events

    def _compare(self, session: SyncSession) -> list[Event]:
        events = [event for space in self._spaces for event in session.refresh(space)]
        if events:
            self.is_settled = False
        return events

    async def _obey(self, events: list[Event]) -> list[Event]:
        further: list[Event] = []
        for event in events:
            match event:
                case SendFrame(frame=frame):
                    if self._failure is None:
                        self._outbox.put(frame)
                case EntriesArrived():
                    further += await self._admit(event)
                case ReceiptsArrived(space=space, receipts=receipts):
                    await self._host.on_receipts(self, space, receipts)
                case PeerProven(device_public=device_public, spaces=spaces, keys=keys):
                    self.known_keys.update(zip(spaces, keys, strict=True))
                    self.device, self.device_public = device_id(device_public), device_public
                    await self._host.on_proven(self, device_public)
                case Progress(space=space, sent=sent, received=received):
                    self.tally.sent[space], self.tally.received[space] = sent, received
                    self._host.on_progress(self)
                case Settled(agreed=agreed, differing=differing):
                    await self._settle(agreed, differing)
                case Ended(reason=reason):
                    self._is_over, self._reason = True, reason
        return further

    async def _admit(self, arrived: EntriesArrived) -> list[Event]:
        admitted, refused = await self._record.change(lambda replica: admit(replica, arrived))
        self.tally.refused += len(admitted.refused)
        self._refusals.note(self._name_of(self.device_public), arrived.space, refused)
        self._told.note_admitted(admitted.new, is_settled=self.is_settled)
        return await self._record.run(
            lambda replica: self._step(
                replica, lambda _: self._open_session.admitted(arrived, len(admitted.new))
            )
        )

    def _name_of(self, device_public: bytes | None) -> bytes:
        """By what the peer is remembered: as long as it has not said who it is, by this link."""
        return device_id(device_public) if device_public else self.link.channel_id

    def _refused(self, space: SpaceId, device_public: bytes | None) -> list[EntryId]:
        return self._refusals.of(self._name_of(device_public), space)

    async def _settle(self, agreed: tuple[SpaceId, ...], differing: tuple[SpaceId, ...]) -> None:
        self.differing = bool(differing)
        self.shares_nothing = not agreed and not differing
        self.is_settled = True
        self._host.on_progress(self)
        async with self._changed:
            self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        """Give up: close the link, so that `run` ends and says why."""
        if self._failure is None:
            self._failure = error
            self._closing = asyncio.create_task(self.link.close())

    async def _finish(self, sender: asyncio.Task[None]) -> None:
        self._is_over = True
        sender.cancel()
        try:
            await self.link.close()
            await asyncio.gather(sender, self._turns.wait_ended(), return_exceptions=True)
            if self._closing is not None:
                await self._closing
        finally:
            async with self._changed:
                self._changed.notify_all()

    # --- spaces -----------------------------------------------------------------------------

    def _sealed(self, replica: Replica) -> list[SpaceId]:
        return [
            held.space
            for held in replica.holdings.all()
            if held.space in self._spaces and held.kind.is_sealed
        ]

    def lacks_spaces(self, replica: Replica) -> bool:
        """Whether this node holds spaces that were not there when the meeting began."""
        held = {shared.space for shared in shared_spaces(replica)}
        return self._session is not None and not held <= self._spaces

    def _new_session(self, replica: Replica) -> SyncSession:
        spaces = shared_spaces(replica)
        self._told.draw_line(replica.store.entries.newest())
        self._spaces = frozenset(shared.space for shared in spaces)
        profile = self.link.profile
        is_outgoing = self.link.is_outgoing
        return SyncSession(
            StoreSource(replica.store),
            spaces,
            self._door,
            device=replica.keys.device,
            channel_id=self.link.channel_id,
            direction=Direction.INITIATOR if is_outgoing else Direction.RESPONDER,
            nonce=os.urandom(NONCE_BYTES),
            takes_bulk=profile.carries_bulk,
            refused=self._refused,
        )
