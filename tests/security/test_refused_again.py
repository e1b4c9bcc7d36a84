"""What a node refuses is not sent to it again and again."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING

import pytest

from crdt.errors import QuotaSpent
from crdt.ids import device_id
from crdt.replica import quota
from crdt.sync.events import EntriesArrived, SendFrame, Settled
from crdt.sync.frames import Entries, ShortIds, decode_frame
from crdt.sync.hello import Direction
from crdt.sync.session import SyncSession
from crdt.sync.source import StoreSource
from crdt.tickets import read_ticket
from meshnode.peers.refusals import Refusals, admit
from meshnode.record.sharing import Door, shared_spaces
from tests.crdt.village import Villager
from tests.security.test_quota import flood

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.ids import EntryId, SpaceId
    from crdt.sync.events import Event

_channels = count(1)


class Talker:
    """One end of a meeting, as a node drives it."""

    def __init__(self, node: Villager, refusals: Refusals) -> None:
        self.node, self.refusals = node, refusals
        self.outbox: deque[bytes] = deque()
        self.sent: list[bytes] = []
        self.settled: Settled | None = None

    def begin(self, channel: bytes, direction: Direction) -> None:
        replica = self.node.replica
        self.session = SyncSession(
            StoreSource(self.node.store),
            shared_spaces(replica),
            Door(lambda: self.node.replica),
            device=replica.keys.device,
            channel_id=channel,
            direction=direction,
            nonce=channel,
            refused=self.refused,
        )
        self.obey(self.session.start())

    def refused(self, space: SpaceId, device_public: bytes | None) -> list[EntryId]:
        return self.refusals.of(device_id(device_public or bytes(64)), space)

    def obey(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, SendFrame):
                self.outbox.append(event.frame)
                self.sent.append(event.frame)
            elif isinstance(event, EntriesArrived):
                admitted, refused = admit(self.node.replica, event)
                peer = device_id(self.session.peer or bytes(64))
                self.refusals.note(peer, event.space, refused)
                self.node.replica.react()
                self.obey(self.session.admitted(event, len(admitted.new)))
            elif isinstance(event, Settled):
                self.settled = event

    def count(self, kind: type[Entries | ShortIds]) -> int:
        return sum(isinstance(decode_frame(frame), kind) for frame in self.sent)


def talk(*nodes: tuple[Villager, Refusals]) -> tuple[Talker, Talker]:
    one, other = (Talker(*node) for node in nodes)
    channel = next(_channels).to_bytes(16, "big")
    one.begin(channel, Direction.INITIATOR)
    other.begin(channel, Direction.RESPONDER)
    while one.outbox or other.outbox:
        for sender, receiver in ((one, other), (other, one)):
            if sender.outbox:
                receiver.obey(receiver.session.receive(sender.outbox.popleft()))
    return one, other


class Pair:
    """Two nodes of a community; the first holds strangers' entries that the second refuses."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rosa, self.ahmed = Villager(folder, "rosa"), Villager(folder, "ahmed")
        ticket = self.rosa.ticket(self.rosa.found())
        self.ahmed.replica.membership.redeem(read_ticket(ticket))
        self.rosa.meet(self.ahmed)
        self.commons = self.rosa.space("commons")
        assert self.rosa.replica.admit(flood(self.commons, "mallory", 4)).new
        self.refusals = Refusals(), Refusals()
        monkeypatch.setattr(quota.Quota, "check", self._check)
        self.is_full = True

    def _check(self, *asked: object) -> int:
        held = asked[0]  # whose room was asked for
        if self.is_full and held is self.ahmed.space("commons"):
            raise QuotaSpent
        return 0

    def talk(self) -> tuple[Talker, Talker]:
        return talk((self.rosa, self.refusals[0]), (self.ahmed, self.refusals[1]))


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    return Pair(tmp_path, monkeypatch)


def test_what_was_refused_is_sent_once_in_a_meeting(pair: Pair) -> None:
    rosa, ahmed = pair.talk()

    assert rosa.count(Entries) == 1
    assert rosa.count(ShortIds) == ahmed.count(ShortIds) == 1
    assert rosa.settled is not None and pair.commons.space in rosa.settled.differing


def test_what_was_refused_in_one_meeting_is_not_sent_in_the_next(pair: Pair) -> None:
    pair.talk()

    rosa, _ = pair.talk()

    assert rosa.count(Entries) == 0


def test_what_is_new_comes_also_where_something_is_refused(pair: Pair) -> None:
    pair.talk()
    pair.is_full = False
    note = pair.rosa.write("A note.")

    pair.talk()

    assert pair.ahmed.text(note) == "A note."
    summaries = [node.store.spaces.summary(pair.commons.space) for node in (pair.rosa, pair.ahmed)]
    assert summaries[0] != summaries[1]


def test_what_was_refused_comes_once_the_rules_have_changed(pair: Pair) -> None:
    pair.talk()
    pair.is_full = False

    pair.refusals[1].forget([pair.commons.space])
    rosa, ahmed = pair.talk()

    assert rosa.count(Entries) == 1
    assert ahmed.settled is not None and pair.commons.space in ahmed.settled.agreed


def test_what_one_peer_sent_in_vain_another_may_bring(pair: Pair) -> None:
    pair.talk()
    pair.is_full = False
    stranger = bytes(16)

    assert pair.refusals[1].of(pair.rosa.replica.keys.device.device, pair.commons.space)
    assert not pair.refusals[1].of(stranger, pair.commons.space)
