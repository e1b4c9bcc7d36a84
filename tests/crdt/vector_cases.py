"""The frozen formats of keys, ids and entries, as `tests/vectors/` keeps them.

Everything is made from named bytes (`bytes_for`), so it is the same on every run.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec.structs import asdict
from nacl.bindings import crypto_box, crypto_scalarmult_base

from crdt.certificates import bind, certify, prove_device
from crdt.codec import encode
from crdt.crypto.keys import DeviceKey, MemberKey, derive, withdrawal_key
from crdt.crypto.recovery import words_of
from crdt.crypto.signing import Domain, SigningKey
from crdt.entries.authoring import SALTS_BYTES, Position, Seal, author
from crdt.entries.contents import (
    CardText,
    InviteSecret,
    Joiner,
    ProfileText,
    WithdrawalText,
    encode_values,
)
from crdt.entries.entry import Priority, VerifiedEntry
from crdt.entries.keyring import write_epoch
from crdt.entries.skeletons import (
    Begin,
    Card,
    Charter,
    Cut,
    Edit,
    Epoch,
    Genesis,
    Grant,
    Invite,
    Join,
    Profile,
    Revocation,
    SetField,
    Share,
    Signature,
    Skeleton,
    Splice,
)
from crdt.ids import NO_ENTRY, DocumentId, EntryId, SpaceId, digest, epoch_id
from crdt.rights.authority import act_message
from crdt.space import (
    SpaceKind,
    commons_charter,
    inner_charter,
    open_discovery_key,
    realm,
    sealed_discovery_key,
    space_id,
)
from crdt.tickets import Ticket, invite_discovery_key, seal_joiner
from crdt.withdrawals import withdraw
from tests.crdt.people import bytes_for, device_keys

if TYPE_CHECKING:
    from crdt.crypto.keys import DeviceKeys, LogKeys

Case = dict[str, object]
Cases = list[Case]

STAMP_MS = 1_700_000_000_000
NONCE = bytes_for("community nonce", 16)
INCARNATION = bytes_for("incarnation", 16)
EPOCH_KEY = bytes_for("epoch key", 32)
KEYS: DeviceKeys = device_keys("rosa")
COMMONS_LOG: LogKeys = KEYS.log(realm(NONCE, SpaceKind.COMMONS), INCARNATION)
INNER_LOG: LogKeys = KEYS.log(realm(NONCE, SpaceKind.INNER), INCARNATION)
COMMONS_CHARTER = commons_charter(NONCE, COMMONS_LOG.pseudonym)
COMMONS = space_id(COMMONS_CHARTER)
INNER_CHARTER = inner_charter(NONCE, COMMONS, INNER_LOG.pseudonym)
INNER = space_id(INNER_CHARTER)
HEADS = (EntryId(bytes_for("head one", 32)), EntryId(bytes_for("head two", 32)))
TICKET = Ticket(
    inner=INNER,
    invite=bytes_for("invite entry", 32),
    nonce=NONCE,
    secret=bytes_for("ticket secret", 16),
    role=2,
    uses=1,
    expires_s=1_700_604_800,
    community="Ridge",
    address=bytes_for("destination", 16),
)
AHMED: DeviceKeys = device_keys("ahmed")
AHMED_LOG: LogKeys = AHMED.log(realm(NONCE, SpaceKind.INNER), INCARNATION)
JOINER = Joiner(
    "Ahmed",
    AHMED.enrolment.member,
    AHMED.enrolment.device_public,
    AHMED.enrolment.signature,
    prove_device(AHMED, INNER, AHMED_LOG),
)


def hashes() -> Cases:
    """BLAKE2b with a personalisation, plain and keyed."""
    return [
        {
            "name": "digest of two parts",
            "purpose": "mesh part",
            "parts": ["01", "0203"],
            "size": 32,
            "result": digest(b"mesh part", b"\x01", b"\x02\x03").hex(),
        },
        {
            "name": "short digest",
            "purpose": "mesh ticket",
            "parts": [""],
            "size": 4,
            "result": digest(b"mesh ticket", b"", size=4).hex(),
        },
        {
            "name": "epoch id",
            "purpose": "mesh epoch",
            "parts": [EPOCH_KEY.hex()],
            "size": 16,
            "result": epoch_id(EPOCH_KEY).hex(),
        },
    ]


def keys() -> Cases:
    """From recovery words to every key that rests on them."""
    entropy, secret = bytes_for("rosa", 16), bytes_for("rosa laptop", 64)
    member, device = MemberKey(entropy), DeviceKey(secret)
    enrolment = member.enrol(device.public)
    commons = realm(NONCE, SpaceKind.COMMONS)
    return [
        {
            "name": "rosa",
            "entropy": entropy.hex(),
            "words": " ".join(words_of(entropy)),
            "root_seed": derive(entropy, b"mesh root").hex(),
            "member": member.member.hex(),
            "withdrawal_seed": member.withdrawal_seed.hex(),
            "device_secret": secret.hex(),
            "device_public": device.public.hex(),
            "device": device.device.hex(),
            "enrolment": enrolment.signature.hex(),
            "nonce": NONCE.hex(),
            "realm": commons.hex(),
            "incarnation": INCARNATION.hex(),
            "log_seed": derive(secret, b"mesh log", INCARNATION, commons).hex(),
            "log": COMMONS_LOG.log.hex(),
            "pseudonym": withdrawal_key(member.withdrawal_seed, commons).public.hex(),
        },
        {
            "name": "all zeros",
            "entropy": bytes(16).hex(),
            "words": " ".join(words_of(bytes(16))),
        },
    ]


def signatures() -> Cases:
    """One message signed for every purpose: no signature fits another."""
    key = SigningKey(bytes_for("signer", 32))
    return [
        {
            "name": domain.name.lower(),
            "seed": bytes_for("signer", 32).hex(),
            "public": key.public.hex(),
            "prefix": domain.value.hex(),
            "message": b"message".hex(),
            "signature": key.sign(domain, b"message").hex(),
        }
        for domain in Domain
    ]


def spaces() -> Cases:
    """Charters, ids and discovery keys of a community's two spaces."""
    charters = ((COMMONS_CHARTER, COMMONS), (INNER_CHARTER, INNER))
    cases: Cases = [
        {
            "name": SpaceKind(charter.kind).name.lower(),
            "charter": _plain(charter),
            "encoded": encode(charter).hex(),
            "space": name.hex(),
        }
        for charter, name in charters
    ]
    sealing = TICKET.sealing
    cases[0]["discovery_key"] = open_discovery_key(COMMONS).hex()
    cases[1] |= {
        "epoch_key": EPOCH_KEY.hex(),
        "epoch_discovery_key": sealed_discovery_key(EPOCH_KEY, INNER).hex(),
        "invite_sealing_key": sealing.hex(),
        "invite_discovery_key": invite_discovery_key(sealing, INNER).hex(),
    }
    return cases


def written(
    name: str,
    skeleton: bytes,
    content: bytes,
    *,
    log: LogKeys = COMMONS_LOG,
    space: SpaceId = COMMONS,
    sequence: int = 1,
    previous: bytes = NO_ENTRY,
    priority: Priority = Priority.DOCUMENT,
    seal: Seal | None = None,
) -> VerifiedEntry:
    """Write an entry with named salts."""
    return author(
        log,
        Position(space, sequence, EntryId(previous)),
        priority,
        skeleton,
        content,
        salts=bytes_for(f"salts {name}", SALTS_BYTES),
        seal=seal,
    )


def entries() -> Cases:
    """Header, parts, id, signature and wire form; clear, sealed, and without content."""
    seal = Seal(epoch_id(EPOCH_KEY), EPOCH_KEY)
    begin = encode(skeletons_by_name()["begin"])
    values = encode_values(("Spring water", "Boil it."))
    previous = bytes_for("previous", 32)
    certificate = encode(certify(COMMONS_LOG, COMMONS, STAMP_MS))
    clear = written("clear", begin, values, sequence=2, previous=previous)
    sealed = written(
        "sealed",
        begin,
        values,
        log=INNER_LOG,
        space=INNER,
        sequence=7,
        previous=previous,
        seal=seal,
    )
    first = written("no content", certificate, b"", priority=Priority.URGENT)
    samples = (
        ("clear", clear, begin, values),
        ("sealed", sealed, begin, values),
        ("no content", first, certificate, b""),
    )
    return [
        {
            "name": name,
            "space": entry.header.space.hex(),
            "log": entry.header.log.hex(),
            "sequence": entry.header.sequence,
            "previous": entry.header.previous.hex(),
            "epoch": entry.header.epoch.hex(),
            "epoch_key": EPOCH_KEY.hex() if entry.header.is_sealed else None,
            "priority": int(entry.header.priority),
            "salts": bytes_for(f"salts {name}", SALTS_BYTES).hex(),
            "skeleton": plain.hex(),
            "content": content.hex(),
            "skeleton_part": _hex(entry.skeleton),
            "content_part": _hex(entry.content),
            "header": entry.raw_header.hex(),
            "id": entry.id.hex(),
            "signature": entry.signature.hex(),
            "wire": entry.wire().hex(),
        }
        for name, entry, plain, content in samples
    ]


def skeletons_by_name() -> dict[str, Skeleton]:
    """One skeleton of every kind, and variants where a field may be missing."""
    invite_key = TICKET.signing.public
    steward = SigningKey(bytes_for("steward", 32))
    grant = Grant(STAMP_MS, HEADS, bytes_for("ahmed", 32), 2, invite_key, ())
    signed = steward.sign(Domain.ACT, act_message(COMMONS, grant))
    box = bytes_for("ephemeral key", 32) + bytes_for("sealed epoch key", 48)
    document = bytes_for("document", 32)
    targets = [EntryId(bytes_for(f"target {number}", 32)) for number in range(2)]
    return {
        "certificate": certify(COMMONS_LOG, COMMONS, STAMP_MS),
        "genesis": Genesis(STAMP_MS, (), COMMONS_CHARTER),
        "card": Card(STAMP_MS, HEADS),
        "binding": bind(KEYS, COMMONS, COMMONS_LOG, STAMP_MS),
        "invite": Invite(STAMP_MS, HEADS, invite_key, 2, 1, STAMP_MS + 604_800_000, ()),
        "join in inner": Join(
            STAMP_MS,
            (TICKET.invite,),
            invite_key,
            TICKET.prove(INNER, AHMED_LOG.pseudonym),
            seal_joiner(TICKET.sealing, JOINER, bytes_for("joiner nonce", 24)),
        ),
        "join in commons": Join(
            STAMP_MS, HEADS[:1], invite_key, TICKET.prove(COMMONS, COMMONS_LOG.pseudonym), b""
        ),
        "grant": grant,
        "grant, signed": Grant(
            STAMP_MS,
            HEADS,
            grant.principal,
            grant.role,
            grant.invite,
            (Signature(steward.public, signed),),
        ),
        "revocation": Revocation(
            STAMP_MS, HEADS, grant.principal, (Cut(COMMONS_LOG.log, 9, document),), ()
        ),
        "revocation of a device": Revocation(
            STAMP_MS, HEADS, None, (Cut(COMMONS_LOG.log, 0, NO_ENTRY),), ()
        ),
        "epoch": Epoch(STAMP_MS, HEADS, epoch_id(EPOCH_KEY), (box,), bytes_for("earlier", 51)),
        "share": Share(STAMP_MS, HEADS, epoch_id(EPOCH_KEY), (box,)),
        "withdrawal": withdraw(
            COMMONS_LOG.withdrawal, COMMONS, targets, DocumentId(document), STAMP_MS
        ),
        "withdrawal of words": withdraw(COMMONS_LOG.withdrawal, COMMONS, targets, None, STAMP_MS),
        "profile": Profile(STAMP_MS, HEADS),
        "begin": Begin(STAMP_MS, HEADS, 1, (SetField(1), Splice(0, 0, 8))),
        "edit": Edit(STAMP_MS, HEADS, document, (document,), 8, (Splice(4, 3, 0), SetField(2))),
    }


def skeletons() -> Cases:
    """Every kind as encoded, beside its fields."""
    return [
        {"name": name, "fields": _plain(skeleton), "encoded": encode(skeleton).hex()}
        for name, skeleton in skeletons_by_name().items()
    ]


def epochs() -> Cases:
    """An epoch key, the keys before it, and a box with a fixed ephemeral key."""
    earlier = (bytes_for("epoch key 2", 32), bytes_for("epoch key 1", 32))
    epoch = write_epoch(
        EPOCH_KEY,
        (),
        earlier,
        space=INNER,
        author=INNER_LOG.pseudonym,
        cites=HEADS,
        stamp_ms=STAMP_MS,
    )
    ephemeral = bytes_for("ephemeral", 32)
    public, device = crypto_scalarmult_base(ephemeral), KEYS.device
    nonce = blake2b(public + device.public[:32], digest_size=24).digest()
    box = public + crypto_box(EPOCH_KEY, nonce, device.public[:32], ephemeral)
    return [
        {
            "name": "two epochs before it",
            "key": EPOCH_KEY.hex(),
            "epoch": epoch.epoch.hex(),
            "earlier_keys": [key.hex() for key in earlier],
            "space": INNER.hex(),
            "author": INNER_LOG.pseudonym.hex(),
            "stamp_ms": STAMP_MS,
            "cites": [cited.hex() for cited in HEADS],
            "skeleton": encode(epoch).hex(),
            "earlier": epoch.earlier.hex(),
            "device_secret": device.secret.hex(),
            "ephemeral_secret": ephemeral.hex(),
            "box": box.hex(),
        }
    ]


def contents() -> Cases:
    """What contents say: values of edits, and texts of control entries."""
    values = ("Wasser 💧", 7, True, None, ("spring", "rain"), -1)
    texts = {
        "values of an edit": encode_values(values),
        "no values": encode_values(()),
        "card": encode(CardText("Ridge", "Up the hill.")),
        "profile": encode(ProfileText("Rosa")),
        "withdrawal": encode(WithdrawalText("It was wrong.")),
        "invite": encode(InviteSecret(TICKET.sealing)),
        "joiner": encode(JOINER),
    }
    return [{"name": name, "encoded": text.hex()} for name, text in texts.items()]


def tickets() -> Cases:
    """A ticket, what it derives, and the box of whoever redeems it."""
    nonce = bytes_for("joiner nonce", 24)
    return [
        {
            "name": "a ticket for one",
            "fields": _plain(TICKET),
            "encoded": encode(TICKET).hex(),
            "text": TICKET.text(),
            "invite_key": TICKET.signing.public.hex(),
            "sealing_key": TICKET.sealing.hex(),
            "pseudonym": AHMED_LOG.pseudonym.hex(),
            "proof": TICKET.prove(INNER, AHMED_LOG.pseudonym).hex(),
            "joiner": encode(JOINER).hex(),
            "joiner_nonce": nonce.hex(),
            "joiner_box": seal_joiner(TICKET.sealing, JOINER, nonce).hex(),
        }
    ]


def _plain(struct: object) -> object:
    """Turn a struct into what JSON can hold: bytes as hex."""
    match struct:
        case bytes():
            return struct.hex()
        case tuple() | list():
            return [_plain(item) for item in struct]
        case Charter() | Skeleton() | Ticket() | Cut() | Signature() | SetField() | Splice():
            return {name: _plain(value) for name, value in asdict(struct).items()}
        case _:
            return struct


def _hex(part: bytes | None) -> str | None:
    return None if part is None else part.hex()
