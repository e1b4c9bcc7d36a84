"""One meeting with one peer, for all spaces that both share, as a pure state machine.

    NEW ──start──► GREETING ──peer's hello──► TALKING ──goodbye, either side──► ENDED

The initiator speaks first. What is said about each space is the matter of
`crdt.sync.conversation`; this file finds the spaces, and carries frames.
"""

from __future__ import annotations

from array import array
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from crdt.entries.entry import Priority, decode_entry
from crdt.errors import Malformed
from crdt.sync.conversation import MAX_CREDENTIAL_BYTES, Conversation, State
from crdt.sync.events import (
    Ended,
    EntriesArrived,
    Event,
    PeerProven,
    Progress,
    ReceiptsArrived,
    SendFrame,
    Settled,
)
from crdt.sync.frames import (
    MAX_FRAME_BYTES,
    VERSION,
    Ack,
    Bye,
    Done,
    Entries,
    Frame,
    Goodbye,
    Heard,
    Hello,
    Offer,
    Receipts,
    Reoffer,
    ShortIds,
    Summary,
    decode_frame,
    encode_frame,
)
from crdt.sync.greeting import Greeting, Match
from crdt.sync.transfer import Credit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crdt.crypto.keys import DeviceKey
    from crdt.ids import EntryId, SpaceId
    from crdt.sync.hello import Direction, SharedSpace
    from crdt.sync.source import Gate, SyncSource

MAX_LISTED = 4_000_000
"""Our ids that one session may make us list: bounds the work a peer can ask for."""

MAX_PUSHED = 64
"""Entries at a time: they are read into memory at once, some 4 MB at most."""


class Stage(Enum):
    """Where the session stands."""

    NEW = "new"
    GREETING = "greeting"
    TALKING = "talking"
    ENDED = "ended"


class SyncSession:
    """Talk with one peer.

    Args:
        source: What this node holds; read, never written.
        spaces: What it would sync, at most 64, most important first.
        gate: Who may read what.
        device: Proves who we are; None if no space needs proof.
        channel_id: The link's, the same on both ends, never used again.
        direction: Whether this side made the link.
        nonce: 16 fresh random bytes.
        takes_bulk: Whether the link may carry entries of the least urgent priority.
        frame_budget: Largest frame to fill with entries; a single one may need more.
        refused: Tells what a peer sent lately, of a space, and we refused: we list it as if
            we had it, so that it is not sent again.
    """

    def __init__(
        self,
        source: SyncSource,
        spaces: Sequence[SharedSpace],
        gate: Gate,
        *,
        device: DeviceKey | None,
        channel_id: bytes,
        direction: Direction,
        nonce: bytes,
        takes_bulk: bool = True,
        frame_budget: int = MAX_FRAME_BYTES,
        refused: Callable[[SpaceId, bytes | None], Iterable[EntryId]] = lambda *_: (),
    ) -> None:
        self.stage = Stage.NEW
        self.peer: bytes | None = None
        self._source, self._gate, self._refused = source, gate, refused
        self._greeting = Greeting(source, spaces, device, channel_id, direction, nonce)
        self._nonce, self._takes_bulk, self._frame_budget = nonce, takes_bulk, frame_budget
        self._conversations: dict[SpaceId, Conversation] = {}
        self._by_number: dict[int, Conversation] = {}
        self._credit = Credit()
        self._settled: Settled | None = None
        self._may_reoffer = False

    # --- what the driver does -----------------------------------------------------------

    def start(self) -> list[Event]:
        """Open the session: the initiator greets, the responder waits."""
        if self.stage is not Stage.NEW:
            raise ValueError("a session starts once")
        self.stage = Stage.GREETING
        if not self._greeting.is_initiator:
            return []
        return [self._say(self._hello(self._greeting.first_offers()))]

    def receive(self, data: bytes) -> list[Event]:
        """Take one frame from the peer, exactly as the link delivered it.

        Returns:
            What to do, in order.

        Raises:
            Malformed, TooLarge, BadSignature, CannotOpen: The frame is wrong or out of
                place. Nothing was taken of it; close the link.
        """
        frame = decode_frame(data)
        if self.stage is Stage.ENDED:
            return []
        if isinstance(frame, Goodbye):
            self.stage = Stage.ENDED
            return [Ended(frame.reason, by_peer=True)]
        if self.stage is Stage.GREETING:
            if not isinstance(frame, Hello):
                raise Malformed("a conversation begins with a hello")
            return self._take_hello(frame)
        if self.stage is not Stage.TALKING:
            raise Malformed("a frame before the session began")
        return self._go_on(self._take(frame, len(data)))

    def admitted(self, arrived: EntriesArrived, new: int | None = None) -> list[Event]:
        """Go on after the entries of an event were stored or refused.

        Args:
            arrived: The event.
            new: How many of them were not here and are now; None: all.
        """
        conversation = self._conversations[arrived.space]
        conversation.admit(len(arrived.entries) if new is None else new)
        self._credit.deal_with(arrived.frame_bytes)
        return self._go_on(self._reconsider(conversation))

    def refresh(self, space: SpaceId) -> list[Event]:
        """Compare a space anew, because something of it or about its readers changed.

        A peer that may not read any more is served no further, from this call on.
        """
        conversation = self._conversations.get(space)
        if conversation is None or self.stage is not Stage.TALKING:
            return []
        may_serve = self._may_serve(conversation.shared)
        if conversation.serves and not may_serve:
            return self._go_on(self._frames(conversation.refuse()))
        conversation.serves = may_serve
        return self._go_on(self._frames(conversation.begin_afresh()))

    def push(self, space: SpaceId, numbers: Iterable[int]) -> list[Event]:
        """Send new entries at once to a peer that reads along, without comparing.

        More than `MAX_PUSHED` at a time are compared after all.
        """
        conversation = self._conversations.get(space)
        if conversation is None or self.stage is not Stage.TALKING:
            return []
        fresh = array("q", numbers)
        if len(fresh) > MAX_PUSHED:
            return self.refresh(space)
        if conversation.serves and conversation.is_served:
            conversation.push(fresh)
        return self._go_on([])

    def offer_receipt(self, space: SpaceId, signed: bytes) -> list[Event]:
        """Send our new receipt, already kept in the store, to a peer of that community."""
        conversation = self._conversations.get(space)
        if conversation is None or self.stage is not Stage.TALKING:
            return []
        if not self._shares_receipts(conversation):
            return []
        conversation.receipts.offer(signed)
        return self._go_on([])

    def close(self, reason: Bye = Bye.DONE) -> list[Event]:
        """End the session."""
        if self.stage is Stage.ENDED:
            return []
        self.stage = Stage.ENDED
        return [self._say(Goodbye(reason)), Ended(reason, by_peer=False)]

    # --- greeting -------------------------------------------------------------------------

    def _take_hello(self, hello: Hello) -> list[Event]:
        if not hello.lowest <= VERSION <= hello.highest:
            return self.close(Bye.NO_COMMON_VERSION)
        greeting = self._greeting
        matches = greeting.match(hello.offers, hello.nonce)
        peer = greeting.prover(matches, self.peer)
        if peer is not None and greeting.is_ourselves(peer):
            return self.close(Bye.MET_ITSELF)
        greeting.accept(hello.offers, hello.nonce)
        self.peer, self.stage = peer, Stage.TALKING
        self._takes_bulk = self._takes_bulk and hello.takes_bulk
        events = self._proven(matches)
        if greeting.is_initiator:
            offers = greeting.reoffers(matches, self._may_serve)
            if offers:
                events.append(self._say(Reoffer(offers)))
        else:
            self._may_reoffer = True
            events.append(self._say(self._hello(greeting.answers(matches, self._may_serve))))
            matches = [match for match in matches if match.is_common]
        return self._go_on(events + self._open(matches))

    def _take_reoffer(self, frame: Reoffer) -> list[Event]:
        if not self._may_reoffer:
            raise Malformed("offers out of their place")
        matches = self._greeting.match(frame.offers, None)
        if any(match.shared.space in self._conversations for match in matches):
            raise Malformed("a space offered twice")
        self.peer = self._greeting.prover(matches, self.peer)
        self._greeting.accept(frame.offers, None)
        self._may_reoffer = False
        return self._proven(matches) + self._open(matches)

    def _proven(self, matches: Sequence[Match]) -> list[Event]:
        spaces = tuple(match.shared.space for match in matches if match.introduction.device)
        keys = tuple(match.key for match in matches if match.introduction.device)
        return [PeerProven(self.peer, spaces, keys)] if self.peer and spaces else []

    def _open(self, matches: Sequence[Match]) -> list[Event]:
        events: list[Event] = []
        for match in matches:
            number, box, told = self._greeting.our_offer(match)
            conversation = Conversation(
                match.shared,
                self._source,
                number,
                box,
                match.box,
                salt=self._greeting.salt,
                frame_budget=self._frame_budget,
                max_priority=Priority.BULK if self._takes_bulk else Priority.DOCUMENT,
                refused=partial(self._refused_by_us, match.shared.space),
            )
            self._conversations[match.shared.space] = conversation
            self._by_number[match.number] = conversation
            serves = self._may_serve(match.shared)
            heard = match.introduction.summary
            ours = self._greeting.receipts(match.shared)
            conversation.receipts.has_told = match.introduction.receipts == ours
            events += self._frames(conversation.open(serves=serves, told=told, heard=heard))
        return events

    def _refused_by_us(self, space: SpaceId) -> Iterable[EntryId]:
        return self._refused(space, self.peer)

    def _hello(self, offers: tuple[Offer, ...]) -> Hello:
        return Hello(VERSION, VERSION, self._nonce, self._takes_bulk, offers, b"")

    def _may_serve(self, shared: SharedSpace) -> bool:
        return not shared.needs_proof or self._gate.may_read(shared.space, self.peer)

    # --- talking ----------------------------------------------------------------------------

    def _take(self, frame: Frame, frame_bytes: int) -> list[Event]:
        match frame:
            case Ack():
                self._credit.take_ack(frame.total)
                return []
            case Reoffer():
                return self._take_reoffer(frame)
            case Summary() | ShortIds() | Entries() | Done() | Heard() | Receipts():
                conversation = self._by_number.get(frame.space)
                if conversation is None:
                    raise Malformed("a space that was not offered")
                return self._take_of(conversation, frame, frame_bytes)
            case Hello() | Goodbye():
                raise Malformed("a second hello")

    def _take_of(
        self,
        conversation: Conversation,
        frame: Summary | ShortIds | Entries | Done | Heard | Receipts,
        frame_bytes: int,
    ) -> list[Event]:
        match frame:
            case Summary():
                return self._frames(conversation.take_summary(frame))
            case ShortIds():
                self._credit.check(frame_bytes)
                conversation.take_ids(frame)
                self._credit.receive(frame_bytes)
                self._credit.deal_with(frame_bytes)
                return []
            case Entries():
                return self._take_entries(conversation, frame, frame_bytes)
            case Done():
                conversation.take_done(frame)
                return []
            case Heard():
                answers = self._shares_receipts(conversation)
                conversation.receipts.take_heard(frame, answers=answers)
                return []
            case Receipts():
                return self._take_receipts(conversation, frame, frame_bytes)

    def _take_entries(
        self, conversation: Conversation, frame: Entries, frame_bytes: int
    ) -> list[Event]:
        self._credit.check(frame_bytes)
        entries = tuple(decode_entry(wire) for wire in frame.wires)
        self._credit.receive(frame_bytes)
        if not conversation.serves:
            conversation.credential_bytes += frame_bytes
            if conversation.credential_bytes > MAX_CREDENTIAL_BYTES + MAX_FRAME_BYTES:
                self._credit.deal_with(frame_bytes)
                return []
        conversation.receive(len(entries))
        space = conversation.shared.space
        return [EntriesArrived(space, entries, frame_bytes), _progress(conversation)]

    def _take_receipts(
        self, conversation: Conversation, frame: Receipts, frame_bytes: int
    ) -> list[Event]:
        self._credit.check(frame_bytes)
        arrived = conversation.receipts.take_receipts(frame)
        self._credit.receive(frame_bytes)
        self._credit.deal_with(frame_bytes)
        if not self._shares_receipts(conversation):
            return []
        return [ReceiptsArrived(conversation.shared.space, arrived)]

    def _reconsider(self, conversation: Conversation) -> list[Event]:
        """Serve a peer whose credentials have convinced the gate."""
        if conversation.serves or not self._may_serve(conversation.shared):
            return []
        conversation.serves = True
        return self._frames(conversation.begin_afresh())

    def _go_on(self, events: list[Event]) -> list[Event]:
        """Say what can be said now."""
        if self.stage is not Stage.TALKING:
            return events
        for conversation in self._conversations.values():
            events += self._frames(conversation.rest_if_done())
            if conversation.wants_credentials:
                space = conversation.shared.space
                conversation.give_credentials(self._gate.credentials(space))
        if sum(each.listed for each in self._conversations.values()) > MAX_LISTED:
            return events + self.close(Bye.BUDGET_SPENT)
        events += self._tell_receipts()
        while self._credit.may_send and (more := self._next()):
            events += more
        if (total := self._credit.ack()) is not None:
            events.append(self._say(Ack(total)))
        return events + self._settle()

    def _next(self) -> list[Event]:
        """Say one thing: lists, urgent entries, receipts, other entries, then that all is said."""
        talks = self._conversations.values()
        for conversation in talks:
            if (page := conversation.next_page()) is not None:
                return [self._say_weighty(page)]
        waiting = [each for each in talks if not each.queue.is_empty]
        first = min(waiting, key=lambda each: each.queue.urgency, default=None)
        if first is None or first.queue.urgency > Priority.URGENT:
            for conversation in talks:
                if (receipts := conversation.receipts.next()) is not None:
                    return [self._say_weighty(receipts)]
        if first is not None:
            conversation = first
            wires = conversation.queue.take()
            if wires:
                conversation.send(len(wires))
                frame = Entries(conversation.number, wires)
                return [self._say_weighty(frame), _progress(conversation)]
        for conversation in talks:
            if (done := conversation.done()) is not None:
                return [self._say(done), *self._frames(conversation.rest_if_done())]
        return []

    def _settle(self) -> list[Event]:
        talks = self._conversations.values()
        owes = (not each.queue.is_empty or not each.receipts.is_empty for each in talks)
        if any(owes) or any(each.state is not State.RESTING for each in talks):
            self._settled = None
            return []
        settled = Settled(
            tuple(each.shared.space for each in talks if each.is_agreed),
            tuple(each.shared.space for each in talks if not each.is_agreed),
        )
        if settled == self._settled:
            return []
        self._settled = settled
        return [settled]

    # --- receipts ---------------------------------------------------------------------------

    def _shares_receipts(self, conversation: Conversation) -> bool:
        return (
            conversation.shared.has_receipts
            and self.peer is not None
            and conversation.serves
            and conversation.is_served
        )

    def _tell_receipts(self) -> list[Event]:
        return [
            self._say(each.receipts.tell())
            for each in self._conversations.values()
            if not each.receipts.has_told and self._shares_receipts(each)
        ]

    # --- frames -----------------------------------------------------------------------------

    def _frames(self, frames: Iterable[Frame]) -> list[Event]:
        return [self._say(frame) for frame in frames]

    def _say_weighty(self, frame: ShortIds | Entries | Receipts) -> SendFrame:
        said = self._say(frame)
        self._credit.send(len(said.frame))
        return said

    def _say(self, frame: Frame) -> SendFrame:
        return SendFrame(encode_frame(frame))


def _progress(conversation: Conversation) -> Progress:
    return Progress(conversation.shared.space, conversation.sent, conversation.received)
