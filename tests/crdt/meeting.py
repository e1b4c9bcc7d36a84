"""Nodes that meet, for tests: real stores in memory, frames carried by hand."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from crdt.entries.entry import Priority, VerifiedEntry, verify
from crdt.ids import ID_BYTES, EntryId, SpaceId
from crdt.space import open_discovery_key
from crdt.store.rows import Put
from crdt.store.sqlite_store import SqliteStore
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
from crdt.sync.hello import Direction, SharedSpace
from crdt.sync.session import SyncSession
from crdt.sync.source import StoreSource
from tests.crdt.writers import KEY, OTHER_SPACE, SPACE, Writer, seeded, space_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

COMMONS = SharedSpace(SPACE, (open_discovery_key(SPACE),), needs_proof=False)
INNER = SharedSpace(OTHER_SPACE, (b"d" * 32,), needs_proof=True, has_receipts=True)

_WITHDRAWAL = b"withdraw"
_channels = count(1)


class Node:
    """A node with one writer per space; withdrawals are skeletons that list ids."""

    def __init__(self, name: str, *spaces: SharedSpace) -> None:
        self.name = name
        self.spaces = spaces or (COMMONS,)
        self.store = SqliteStore(Path(":memory:"), KEY)
        self.writers: dict[SpaceId, Writer] = {}
        self.trusted: set[bytes] | None = None
        self.introduced_by: set[EntryId] = set()
        self.source = StoreSource(self.store)
        with self.store.writing():
            for shared in self.spaces:
                self.store.spaces.add(space_row(shared.space))
                self.writers[shared.space] = Writer(name, shared.space)
        self.device = Writer(name).device

    def write(
        self, content: bytes, space: SpaceId = SPACE, priority: Priority = Priority.DOCUMENT
    ) -> VerifiedEntry:
        entry = self.writers[space].write(content, priority=priority)
        self.admit([entry])
        return entry

    def withdraw(self, *targets: EntryId, space: SpaceId = SPACE) -> VerifiedEntry:
        skeleton = _WITHDRAWAL + b"".join(targets)
        entry = self.writers[space].write(skeleton=skeleton, priority=Priority.URGENT)
        self.admit([entry])
        return entry

    def admit(self, entries: Iterable[VerifiedEntry]) -> None:
        with self.store.writing():
            for entry in entries:
                was = self.store.entries.put(entry)
                skeleton = entry.skeleton or b""
                if was not in (Put.KNOWN, Put.ASIDE) and skeleton[8:].startswith(_WITHDRAWAL):
                    ids = skeleton[8 + len(_WITHDRAWAL) :]
                    starts = range(0, len(ids), ID_BYTES)
                    self.store.erasures.erase(
                        [EntryId(ids[at : at + ID_BYTES]) for at in starts],
                        by=entry.id,
                        space=entry.header.space,
                        owner=None,
                        skeletons=True,
                    )

    # The gate: trusts everybody unless `trusted` says otherwise.

    def may_read(self, space: SpaceId, device_public: bytes | None) -> bool:
        return device_public is not None and (self.trusted is None or device_public in self.trusted)

    def credentials(self, space: SpaceId) -> list[int]:
        own = [self.store.entries.get(entry.id) for entry in self.writers[space].written]
        return [stored.number for stored in own if stored is not None]

    def holds(self, space: SpaceId = SPACE) -> set[EntryId]:
        return {name for name, _ in self.store.entries.ids(space)}


@dataclass
class End:
    """One node's end of a meeting, and what its session asked for."""

    node: Node
    session: SyncSession
    outbox: deque[bytes] = field(default_factory=deque)
    events: list[Event] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    on_admission: Callable[[EntriesArrived], None] | None = None

    def obey(self, events: Sequence[Event]) -> None:
        for event in events:
            self.events.append(event)
            match event:
                case SendFrame(frame=frame):
                    assert 0 < len(frame) <= 64 * 1024
                    self.outbox.append(frame)
                    self.sent.append(frame)
                case EntriesArrived(entries=entries):
                    self.node.admit(verify(entry) for entry in entries)
                    if self.on_admission is not None:
                        self.on_admission(event)
                    self.obey(self.session.admitted(event))
                case ReceiptsArrived(space=space, receipts=receipts):
                    with self.node.store.writing():
                        for receipt in receipts:
                            self.node.store.receipts.put(
                                space, receipt.device, receipt.counter, receipt.signed
                            )
                case PeerProven() | Progress() | Settled() | Ended():
                    pass

    def last_settled(self) -> Settled | None:
        found = [event for event in self.events if isinstance(event, Settled)]
        return found[-1] if found else None


class Meeting:
    """Two nodes on one link that carries frames whole, in order, until it is cut."""

    def __init__(self, one: Node, other: Node, **options: object) -> None:
        self.channel_id = b"channel %08d" % next(_channels)
        self.frames = 0
        self.one = self._end(one, Direction.INITIATOR, options)
        self.other = self._end(other, Direction.RESPONDER, options)
        self.one.obey(self.one.session.start())
        self.other.obey(self.other.session.start())

    def _end(self, node: Node, direction: Direction, options: dict[str, object]) -> End:
        session = SyncSession(
            node.source,
            node.spaces,
            node,
            device=node.device,
            channel_id=self.channel_id,
            direction=direction,
            nonce=seeded(node.name, self.channel_id, size=16),
            **options,  # type: ignore[arg-type]
        )
        return End(node, session)

    def run(self, most_frames: int = 10_000) -> Meeting:
        """Carry frames both ways until there are none, or the link is cut."""
        while self.one.outbox or self.other.outbox:
            for sender, receiver in ((self.one, self.other), (self.other, self.one)):
                if not sender.outbox:
                    continue
                if self.frames == most_frames:
                    return self
                self.frames += 1
                receiver.obey(receiver.session.receive(sender.outbox.popleft()))
        return self


def meet(one: Node, other: Node, **options: object) -> Meeting:
    return Meeting(one, other, **options).run()
