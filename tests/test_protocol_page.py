"""A second reading of the protocol: `docs/protocol.md` is enough to understand real bytes.

Nothing here decodes with the code under test; what it wrote is read by hand, as the page says.
"""

from __future__ import annotations

import hashlib
from base64 import b32decode
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey, VerifyKey

from crdt.rights.authority import Role
from crdt.sync.bundle import write_bundle
from crdt.sync.hello import Direction, SharedSpace
from crdt.sync.receipts import sign_receipt
from crdt.sync.session import SyncSession
from crdt.sync.source import StoreSource
from crdt.tickets import read_ticket
from tests.crdt.people import bytes_for, device_keys
from tests.crdt.village import Villager
from transports.bundle_writer import write_bundle as write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crdt.replica.held_space import HeldSpace
    from crdt.replica.replica import Replica

NO_NONCE = bytes(24)
CHANNEL = bytes(range(16))
HEADER = (1, 1, 32, 32, 8, 32, 16, 4, 4, 32, 32)


def h(purpose: str, *parts: bytes, size: int = 32) -> bytes:
    return blake2b(b"".join(parts), digest_size=size, person=purpose.encode()).digest()


def k(secret: bytes, purpose: str, *parts: bytes) -> bytes:
    return blake2b(b"".join(parts), digest_size=32, key=secret, person=purpose.encode()).digest()


def unpack(data: bytes) -> Any:  # noqa: ANN401 - whatever the bytes say
    return msgspec.msgpack.decode(data)


def pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def public(seed: bytes) -> bytes:
    return bytes(SigningKey(seed).verify_key)


def check(key: bytes, name: str, message: bytes, signature: bytes) -> None:
    VerifyKey(key).verify(f"meshnode 1 {name}\0".encode() + message, signature)


class Read:
    """An entry, taken apart by the page's table."""

    def __init__(self, wire: bytes, epochs: dict[bytes, bytes]) -> None:
        header, signature, skeleton, content = unpack(wire)
        fields, at = [], 0
        for size in HEADER:
            fields.append(header[at : at + size])
            at += size
        assert at == len(header)
        self.id = h("mesh entry", header)
        self.space, self.log, self.sequence, self.previous, epoch = fields[2:7]
        check(self.log, "entry", self.id, signature)
        for part, size, commitment in (
            (skeleton, fields[7], fields[9]),
            (content, fields[8], fields[10]),
        ):
            assert len(part) == int.from_bytes(size, "big")
            assert commitment == (h("mesh part", part) if part else bytes(32))
        key = epochs[epoch] if any(epoch) else None
        self.is_sealed = key is not None
        self.skeleton = unpack(self._open(header, key, b"\0", skeleton, 8))
        self.content = unpack(self._open(header, key, b"\1", content, 16)) if content else None

    def _open(
        self, header: bytes, key: bytes | None, number: bytes, part: bytes, cut: int
    ) -> bytes:
        salt, body = part[:cut], part[cut:]
        if key is None:
            return body
        part_key = k(key, "mesh part key", self.log, self.sequence, number, salt)
        return aead_open(body, header[:130], NO_NONCE, part_key)


class Village:
    """Rosa founded, Ahmed joined with a ticket for two, somebody wrote and took back."""

    def __init__(self, folder: Path) -> None:
        self.rosa, self.ahmed = Villager(folder, "rosa"), Villager(folder, "ahmed")
        community = self.rosa.found()
        self.kept = self.rosa.write("Boil it for three minutes.", "inner")
        doomed = self.rosa.write("I regret this.", "commons")
        self.ticket = self.rosa.ticket(community, Role.READER, uses=2)
        self.ahmed.replica.membership.redeem(read_ticket(self.ticket))
        self.ahmed.meet(self.rosa)
        self.wires = {
            level: self.wires_of(self.rosa.replica, self.rosa.space(level))
            for level in ("inner", "commons")
        }
        self.rosa.withdraw(doomed)
        self.last = self.wires_of(self.rosa.replica, self.rosa.space("commons"))[-1]
        self.epochs = self._epochs()

    @staticmethod
    def wires_of(replica: Replica, held: HeldSpace) -> list[bytes]:
        entries = replica.store.entries
        return entries.wires([stored.number for stored in entries.since(held.space, 0)])

    def _epochs(self) -> dict[bytes, bytes]:
        """Open the epochs with Ahmed's device, as the page says."""
        device = SealedBox(PrivateKey(bytes_for("ahmed laptop", 64)[:32]))
        found: dict[bytes, bytes] = {}
        for kind, skeleton in self.clear("inner"):
            if kind in (9, 10):
                for box in skeleton[4]:
                    try:
                        key = device.decrypt(box)
                    except Exception:
                        continue
                    assert skeleton[3] == h("mesh epoch", key, size=16)
                    found[skeleton[3]] = key
        return found

    def clear(self, level: str) -> Iterator[tuple[int, Any]]:
        for wire in self.wires[level]:
            header, _, skeleton, _ = unpack(wire)
            if not any(header[106:122]):
                read = unpack(skeleton[8:])
                yield read[0], read

    def entries(self, level: str) -> list[Read]:
        return [Read(wire, self.epochs) for wire in self.wires[level]]

    def of_kind(self, level: str, kind: int) -> list[Read]:
        return [entry for entry in self.entries(level) if entry.skeleton[0] == kind]


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Village:
    return Village(tmp_path_factory.mktemp("village"))


def test_keys_are_derived_as_the_page_says(village: Village) -> None:
    entropy, secret = bytes_for("rosa", 16), bytes_for("rosa laptop", 64)
    genesis = village.of_kind("commons", 2)[0]
    certificate = village.of_kind("commons", 1)[0]
    realm = genesis.skeleton[3][0] + bytes([genesis.skeleton[3][1]])

    pseudonym = public(k(k(entropy, "mesh withdraw"), "mesh pseudonym", realm))

    assert genesis.skeleton[3][3] == [pseudonym] == [certificate.skeleton[3]]
    assert certificate.log == public(k(secret, "mesh log", certificate.skeleton[4], realm))
    assert village.rosa.replica.keys.enrolment.member == public(k(entropy, "mesh root"))
    assert genesis.space == h("mesh space", pack(genesis.skeleton[3]))


def test_logs_are_numbered_chained_and_certified(village: Village) -> None:
    for level in ("inner", "commons"):
        last: dict[bytes, Read] = {}
        for entry in village.entries(level):
            before = last.get(entry.log)
            assert int.from_bytes(entry.sequence, "big") == (
                int.from_bytes(before.sequence, "big") + 1 if before else 1
            )
            assert entry.previous == (before.id if before else bytes(32))
            last[entry.log] = entry
        for entry in village.of_kind(level, 1):
            _, _, _, pseudonym, incarnation, era, proof = entry.skeleton
            message = entry.space + entry.log + incarnation + era.to_bytes(4, "big")
            check(pseudonym, "certificate", message, proof)


def test_what_is_clear_and_what_is_sealed(village: Village) -> None:
    assert {e.skeleton[0] for e in village.entries("inner") if not e.is_sealed} == {1, 2, 6, 9, 10}
    assert not any(entry.is_sealed for entry in village.entries("commons"))
    (begin,) = village.of_kind("inner", 32)
    assert begin.content == ["A note", "Boil it for three minutes."]


def test_bindings_are_signed_by_member_device_and_pseudonym(village: Village) -> None:
    bindings = village.of_kind("inner", 4)

    assert len(bindings) == 4
    for entry in bindings:
        space, log, pseudonym, member, device, enrolment, proof, claim = entry.skeleton[3:]
        check(member, "enrolment", device, enrolment)
        check(device[32:], "binding", space + log + pseudonym, proof)
        check(pseudonym, "binding", space + device, claim)


def test_a_ticket_is_read_and_its_join_opened(village: Village) -> None:
    letters = village.ticket.removeprefix("MESH1")
    packed = b32decode(letters + "=" * (-len(letters) % 8))
    body = packed[:-4]
    inner, invite, _, secret, role, uses, _, name, _ = unpack(body)
    (join,) = village.of_kind("inner", 6)
    _, _, cites, key, proof, box = join.skeleton
    author = {entry.log: entry.skeleton[3] for entry in village.of_kind("inner", 1)}[join.log]
    sealing = k(secret, "mesh invite seal")

    joiner, member, device, enrolment, word = unpack(
        aead_open(box[24:], b"", box[:24], k(sealing, "mesh joiner"))
    )

    assert packed[-4:] == h("mesh ticket", body, size=4)
    assert (inner, role, uses, name, joiner) == (join.space, 1, 2, "Ridge", "Ahmed")
    assert key == public(k(secret, "mesh invite"))
    assert cites == [invite]
    check(key, "invite", join.space + author, proof)
    check(member, "enrolment", device, enrolment)
    check(device[32:], "binding", join.space + join.log + author, word)
    (issued,) = village.of_kind("inner", 5)
    assert (issued.id, issued.skeleton[3], issued.content) == (invite, key, [sealing])
    assert [grant.skeleton[5] for grant in village.of_kind("inner", 7)] == [key]


def test_a_withdrawal_is_signed_by_the_pseudonym_that_it_names(village: Village) -> None:
    entry = Read(village.last, {})
    kind, _, _, targets, document, pseudonym, proof, _ = entry.skeleton

    assert kind == 11
    assert document in targets
    message = h("mesh withdrawal", entry.space, document, *targets)
    check(pseudonym, "withdrawal", message, proof)


def test_a_hello_is_opened(village: Village) -> None:
    rosa, held = village.rosa.replica, village.rosa.space("inner")
    shared = SharedSpace(held.space, held.discovery_keys(), needs_proof=True, has_receipts=True)
    nonce = bytes_for("nonce", 16)
    gate: Any = None
    session = SyncSession(
        StoreSource(rosa.store),
        [shared],
        gate,
        device=rosa.keys.device,
        channel_id=CHANNEL,
        direction=Direction.INITIATOR,
        nonce=nonce,
    )
    (said,) = session.start()
    epoch = held.writing_seal()
    assert epoch is not None
    discovery = k(epoch.key, "mesh discovery", held.space)

    number, lowest, highest, spoken, bulk, offers, later = unpack(said.frame)  # type: ignore[union-attr]
    ((tag, box),) = offers
    key = k(discovery, "mesh hello", b"\0", nonce, CHANNEL)
    count, fingerprint, receipts, device, proof = unpack(aead_open(box, CHANNEL, NO_NONCE, key))

    assert (number, lowest, highest, spoken, bulk, later) == (0, 1, 1, nonce, True, b"")
    assert tag == k(discovery, "mesh tag", b"\0", CHANNEL)[:8]
    ids = [entry.id for entry in village.entries("inner")]
    total = sum(int.from_bytes(name, "big") for name in ids) % (1 << 256)
    assert count == len(ids)
    assert fingerprint == h(
        "mesh set", total.to_bytes(32, "big"), count.to_bytes(8, "big"), size=16
    )
    assert receipts == h("mesh receipts", size=16)
    check(device[32:], "hello", b"\0" + held.space + CHANNEL, proof)


def test_a_commons_is_found_by_its_id(village: Village) -> None:
    held = village.rosa.space("commons")

    assert held.discovery_keys() == (k(held.space, "mesh discovery"),)


def test_a_receipt_is_read() -> None:
    secret = bytes_for("rosa laptop", 64)
    signed = sign_receipt(device_keys("rosa").device, 7, 1000, {}, [])
    body, signature = unpack(signed)
    keys, counter, stamp_ms, logs, unfinished = unpack(body)

    assert (counter, stamp_ms, logs, unfinished) == (7, 1000, [], [])
    assert keys[32:] == public(secret[32:])
    assert device_keys("rosa").device.device == hashlib.sha256(keys).digest()[:16]
    check(keys[32:], "receipt", body, signature)


def test_a_bundle_file_is_read(village: Village, tmp_path: Path) -> None:
    held = village.rosa.space("inner")
    shared = SharedSpace(held.space, held.discovery_keys(), needs_proof=True, has_receipts=True)
    source = StoreSource(village.rosa.store)
    write_file(tmp_path / "b", write_bundle(source, [shared], bytes_for("nonce", 16)))

    data = (tmp_path / "b").read_bytes()
    name, at = data[9:25], 25
    frames: list[Any] = []
    while data[at : at + 1] == b"F":
        size = int.from_bytes(data[at + 5 : at + 9], "big")
        frame = data[at + 17 : at + 17 + size]
        wanted = blake2b(data[at : at + 9] + frame, digest_size=8, key=name).digest()
        assert data[at + 1 : at + 5] == len(frames).to_bytes(4, "big")
        assert data[at + 9 : at + 17] == wanted
        frames.append(unpack(frame))
        at += 17 + size
    end = data[at:]

    assert data[:9] == b"MESHBNDL\x01"
    assert end[:9] == b"E" + len(frames).to_bytes(4, "big") + bytes(4)
    assert end[9:] == blake2b(end[:9], digest_size=8, key=name).digest()
    assert frames[0] == [32, 1, bytes_for("nonce", 16), [held.space]]
    pages = [wire for frame in frames if frame[0] == 33 for wire in frame[2]]
    assert {Read(wire, village.epochs).id for wire in pages} == {
        entry.id for entry in village.entries("inner")
    }
    assert frames[-1] == [35, len(pages)]
