"""What is being said about one space, in rounds.

    RESTING ──we or they say a summary──► COMPARING ──equal, or one refuses──► RESTING
       ▲                                      └──differ──► EXCHANGING ──both done──┐
       └─────────nothing moved or changed, or three rounds in a row────────────────┤
                      COMPARING ◄─────────────something moved──────────────────────┘

Both sides number their summaries from 1, and the n-th of one belongs to the n-th
of the other: nobody says the next before the round is over. A summary without a
fingerprint refuses to serve the other, who then sends its credentials, once; if
they convince, a new round begins. To refuse in the middle of a round, a side
says that it is done before it has listed what it has; the other stops as well.
"""

from __future__ import annotations

from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING

from crdt.errors import Malformed
from crdt.ids import digest
from crdt.store.rows import SetSummary
from crdt.sync.difference import NOT_WANTED, ListDifference
from crdt.sync.frames import Done, Frame, ShortIds, Summary
from crdt.sync.receipt_exchange import ReceiptExchange
from crdt.sync.transfer import Queue

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable, Iterator

    from crdt.ids import EntryId
    from crdt.sync.difference import Difference
    from crdt.sync.hello import Box, SharedSpace
    from crdt.sync.source import SyncSource

MAX_ROUNDS = 3
"""In a row, without being asked: repairs colliding short ids."""

MAX_CREDENTIAL_BYTES = 64 * 1024
"""Taken from a peer that is not served, and sent to one that does not serve us."""


class State(Enum):
    """Where the conversation stands."""

    RESTING = "resting"
    COMPARING = "comparing"
    EXCHANGING = "exchanging"


class Conversation:
    """One space on one link.

    Args:
        number: Of our offer of it; the peer's own number is the session's matter.
        ours, theirs: What each side seals.
        salt: Both nonces.
        max_priority: Entries that are less urgent stay here.
        refused: Gives what the peer sent lately and we refused.
    """

    def __init__(
        self,
        shared: SharedSpace,
        source: SyncSource,
        number: int,
        ours: Box,
        theirs: Box,
        *,
        salt: bytes,
        frame_budget: int,
        max_priority: int,
        refused: Callable[[], Iterable[EntryId]] = tuple,
    ) -> None:
        self.shared, self.number = shared, number
        self.state = State.RESTING
        self.is_agreed = False
        self.serves = False
        self.is_served = False
        self.sent = self.received = 0
        self.credential_bytes = 0
        self.listed = 0
        self.queue = Queue(source, frame_budget)
        self.receipts = ReceiptExchange(source, shared.space, number, ours, theirs)
        self._source, self._salt, self._max_priority = source, salt, max_priority
        self._round = 0
        self._mine: SetSummary | None = None
        self._early: Summary | None = None
        self._difference: Difference | None = None
        self._pages: Iterator[tuple[bytes, bool]] = iter(())
        self._has_sent_done = self._has_their_done = False
        self._wants_round = self._is_stopped = False
        self._gave_credentials = False
        self._unadmitted = self._moved = self._rounds = 0
        self._refused = refused
        self._compared: tuple[SetSummary, SetSummary] | None = None

    # --- rounds -------------------------------------------------------------------

    def open(
        self, *, serves: bool, told: SetSummary | None, heard: SetSummary | None
    ) -> list[Frame]:
        """Begin the first round.

        Args:
            serves: Whether the peer may be served.
            told: The summary that our offer contained, if any.
            heard: The one that the peer's contained, if any.
        """
        if heard is not None:
            self._early = Summary(self.number, 1, heard.count, heard.fingerprint)
        self.serves = serves or told is not None
        frames = self.begin(told)
        return frames if serves or told is None else [*frames, *self.refuse()]

    def begin(self, told: SetSummary | None = None) -> list[Frame]:
        """Begin a round with a summary, now or after the one under way.

        Args:
            told: What the peer was told already.
        """
        if self.state is not State.RESTING:
            self._wants_round = True
            return []
        self._round += 1
        self._difference, self._pages, self._moved = None, iter(()), 0
        self._has_sent_done = self._has_their_done = False
        self._wants_round = self._is_stopped = False
        self.state, self.is_agreed = State.COMPARING, False
        self._mine = told or (self._source.summary(self.shared.space) if self.serves else None)
        early, self._early = self._early, None
        if early is not None:
            self._compare(early)
        if told is not None:
            return []
        count, fingerprint = (self._mine.count, self._mine.fingerprint) if self._mine else (0, None)
        return [Summary(self.number, self._round, count, fingerprint)]

    def begin_afresh(self) -> list[Frame]:
        """Begin a round because something changed, however many there were."""
        self._rounds = 0
        return self.begin()

    def refuse(self) -> list[Frame]:
        """Stop serving the peer at once, in the middle of whatever is under way."""
        self.serves = self.is_agreed = False
        self.receipts.drop()
        self._stop()
        return self.begin()

    def take_summary(self, frame: Summary) -> list[Frame]:
        """Take the peer's summary of this round or the next.

        Raises:
            Malformed: It is out of its place; nothing was taken.
        """
        if self.state is State.COMPARING and frame.round == self._round:
            self._compare(frame)
            return []
        is_over = self.state is State.RESTING or (
            self.state is State.EXCHANGING and self._has_sent_done and self._has_their_done
        )
        if not is_over or self._early is not None or frame.round != self._round + 1:
            raise Malformed("a summary out of its place")
        self._early = frame
        return []

    def rest_if_done(self) -> list[Frame]:
        """End the round once both sides have sent all and we have admitted all."""
        if self.state is State.EXCHANGING:
            if not (self._has_sent_done and self._has_their_done) or self._unadmitted:
                return []
            self.state = State.RESTING
            self._rounds += 1
            if self._moved and self._rounds < MAX_ROUNDS:
                return self.begin()
            self._rounds = 0
        if self.state is State.RESTING and (self._wants_round or self._early is not None):
            return self.begin()
        return []

    def _compare(self, theirs: Summary) -> None:
        mine, self.is_served = self._mine, theirs.fingerprint is not None
        if mine is None or not self.is_served:
            self.state, self._rounds, self._compared = State.RESTING, 0, None
            return
        if (mine.count, mine.fingerprint) == (theirs.count, theirs.fingerprint):
            self.state, self.is_agreed, self._rounds = State.RESTING, True, 0
            return
        before = self._compared
        self._compared = (mine, SetSummary(theirs.count, theirs.fingerprint or b""))
        if before == self._compared:  # what moved was refused, and would be again
            self.state, self._rounds = State.RESTING, 0
            return
        self.state = State.EXCHANGING
        if self._is_stopped:
            return
        if mine.count and theirs.count:
            salt = digest(b"mesh short ids", self._salt, self._round.to_bytes(8, "big"))
            unwanted = ((name, NOT_WANTED) for name in self._refused())
            ids = chain(self._source.ids(self.shared.space), unwanted)
            self._difference = ListDifference(ids, salt)
            self._pages = self._difference.pages()
            self.listed += len(self._difference)
        elif mine.count:
            self._owe(None)

    def _stop(self) -> None:
        """Owe nothing more in this round."""
        self._is_stopped = True
        self._difference, self._pages = None, iter(())
        self.queue.fill(())

    # --- what comes -----------------------------------------------------------------

    def take_ids(self, frame: ShortIds) -> None:
        """Take a page of the peer's short ids.

        Raises:
            Malformed, TooLarge: It breaks the rules; nothing was taken.
        """
        if self.state is not State.EXCHANGING or frame.round != self._round:
            raise Malformed("short ids out of their place")
        if self._is_stopped:
            return
        if self._difference is None or self._has_their_done:
            raise Malformed("short ids that were not asked for")
        self._difference.take(frame.ids, is_last=frame.is_last)
        if self._difference.is_complete:
            self._owe(self._difference.lacking())

    def take_done(self, frame: Done) -> None:
        """Note that the peer has sent what it owed.

        Raises:
            Malformed: No round is under way.
        """
        is_of_this = self.state is State.EXCHANGING and frame.round == self._round
        if not is_of_this or self._has_their_done:
            raise Malformed("done out of its place")
        if self._difference is not None and not self._difference.is_complete:
            self._stop()
        self._has_their_done = True

    def receive(self, count: int) -> None:
        """Count entries that came."""
        self.received += count
        self._unadmitted += 1

    def admit(self, new: int) -> None:
        """Note that a batch of entries that came is in the store, as far as it was not refused."""
        self._unadmitted -= 1
        self._moved += new

    # --- what goes ------------------------------------------------------------------

    def next_page(self) -> ShortIds | None:
        """Return the next page of short ids."""
        page = next(self._pages, None)
        return None if page is None else ShortIds(self.number, self._round, *page)

    def done(self) -> Done | None:
        """Return the frame that ends our side of the round, when it is time."""
        is_ready = self._difference is None or self._difference.is_complete
        if self.state is not State.EXCHANGING or self._has_sent_done or not is_ready:
            return None
        if not self.queue.is_empty:
            return None
        self._has_sent_done = True
        return Done(self.number, self._round)

    def send(self, count: int) -> None:
        """Count entries that leave."""
        self.sent += count
        self._moved += count

    def push(self, numbers: array[int]) -> None:
        """Send a few entries before everything else."""
        space, least = self.shared.space, self._max_priority
        for _, turn in self._source.sending_order(space, numbers, least):
            self.queue.add_first(self._source.wires(turn))

    @property
    def wants_credentials(self) -> bool:
        """Whether the peer refuses us, and has not seen yet why it should not."""
        is_refused = self.state is State.RESTING and self._round > 0 and not self.is_served
        return is_refused and not self._gave_credentials

    def give_credentials(self, numbers: Iterable[int]) -> None:
        """Send what shows that we may read, once, as far as a peer takes it."""
        self._gave_credentials = True
        size, wires = 0, []
        for number in numbers:
            for wire in self._source.wires([number]):
                size += len(wire)
                if size <= MAX_CREDENTIAL_BYTES:
                    wires.append(wire)
        self.queue.add_first(wires)

    def _owe(self, numbers: array[int] | None) -> None:
        space, least = self.shared.space, self._max_priority
        self.queue.fill(self._source.sending_order(space, numbers, least))
