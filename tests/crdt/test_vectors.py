"""The formats are frozen: made anew byte for byte, and read by a second, naive reading."""

from __future__ import annotations

import json
import struct
from base64 import b32decode
from hashlib import blake2b, sha256, shake_256
from typing import Any

import pytest
from mnemonic import Mnemonic
from nacl.bindings import crypto_scalarmult_base
from nacl.public import PrivateKey, SealedBox

from crdt.crypto.keys import DeviceKey
from crdt.entries.contents import decode_values
from crdt.entries.skeletons import Kind, decode_skeleton
from crdt.sync.frames import decode_frame
from crdt.sync.receipts import open_receipt
from crdt.tickets import open_joiner, read_ticket
from tests.crdt.naive import named, pack, public_of, signed_by, unsealed
from tests.crdt.people import bytes_for
from tests.crdt.vector_files import FILES, FOLDER, file_of, text_of

KINDS = {
    "certificate": 1,
    "genesis": 2,
    "card": 3,
    "binding": 4,
    "invite": 5,
    "join": 6,
    "grant": 7,
    "revocation": 8,
    "epoch": 9,
    "share": 10,
    "withdrawal": 11,
    "profile": 12,
    "begin": 32,
    "edit": 33,
}


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file_of(name).read_text(encoding="utf-8"))["cases"]
    return found


def case(name: str, of: str) -> dict[str, Any]:
    return next(found for found in cases(name) if found["name"] == of)


def raw(value: Any) -> Any:  # noqa: ANN401 - as wide as JSON
    """Turn what JSON holds into what was packed: hex is bytes, operations have tags."""
    match value:
        case str():
            return bytes.fromhex(value)
        case list():
            return [raw(item) for item in value]
        case {"field": number}:
            return [0, number]
        case {"position": position, "deleted": deleted, "inserted": inserted}:
            return [1, position, deleted, inserted]
        case dict():
            return [raw(item) for item in value.values()]
        case _:
            return value


def number_of(name: str) -> int:
    return KINDS[name.split()[0].strip(",")]


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_made_anew_byte_for_byte(name: str) -> None:
    assert file_of(name).read_text(encoding="utf-8") == text_of(name)


def test_every_file_is_made_by_somebody() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(FILES)


def test_every_kind_has_a_vector() -> None:
    assert {number_of(found["name"]) for found in cases("skeletons")} == set(Kind)


def test_hashes_by_hand() -> None:
    for found in cases("hashes"):
        parts = [bytes.fromhex(part) for part in found["parts"]]
        assert named(found["purpose"], *parts, size=found["size"]).hex() == found["result"]


def test_keys_by_hand() -> None:
    found = {name: raw(value) for name, value in case("keys", "rosa").items() if name not in _TEXTS}
    root = named("mesh root", key=found["entropy"])
    withdraw = named("mesh withdraw", key=found["entropy"])
    secret, public = found["device_secret"], found["device_public"]
    log = named("mesh log", found["incarnation"], found["realm"], key=secret)
    pseudonym = named("mesh pseudonym", found["realm"], key=withdraw)

    assert (root, withdraw) == (found["root_seed"], found["withdrawal_seed"])
    assert public_of(root) == found["member"]
    assert public == crypto_scalarmult_base(secret[:32]) + public_of(secret[32:])
    assert sha256(public).digest()[:16] == found["device"]
    assert signed_by(found["member"], "enrolment", public, found["enrolment"])
    assert found["realm"] == found["nonce"] + b"\x01"
    assert (log, public_of(log)) == (found["log_seed"], found["log"])
    assert public_of(pseudonym) == found["pseudonym"]


_TEXTS = ("name", "words")


def test_recovery_words_by_hand() -> None:
    """BIP 39: the bits of the entropy and the first four of its SHA-256, eleven a word."""
    words = Mnemonic("english").wordlist
    for found in cases("keys"):
        entropy = bytes.fromhex(found["entropy"])
        bits = int.from_bytes(entropy, "big") << 4 | sha256(entropy).digest()[0] >> 4
        places = [bits >> 11 * place & 2047 for place in reversed(range(12))]
        assert found["words"] == " ".join(words[place] for place in places)


def test_signatures_by_hand() -> None:
    for found in cases("signatures"):
        assert bytes.fromhex(found["prefix"]) == f"meshnode 1 {found['name']}\0".encode()
        assert public_of(raw(found["seed"])) == raw(found["public"])
        message, signature = raw(found["message"]), raw(found["signature"])
        assert signed_by(raw(found["public"]), found["name"], message, signature)


def test_spaces_by_hand() -> None:
    for found in cases("spaces"):
        encoded = pack(raw(found["charter"]))
        assert encoded.hex() == found["encoded"]
        assert named("mesh space", encoded).hex() == found["space"]
    commons, inner = cases("spaces")
    open_key = named("mesh discovery", key=raw(commons["space"]))
    epoch_key = named("mesh discovery", raw(inner["space"]), key=raw(inner["epoch_key"]))
    sealing = raw(inner["invite_sealing_key"])
    assert open_key.hex() == commons["discovery_key"]
    assert epoch_key.hex() == inner["epoch_discovery_key"]
    ticket_key = named("mesh discovery", raw(inner["space"]), key=sealing)
    assert ticket_key.hex() == inner["invite_discovery_key"]


@pytest.mark.parametrize("found", cases("entry"), ids=lambda found: str(found["name"]))
def test_entries_by_hand(found: dict[str, Any]) -> None:
    skeleton, content = raw(found["skeleton_part"]), raw(found["content_part"])
    salts = raw(found["salts"])
    header = struct.pack(
        ">BB32s32sQ32s16sII32s32s",
        1,
        found["priority"],
        raw(found["space"]),
        raw(found["log"]),
        found["sequence"],
        raw(found["previous"]),
        raw(found["epoch"]),
        len(skeleton),
        len(content),
        named("mesh part", skeleton),
        named("mesh part", content) if content else bytes(32),
    )
    plain = [_opened(found, header, 0, skeleton, 8), _opened(found, header, 1, content, 16)]

    assert len(header) == 194 and header.hex() == found["header"]
    assert named("mesh entry", header).hex() == found["id"]
    assert signed_by(raw(found["log"]), "entry", raw(found["id"]), raw(found["signature"]))
    assert skeleton[:8] == salts[:8] and content[:16] in (salts[8:], b"")
    assert plain == [raw(found["skeleton"]), raw(found["content"])]
    wire = pack([header, raw(found["signature"]), skeleton, content])
    assert wire.hex() == found["wire"]


def _opened(found: dict[str, Any], header: bytes, part: int, stored: bytes, cut: int) -> bytes:
    if found["epoch_key"] is None or not stored:
        return stored[cut:]
    number = found["sequence"].to_bytes(8, "big")
    context = (raw(found["log"]), number, bytes([part]), stored[:cut])
    key = named("mesh part key", *context, key=raw(found["epoch_key"]))
    return unsealed(key, stored[cut:], header[:130])


@pytest.mark.parametrize("found", cases("skeletons"), ids=lambda found: str(found["name"]))
def test_skeletons_by_hand(found: dict[str, Any]) -> None:
    encoded = pack([number_of(found["name"]), *raw(found["fields"])])

    assert encoded.hex() == found["encoded"]
    assert type(decode_skeleton(encoded)).__name__.lower() in found["name"]


def test_proofs_in_skeletons_by_hand() -> None:
    fields = {found["name"]: found["fields"] for found in cases("skeletons")}
    commons = raw(case("spaces", "commons")["space"])
    inner = raw(case("spaces", "inner")["space"])
    log = raw(case("keys", "rosa")["log"])
    joiner = raw(case("tickets", "a ticket for one")["pseudonym"])

    said = {name: raw(value) for name, value in fields["certificate"].items()}
    message = commons + log + said["incarnation"] + said["era"].to_bytes(4, "big")
    assert signed_by(said["pseudonym"], "certificate", message, said["proof"])

    said = {name: raw(value) for name, value in fields["binding"].items()}
    assert signed_by(said["member"], "enrolment", said["device"], said["enrolment"])
    message = said["space"] + said["log"] + said["pseudonym"]
    assert signed_by(said["device"][32:], "binding", message, said["proof"])
    assert signed_by(said["pseudonym"], "binding", said["space"] + said["device"], said["claim"])

    said = {name: raw(value) for name, value in fields["join in inner"].items()}
    assert signed_by(said["invite"], "invite", inner + joiner, said["proof"])

    for name, document in (("withdrawal", None), ("withdrawal of words", bytes(32))):
        said = {field: raw(value) for field, value in fields[name].items()}
        named_document = said["document"] if document is None else document
        message = named("mesh withdrawal", commons, named_document, *said["targets"])
        assert signed_by(said["pseudonym"], "withdrawal", message, said["proof"])

    signed = raw(fields["grant, signed"])
    ((signer, signature),) = signed[-1]
    message = commons + pack([7, *signed[:-1], []])
    assert signed_by(signer, "act", message, signature)


def test_contents_by_hand() -> None:
    texts = {found["name"]: raw(found["encoded"]) for found in cases("contents")}
    values = ["Wasser 💧", 7, True, None, ["spring", "rain"], -1]

    assert texts["values of an edit"] == pack(values)
    assert decode_values(texts["values of an edit"])[4] == ("spring", "rain")
    assert texts["no values"] == pack([])
    assert texts["card"] == pack(["Ridge", "Up the hill."])
    assert texts["profile"] == pack(["Rosa"])
    assert texts["invite"] == pack([raw(cases("tickets")[0]["sealing_key"])])


def test_epochs_by_hand() -> None:
    (found,) = cases("epochs")
    key, device = raw(found["key"]), raw(found["device_secret"])
    skeleton = [9, found["stamp_ms"], raw(found["cites"]), raw(found["epoch"]), []]
    bound = raw(found["space"]) + raw(found["author"]) + pack([*skeleton, b""])
    earlier = unsealed(named("mesh earlier", key=key), raw(found["earlier"]), bound)

    assert pack([*skeleton, raw(found["earlier"])]).hex() == found["skeleton"]
    assert named("mesh epoch", key, size=16).hex() == found["epoch"]
    assert earlier == pack([raw(found["earlier_keys"])])
    assert SealedBox(PrivateKey(device[:32])).decrypt(raw(found["box"])) == key
    assert DeviceKey(device).open(raw(found["box"])) == key


def test_tickets_by_hand() -> None:
    (found,) = cases("tickets")
    fields, inner = found["fields"], raw(case("spaces", "inner")["space"])
    name = fields.pop("community")
    values = raw(fields)
    packed = pack([*values[:7], name, values[7]])
    letters = found["text"].removeprefix("MESH1")
    body = b32decode(letters + "=" * (-len(letters) % 8))
    secret = raw(fields["secret"])
    sealing = named("mesh invite seal", key=secret)
    box, nonce = raw(found["joiner_box"]), raw(found["joiner_nonce"])

    assert packed.hex() == found["encoded"]
    assert body == packed + named("mesh ticket", packed, size=4)
    assert public_of(named("mesh invite", key=secret)).hex() == found["invite_key"]
    assert sealing.hex() == found["sealing_key"]
    proven = inner + raw(found["pseudonym"])
    assert signed_by(raw(found["invite_key"]), "invite", proven, raw(found["proof"]))
    assert box[:24] == nonce
    opened = unsealed(named("mesh joiner", key=sealing), box[24:], nonce=nonce)
    assert opened == raw(found["joiner"])
    assert read_ticket(found["text"].lower()).community == name
    assert open_joiner(sealing, box).name == "Ahmed"


@pytest.mark.parametrize("found", cases("hello"), ids=lambda found: str(found["name"]))
def test_hellos_by_hand(found: dict[str, Any]) -> None:
    direction, channel, nonce = (raw(found[name]) for name in ("direction", "channel", "nonce"))
    discovery, message = raw(found["discovery_key"]), raw(found["message"])
    box_key = named("mesh hello", direction, nonce, channel, key=discovery)
    proven = direction + raw(found["space"]) + channel

    tag = named("mesh tag", direction, channel, key=discovery)[:8]
    assert tag.hex() == found["tag"]
    assert signed_by(raw(found["device_public"])[32:], "hello", proven, raw(found["proof"]))
    assert unsealed(box_key, raw(found["first_box"]), channel) == message
    second = unsealed(box_key, raw(found["second_box"]), channel, bytes(23) + b"\x01")
    assert second == message


def test_frames_by_hand() -> None:
    found = {name["name"]: raw(name["frame"]) for name in cases("frames")}
    summary = decode_frame(found["summary"])
    fingerprint = summary.fingerprint  # type: ignore[union-attr]

    assert found["goodbye"] == pack([1, 0])
    assert found["summary"] == pack([3, 0, 1, 3, fingerprint])
    assert found["summary that refuses"] == pack([3, 0, 1, 0, None])
    assert found["short ids"] == pack([4, 0, 1, bytes(7) + b"\x01" + bytes(7) + b"\x02", True])
    assert found["entries"].startswith(b"\x93\x05\x00\x92")
    assert found["done"] == pack([6, 0, 1])
    assert found["ack"] == pack([7, 65536])
    tags = [frame[1] for frame in found.values()]
    assert sorted(set(tags)) == list(range(10))


def test_receipts_by_hand() -> None:
    receipt, counters = cases("receipts")
    public = raw(receipt["device_public"])
    opened = open_receipt(raw(receipt["encoded"]))
    log, unfinished = raw(case("keys", "rosa")["log"]), sorted(opened.unfinished)
    runs = [[1, 9, bytes_for("entry 9", 8)], [12, 12, bytes_for("entry 12", 8)]]
    spaces = [[raw(case("spaces", "commons")["space"]), [[log, runs]]]]
    body = pack([public, 7, opened.stamp_ms, spaces, unfinished])
    listed = sorted(counters["counters"].items())

    assert raw(receipt["encoded"]).startswith(b"\x92" + pack(body))
    assert signed_by(public[32:], "receipt", body, raw(receipt["encoded"])[-64:])
    assert raw(counters["encoded"]) == pack([[[raw(name), number] for name, number in listed]])
    together = b"".join(raw(name) + number.to_bytes(8, "big") for name, number in listed)
    assert named("mesh receipts", together, size=16).hex() == counters["digest"]


def test_bundles_by_hand() -> None:
    (found,) = cases("bundle")
    frames, name = raw(found["frames"]), raw(found["file_name"])
    opening, *pages, closing = frames
    records = b""
    for number, frame in enumerate(frames):
        head = b"F" + number.to_bytes(4, "big") + len(frame).to_bytes(4, "big")
        records += head + blake2b(head + frame, digest_size=8, key=name).digest() + frame
    end = b"E" + len(frames).to_bytes(4, "big") + bytes(4)
    end += blake2b(end, digest_size=8, key=name).digest()

    space = raw(case("spaces", "commons")["space"])
    assert opening.startswith(b"\x94\x20\x01") and opening.endswith(pack([space]))
    assert [page[:4] for page in pages] == [b"\x93\x21\x00\x93"]
    carried = [wire for wire in raw(found["entries"]) if wire in pages[0]]
    assert len(carried) == 3
    assert closing == pack([35, 3])
    assert raw(found["file"]) == b"MESHBNDL\x01" + name + records + end


def test_a_meeting_by_hand() -> None:
    (found,) = cases("session")
    said = [(step["by"], raw(step["frame"])) for step in found["said"]]
    headers = [wire[3:197] for wire in raw(found["entries"])]
    ids = [named("mesh entry", header) for header in headers]
    first_ids = next(frame for by, frame in said if by == "responder" and frame[1] == 4)
    salt_parts = [*raw(found["nonces"])]
    total = sum(int.from_bytes(shake_256(name).digest(512), "big") for name in ids) % (1 << 4096)
    counted = total.to_bytes(512, "big") + (4).to_bytes(8, "big")
    given = next(frame for by, frame in said if by == "initiator" and frame[1] == 5)

    assert named("mesh set", counted, size=16).hex() == found["fingerprint"]
    assert said[0][1].startswith(b"\x97\x00\x01\x01" + pack(salt_parts[0]))
    assert [frame[1] for _, frame in said] == [0, 0, 4, 4, 5, 6, 6, 3, 3, 1]
    assert pack(_short_ids(ids[:2], salt_parts)) in first_ids
    missing = raw(found["entries"])[2:]
    assert all(wire in given for wire in missing)
    summary = [3, 0, 2, 4, raw(found["fingerprint"])]
    assert [frame for _, frame in said if frame[1] == 3] == [pack(summary)] * 2


def _short_ids(ids: list[bytes], nonces: list[bytes]) -> bytes:
    """Ids of the first round, hashed with a salt that both sides know, in ascending order."""
    salt = named("mesh short ids", *nonces, (1).to_bytes(8, "big"))
    return b"".join(sorted(blake2b(name, digest_size=8, key=salt).digest() for name in ids))
