"""What is being said about one space, in rounds.

    RESTING ──we or they say a summary──► COMPARING ──equal──► RESTING, agreed
       ▲                                      └──differ──► EXCHANGING ──both done──┐
       └──────────────nothing moved, or three rounds in a row──────────────────────┤
                      COMPARING ◄─────────────something moved──────────────────────┘

A side that does not serve the other says a summary without a fingerprint. The
other then sends its credentials, once; if they convince, a new round begins.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from crdt.errors import Malformed
from crdt.ids import digest
from crdt.sync.difference import ListDifference
from crdt.sync.frames import Done, Frame, ShortIds, Summary
from crdt.sync.transfer import Queue

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator

    from crdt.store_rows import SetSummary
    from crdt.sync.hello import Box, SharedSpace
    from crdt.sync.source import SyncSource

MAX_ROUNDS = 3
"""In a row, without being asked: repairs colliding short ids and entries that were refused."""

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
    ) -> None:
        self.shared, self.number = shared, number
        self.ours, self.theirs = ours, theirs
        self.state = State.RESTING
        self.is_agreed = False
        self.serves = False
        self.is_served = False
        self.has_heard = False
        self.sent = self.received = 0
        self.credential_bytes = 0
        self.listed = 0
        self.queue = Queue(source, frame_budget)
        self._source, self._salt, self._max_priority = source, salt, max_priority
        self._round = 0
        self._mine: SetSummary | None = None
        self._early: Summary | None = None
        self._difference: ListDifference | None = None
        self._pages: Iterator[tuple[bytes, bool]] = iter(())
        self._has_sent_done = self._has_their_done = self._wants_round = False
        self._gave_credentials = False
        self._unadmitted = self._moved = self._rounds = 0

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
        self.serves = serves
        if heard is not None:
            self._early = Summary(self.number, 1, heard.count, heard.fingerprint)
            self.is_served = True
        return self.begin(told)

    def begin(self, told: SetSummary | None = None) -> list[Frame]:
        """Begin a round with a summary, now or after the one under way.

        Args:
            told: What the peer was told already.
        """
        if self.state is not State.RESTING:
            self._wants_round = True
            return []
        self._round += 1
        self._reset()
        early, self._early = self._early, None
        if not self.serves:
            return [Summary(self.number, self._round, 0, None)]
        self.state = State.COMPARING
        self._mine = told or self._source.summary(self.shared.space)
        if early is not None:
            self._compare(early)
        if told is not None:
            return []
        return [Summary(self.number, self._round, self._mine.count, self._mine.fingerprint)]

    def take_summary(self, frame: Summary) -> list[Frame]:
        """Take the peer's summary of this round or the next.

        Raises:
            Malformed: It is out of its place; nothing was taken.
        """
        is_this, is_next = frame.round == self._round, frame.round == self._round + 1
        if frame.fingerprint is None:
            if not (is_this or is_next):
                raise Malformed("a summary out of its place")
            self._round = frame.round
            self._reset()
            self.queue.fill(())
            self.state, self.is_agreed, self.is_served = State.RESTING, False, False
            return []
        if is_this and self.state is State.COMPARING:
            self.is_served = True
            self._compare(frame)
            return []
        if is_this and not self.serves:  # it crossed our refusal
            self.is_served = True
            return []
        if not is_next or self._early is not None or self.state is State.COMPARING:
            raise Malformed("a summary out of its place")
        self.is_served = True
        self._early = frame
        return self.begin() if self.state is State.RESTING else []

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
        mine = self._mine
        if mine is None or (mine.count, mine.fingerprint) == (theirs.count, theirs.fingerprint):
            self.state, self.is_agreed, self._rounds = State.RESTING, True, 0
            return
        self.state, self.is_agreed = State.EXCHANGING, False
        if mine.count and theirs.count:
            salt = digest(b"mesh short ids", self._salt, self._round.to_bytes(8, "big"))
            held = self._source.ids(self.shared.space)
            self._difference = ListDifference(held, salt, theirs.count)
            self._pages = self._difference.pages()
            self.listed += len(self._difference)
        elif mine.count:
            self._owe(None)

    # --- what comes -----------------------------------------------------------------

    def take_ids(self, frame: ShortIds) -> None:
        """Take a page of the peer's short ids.

        Raises:
            Malformed, TooLarge: It breaks the rules; nothing was taken.
        """
        if self._is_stale(frame.round):
            return
        if self._difference is None:
            raise Malformed("short ids that were not asked for")
        self._difference.take(frame.ids, is_last=frame.is_last)
        if self._difference.is_complete:
            self._owe(self._difference.lacking())

    def take_done(self, frame: Done) -> None:
        """Note that the peer has sent what it owed.

        Raises:
            Malformed: No round is under way.
        """
        if self._is_stale(frame.round):
            return
        if self.state is not State.EXCHANGING or self._has_their_done:
            raise Malformed("done out of its place")
        self._has_their_done = True

    def receive(self, count: int) -> None:
        """Count entries that came."""
        self.received += count
        self._moved += count
        self._unadmitted += 1

    def admit(self) -> None:
        """Note that a batch of entries that came is in the store, or was refused."""
        self._unadmitted -= 1

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

    def give_credentials(self, numbers: Iterable[int]) -> None:
        """Send what shows that we may read, once, as far as a peer takes it."""
        if self._gave_credentials:
            return
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

    def _is_stale(self, number: int) -> bool:
        """Tell whether a frame belongs to a round that a refusal cut short."""
        if number > self._round:
            raise Malformed("a frame of a round that has not begun")
        return number < self._round or (number == self._round and not self.serves)

    def _reset(self) -> None:
        self._difference, self._pages = None, iter(())
        self._has_sent_done = self._has_their_done = self._wants_round = False
        self._moved = 0
