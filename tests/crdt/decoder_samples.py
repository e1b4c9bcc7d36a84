"""One good sample for everything that reads bytes from outside, for tests to spoil."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

import crdt
import knowledge
import meshnode
import transports
from crdt.codec import Decoder, encode
from crdt.documents import cache
from crdt.documents.document import EditFacts
from crdt.documents.replay import replay
from crdt.entries.contents import decode_values
from crdt.entries.entry import decode_entry, decode_header, verify
from crdt.entries.skeletons import Begin, Splice, cites_of, decode_skeleton, kind_of
from crdt.ids import DocumentId, EntryId, Pseudonym
from crdt.sync.frames import decode_frame
from crdt.sync.hello import Direction, SharedSpace, read_introduction
from crdt.sync.receipts import decode_counters, decode_receipts, encode_receipts, open_receipt
from crdt.tickets import open_joiner, read_ticket
from tests.crdt import vector_cases as core
from tests.crdt import vector_cases_sync as sync
from tests.crdt.people import bytes_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEALED_SAMPLES = tuple(encode(skeleton) for skeleton in core.skeletons_by_name().values())
FRAMES = tuple(bytes.fromhex(str(case["frame"])) for case in sync.frames())
BUNDLE = sync.bundle()[0]
BUNDLE_FRAMES = tuple(bytes.fromhex(frame) for frame in BUNDLE["frames"])  # type: ignore[attr-defined]
BUNDLE_FILE = bytes.fromhex(str(BUNDLE["file"]))
CLEAR, SEALED, BARE = (bytes.fromhex(str(case["wire"])) for case in core.entries())
VALUES = bytes.fromhex(str(core.contents()[0]["encoded"]))


def _cached() -> bytes:
    text = Begin(1, (), 1, (Splice(0, 0, 3),))
    facts = EditFacts(EntryId(bytes(32)), Pseudonym(bytes(32)), 1, text, ("one",), True)
    return cache.save(replay(DocumentId(bytes(32)), [facts]))


_RECEIPT_OUTER = msgspec.msgpack.decode(sync.RECEIPT)

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "crdt.documents.cache._DECODE": (_cached(),),
    "crdt.entries.entry._DECODE": (CLEAR, SEALED, BARE),
    "crdt.entries.keyring._DECODE_EARLIER": (encode([[bytes(32), bytes_for("key", 32)]]),),
    "crdt.entries.skeletons._DECODE": SEALED_SAMPLES,
    "crdt.entries.skeletons._DECODE_PARTS": SEALED_SAMPLES,
    "crdt.entries.skeletons._DECODE_HEADS": (encode(list(core.HEADS)),),
    "crdt.entries.contents._DECODE_VALUES": (VALUES,),
    "crdt.replica.interpreter._CARD": (encode(["Ridge", "Up the hill."]),),
    "crdt.replica.interpreter._PROFILE": (encode(["Rosa"]),),
    "crdt.replica.interpreter._SECRET": (encode([bytes(32)]),),
    "crdt.replica.membership._REDEEMED": (encode([core.TICKET, "Ahmed"]),),
    "crdt.replica.library._DECODE_REASON": (encode(["It was wrong."]),),
    "crdt.sync.bundle._DECODE": BUNDLE_FRAMES,
    "crdt.sync.frames._DECODE": FRAMES,
    "crdt.sync.hello._DECODE": (encode(sync.INTRODUCTION),),
    "crdt.sync.receipts._DECODE_SIGNED": (sync.RECEIPT,),
    "crdt.sync.receipts._DECODE_BODY": (_RECEIPT_OUTER[0],),
    "crdt.sync.receipts._DECODE_COUNTERS": (encode([[[bytes(16), 7]]]),),
    "crdt.sync.receipts._DECODE_LIST": (encode_receipts([sync.RECEIPT]),),
    "crdt.tickets._DECODE": (encode(core.TICKET),),
    "crdt.tickets._DECODE_JOINER": (encode(core.JOINER),),
    "meshnode.home.keystore._DECODE": (
        encode(["Rosa", bytes(64), bytes(32), bytes(32), bytes(64), bytes(32)]),
    ),
    "meshnode.peers.peer_book._DECODE": (encode([True, "Rosa", "00", 1, 2, 3]),),
}
"""Good bytes for every `Decoder` that a module keeps, by its name."""

IN_JSON = frozenset(
    {"knowledge.model.messages._request_decoder", "knowledge.model.messages._reply_decoder"}
)
"""Decoders of other formats, which have readers below."""


@dataclass(frozen=True)
class Reader:
    """Something that reads bytes from outside."""

    name: str
    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]


def kept_decoders() -> dict[str, Any]:
    """Find every decoder that a module of ours keeps."""
    found: dict[str, Any] = {}
    for package in (crdt, transports, knowledge, meshnode):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            try:
                imported = importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                if error.name != "llama_cpp":  # a node without the model is a whole node
                    raise
                continue
            for name, value in vars(imported).items():
                if isinstance(value, Decoder | msgspec.json.Decoder | msgspec.msgpack.Decoder):
                    found[f"{module.name}.{name}"] = value
    return found


def readers() -> Iterator[Reader]:
    """Give every decoder, and every function that checks more than a shape."""
    decoders = kept_decoders()
    for name, samples in SAMPLES.items():
        if name in decoders:
            yield Reader(name, decoders[name], samples)
    shared = SharedSpace(core.INNER, (sync.INNER_KEY,), needs_proof=True)
    box = bytes.fromhex(str(core.tickets()[0]["joiner_box"]))
    introduction = encode(sync.INTRODUCTION)
    sealed_key = bytes.fromhex(str(core.epochs()[0]["box"]))
    yield Reader("decode_entry", decode_entry, (CLEAR, SEALED, BARE))
    yield Reader("verify", lambda data: verify(decode_entry(data)), (CLEAR, SEALED, BARE))
    yield Reader("decode_header", decode_header, (CLEAR[3:197], SEALED[3:197]))
    yield Reader("decode_skeleton", decode_skeleton, SEALED_SAMPLES)
    yield Reader("kind_of", kind_of, SEALED_SAMPLES)
    yield Reader("cites_of", cites_of, SEALED_SAMPLES)
    yield Reader("decode_values", decode_values, (VALUES,))
    yield Reader("decode_frame", decode_frame, FRAMES)
    yield Reader("open_receipt", open_receipt, (sync.RECEIPT,))
    yield Reader("decode_receipts", decode_receipts, (encode_receipts([sync.RECEIPT]),))
    yield Reader("decode_counters", decode_counters, (encode([[[bytes(16), 7]]]),))
    yield Reader("open_joiner", lambda data: open_joiner(core.TICKET.sealing, data), (box,))
    yield Reader(
        "read_ticket",
        lambda data: read_ticket(data.decode("latin-1")),
        (core.TICKET.text().encode(),),
    )
    yield Reader(
        "read_introduction",
        lambda data: read_introduction(Direction.INITIATOR, shared, sync.CHANNEL, data),
        (introduction,),
    )
    yield Reader("DeviceKey.open", core.KEYS.device.open, (sealed_key,))
