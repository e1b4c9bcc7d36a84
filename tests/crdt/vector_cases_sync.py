"""The frozen formats of frames, receipts and bundles, and one whole conversation."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from crdt.certificates import certify
from crdt.codec import encode
from crdt.entries.contents import encode_values
from crdt.entries.entry import Priority, VerifiedEntry, verify
from crdt.ids import EntryId
from crdt.space import SpaceKind, open_discovery_key, realm, sealed_discovery_key
from crdt.store.rows import Run, SpaceRow
from crdt.store.sqlite_store import SqliteStore
from crdt.sync.bundle import write_bundle
from crdt.sync.events import EntriesArrived, Event, SendFrame
from crdt.sync.frames import (
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
    encode_frame,
)
from crdt.sync.hello import (
    Box,
    Direction,
    Introduction,
    SharedSpace,
    encode_introduction,
    prove,
    receipts_digest,
    tag_of,
)
from crdt.sync.receipts import encode_counters, encode_receipts, sign_receipt
from crdt.sync.session import SyncSession
from crdt.sync.source import StoreSource
from tests.crdt.people import bytes_for, device_keys
from tests.crdt.vector_cases import (
    COMMONS,
    COMMONS_LOG,
    EPOCH_KEY,
    INCARNATION,
    INNER,
    KEYS,
    NONCE,
    STAMP_MS,
    Case,
    Cases,
    skeletons_by_name,
    written,
)
from transports.bundle_file import bundle_head, end_record, frame_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHANNEL = bytes_for("channel", 16)
HELLO_NONCE = bytes_for("hello nonce", 16)
INNER_KEY = sealed_discovery_key(EPOCH_KEY, INNER)
INTRODUCTION = Introduction(
    3,
    bytes_for("fingerprint", 16),
    bytes_for("receipts digest", 16),
    KEYS.device.public,
    prove(KEYS.device, Direction.INITIATOR, INNER, CHANNEL),
)
RECEIPT = sign_receipt(
    KEYS.device,
    7,
    STAMP_MS,
    {
        (COMMONS, COMMONS_LOG.log): (
            Run(1, 9, bytes_for("entry 9", 8)),
            Run(12, 12, bytes_for("entry 12", 8)),
        )
    },
    [EntryId(bytes_for("unfinished", 32))],
)


def chain(count: int) -> list[VerifiedEntry]:
    """Write the first entries of Rosa's log in the commons: a certificate and documents."""
    certificate = encode(certify(COMMONS_LOG, COMMONS, STAMP_MS))
    found = [written("entry 1", certificate, b"", priority=Priority.URGENT)]
    begin = encode(skeletons_by_name()["begin"])
    for sequence in range(2, count + 1):
        values = encode_values((f"Title {sequence}", "Boil it."))
        name, previous = f"entry {sequence}", found[-1].id
        found.append(written(name, begin, values, sequence=sequence, previous=previous))
    return found


def frames() -> Cases:
    """One frame of every kind."""
    offer = Offer(bytes_for("tag", 8), bytes_for("box", 48))
    box = Box(INNER_KEY, Direction.INITIATOR, CHANNEL, HELLO_NONCE)
    heard = box.seal(encode_counters({KEYS.device.device: 7}))
    receipts = box.seal(encode_receipts([RECEIPT]))
    samples: dict[str, Frame] = {
        "hello": Hello(1, 1, HELLO_NONCE, takes_bulk=True, offers=(offer,), later=b""),
        "goodbye": Goodbye(Bye.DONE),
        "reoffer": Reoffer((offer,)),
        "summary": Summary(0, 1, 3, bytes_for("fingerprint", 16)),
        "summary that refuses": Summary(0, 1, 0, None),
        "short ids": ShortIds(0, 1, bytes(7) + b"\x01" + bytes(7) + b"\x02", is_last=True),
        "entries": Entries(0, tuple(entry.wire() for entry in chain(2))),
        "done": Done(0, 1),
        "ack": Ack(65536),
        "heard": Heard(0, heard),
        "receipts": Receipts(0, receipts),
    }
    return [{"name": name, "frame": encode_frame(frame).hex()} for name, frame in samples.items()]


def hello() -> Cases:
    """Tags, proofs and boxes, which only those who hold the discovery key can make."""
    cases: Cases = []
    for direction in Direction:
        box = Box(INNER_KEY, direction, CHANNEL, HELLO_NONCE)
        message = encode_introduction(INTRODUCTION)
        cases.append(
            {
                "name": direction.name.lower(),
                "direction": direction.value.hex(),
                "discovery_key": INNER_KEY.hex(),
                "channel": CHANNEL.hex(),
                "nonce": HELLO_NONCE.hex(),
                "tag": tag_of(INNER_KEY, direction, CHANNEL).hex(),
                "space": INNER.hex(),
                "device_public": KEYS.device.public.hex(),
                "proof": prove(KEYS.device, direction, INNER, CHANNEL).hex(),
                "message": message.hex(),
                "first_box": box.seal(message).hex(),
                "second_box": box.seal(message).hex(),
            }
        )
    return cases


def receipts() -> Cases:
    """A signed receipt, the list of counters and its digest."""
    counters = {KEYS.device.device: 7, device_keys("ahmed").device.device: 1}
    return [
        {"name": "receipt", "encoded": RECEIPT.hex(), "device_public": KEYS.device.public.hex()},
        {
            "name": "counters",
            "counters": {device.hex(): number for device, number in counters.items()},
            "encoded": encode_counters(counters).hex(),
            "digest": receipts_digest(counters).hex(),
        },
    ]


class Holder:
    """A node that holds the commons, and serves it to everybody."""

    def __init__(self, entries: Iterable[VerifiedEntry]) -> None:
        self.store = SqliteStore(Path(":memory:"), bytes(32))
        with self.store.writing():
            row = SpaceRow(COMMONS, 1, realm(NONCE, SpaceKind.COMMONS), None, INCARNATION)
            self.store.spaces.add(row)
            for entry in entries:
                self.store.entries.put(entry)

    def may_read(self, space: bytes, device_public: bytes | None) -> bool:
        return True

    def credentials(self, space: bytes) -> Sequence[int]:
        return ()

    def session(self, direction: Direction) -> SyncSession:
        return SyncSession(
            StoreSource(self.store),
            [SharedSpace(COMMONS, (open_discovery_key(COMMONS),), needs_proof=False)],
            self,
            device=None,
            channel_id=CHANNEL,
            direction=direction,
            nonce=bytes_for(f"nonce {direction.name}", 16),
        )


def bundle() -> Cases:
    """Frames of a bundle for everybody, and the file around them."""
    holder = Holder(chain(3))
    shared = SharedSpace(COMMONS, (open_discovery_key(COMMONS),), needs_proof=False)
    inside = list(write_bundle(StoreSource(holder.store), [shared], bytes_for("bundle", 16)))
    holder.store.close()
    name = bytes_for("file name", 16)
    records = [frame_record(name, number, frame) for number, frame in enumerate(inside)]
    whole = bundle_head(name) + b"".join(records) + end_record(name, len(inside))
    return [
        {
            "name": "commons for everybody",
            "entries": [entry.wire().hex() for entry in chain(3)],
            "frames": [frame.hex() for frame in inside],
            "file_name": name.hex(),
            "file": whole.hex(),
        }
    ]


def session() -> Cases:
    """A meeting: the initiator holds four entries, the responder the first two."""
    entries = chain(4)
    ends = {
        direction: Holder(entries if direction is Direction.INITIATOR else entries[:2])
        for direction in Direction
    }
    talks = {direction: holder.session(direction) for direction, holder in ends.items()}
    said: list[Case] = []
    waiting: deque[tuple[Direction, bytes]] = deque()

    def obey(direction: Direction, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case SendFrame(frame=frame):
                    said.append({"by": direction.name.lower(), "frame": frame.hex()})
                    waiting.append((direction.other, frame))
                case EntriesArrived(entries=arrived):
                    with ends[direction].store.writing():
                        for entry in arrived:
                            ends[direction].store.entries.put(verify(entry))
                    obey(direction, talks[direction].admitted(event))
                case _:
                    pass

    for direction in Direction:
        obey(direction, talks[direction].start())
    while waiting:
        to, frame = waiting.popleft()
        obey(to, talks[to].receive(frame))
    obey(Direction.INITIATOR, talks[Direction.INITIATOR].close())
    summaries = {holder.store.spaces.summary(COMMONS) for holder in ends.values()}
    for holder in ends.values():
        holder.store.close()
    (summary,) = summaries
    return [
        {
            "name": "four entries meet two",
            "space": COMMONS.hex(),
            "channel": CHANNEL.hex(),
            "nonces": [bytes_for(f"nonce {direction.name}", 16).hex() for direction in Direction],
            "entries": [entry.wire().hex() for entry in entries],
            "said": said,
            "count": summary.count,
            "fingerprint": summary.fingerprint.hex(),
        }
    ]
