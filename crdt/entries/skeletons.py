"""The kinds of entries and what each skeleton says.

A skeleton is a MessagePack array: its kind, the author's stamp, the control
heads that the author had seen, then the fields of the kind. Kinds 1 to 31 are
*control*: they rule the space they live in. A kind that this software does not
know is stored and forwarded without effect; an unknown control kind closes the
space for writing, because it may forbid what we are about to do.

Freezes with `tests/vectors/skeletons.json`; described in `docs/protocol.md` §3.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec

from crdt.codec import Decoder, WireStruct
from crdt.entries.entry import MAX_SEQUENCE, MAX_SKELETON_BYTES
from crdt.errors import Malformed
from crdt.ids import EntryId

Bytes16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
Stamp = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
"""Milliseconds since 1970 on the author's clock: to show, never to decide."""

Heads = Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=64)]

LAST_CONTROL_KIND = 31


class Kind(IntEnum):
    """Numbers of the kinds; never reused."""

    CERTIFICATE = 1
    GENESIS = 2
    CARD = 3
    BINDING = 4
    INVITE = 5
    JOIN = 6
    GRANT = 7
    REVOCATION = 8
    EPOCH = 9
    SHARE = 10
    WITHDRAWAL = 11
    PROFILE = 12
    BEGIN = 32
    EDIT = 33


class Skeleton(WireStruct, frozen=True):
    """What every skeleton begins with.

    Attributes:
        stamp_ms: The author's clock.
        cites: Newest control entries of the space that the author had seen: its
            standing. Every entry names its own, because any other may be erased,
            missing, or forked.
    """

    stamp_ms: Stamp
    cites: Heads

    @property
    def kind(self) -> Kind:
        """Which kind it is."""
        return Kind(int(self.__struct_config__.tag or 0))


class Signature(WireStruct, frozen=True):
    """One of the signatures under an act of the community (m of n; now one)."""

    signer: Bytes32
    signature: Bytes64


Signatures = Annotated[tuple[Signature, ...], msgspec.Meta(max_length=32)]


# --- control -----------------------------------------------------------------------


class Certificate(Skeleton, frozen=True, tag=int(Kind.CERTIFICATE)):
    """First entry of every log, always clear: who writes it, under which pseudonym.

    Attributes:
        pseudonym: The author's withdrawal key in this space.
        incarnation: Random; new whenever the database is created or restored.
        era: 0: for ever. Otherwise the month whose end drops this log (reserved).
        proof: By the pseudonym over space, log, incarnation and era.
    """

    pseudonym: Bytes32
    incarnation: Bytes16
    era: Count
    proof: Bytes64


class Charter(WireStruct, frozen=True):
    """What makes a space; its hash is the space's id.

    Attributes:
        nonce: Random; the same for all spaces of one community.
        kind: See `crdt.space.SpaceKind`.
        parent: The community's commons, for its other spaces; zeros for the commons.
        founders: Their pseudonyms in this space.
        threshold: How many steward signatures an act needs; now 1.
    """

    nonce: Bytes16
    kind: Count
    parent: Bytes32
    founders: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=16)]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=16)]


class Genesis(Skeleton, frozen=True, tag=int(Kind.GENESIS)):
    """The charter, always clear, in a founder's log."""

    charter: Charter


class Card(Skeleton, frozen=True, tag=int(Kind.CARD)):
    """How the community presents itself; the text stands in the content (`CardText`)."""


class Binding(Skeleton, frozen=True, tag=int(Kind.BINDING)):
    """In `inner` only, sealed: which member and device write a log of this community.

    Attributes:
        space, log, pseudonym: The log that is bound.
        member: Root key.
        device: 64 public bytes.
        enrolment: By the member's root over the device.
        proof: By the device over space, log and pseudonym.
        claim: By the pseudonym over the device, so that nobody binds another's log.
    """

    space: Bytes32
    log: Bytes32
    pseudonym: Bytes32
    member: Bytes32
    device: Bytes64
    enrolment: Bytes64
    proof: Bytes64
    claim: Bytes64


class Invite(Skeleton, frozen=True, tag=int(Kind.INVITE)):
    """A ticket that was handed out.

    Attributes:
        key: Public key whose secret half is in the ticket.
        role: See `crdt.rights.access.Role`.
        uses: 1: a join serves by itself. More: each needs a grant by the issuer.
        expires_ms: On the redeemer's and the granting steward's clocks.
    """

    key: Bytes32
    role: Count
    uses: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    expires_ms: Stamp
    signatures: Signatures


class Join(Skeleton, frozen=True, tag=int(Kind.JOIN)):
    """A ticket redeemed by whoever writes this log; clear in every space.

    Attributes:
        invite: The invite's key.
        proof: By the invite's key over space and pseudonym.
        box: In `inner`: who is joining (`Joiner`), sealed with the invite's
            sealing key; in other spaces empty.
    """

    invite: Bytes32
    proof: Bytes64
    box: Annotated[bytes, msgspec.Meta(max_length=2048)]


class Grant(Skeleton, frozen=True, tag=int(Kind.GRANT)):
    """A role given to a pseudonym in this space.

    Attributes:
        invite: Key of the invite that it answers, or None.
    """

    principal: Bytes32
    role: Count
    invite: Bytes32 | None
    signatures: Signatures


class Cut(WireStruct, frozen=True):
    """The last entry of a log that still counts; number 0 and zeros: none does."""

    log: Bytes32
    sequence: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQUENCE)]
    entry: Bytes32


MAX_CUTS = 256
"""Last entries that one revocation names."""


class Revocation(Skeleton, frozen=True, tag=int(Kind.REVOCATION)):
    """Grants or devices cut off.

    Attributes:
        principal: Whose grants end; None when only devices (their logs) are cut.
        cuts: Last entries that count; a log of the principal that is not named
            counts for nothing.
    """

    principal: Bytes32 | None
    cuts: Annotated[tuple[Cut, ...], msgspec.Meta(max_length=MAX_CUTS)]
    signatures: Signatures


MAX_BOXES = 512
"""Devices that one entry gives a key to: 40 kB."""


class Epoch(Skeleton, frozen=True, tag=int(Kind.EPOCH)):
    """A new key for a sealed space; clear.

    Attributes:
        epoch: Hash of the key.
        boxes: The key sealed to each member device, in random order.
        earlier: The keys of the epochs before it, sealed under this one.
    """

    epoch: Bytes16
    boxes: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(min_length=80, max_length=80)], ...],
        msgspec.Meta(max_length=MAX_BOXES),
    ]
    earlier: Annotated[bytes, msgspec.Meta(max_length=4096)]


class Share(Skeleton, frozen=True, tag=int(Kind.SHARE)):
    """An existing epoch's key for devices that came later; clear."""

    epoch: Bytes16
    boxes: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(min_length=80, max_length=80)], ...],
        msgspec.Meta(min_length=1, max_length=MAX_BOXES),
    ]


class Withdrawal(Skeleton, frozen=True, tag=int(Kind.WITHDRAWAL)):
    """Words taken back; always clear, so that nodes which cannot read obey too.

    Attributes:
        targets: Entries to erase.
        document: Withdrawn whole: its later edits are erased as well, skeletons
            too; None when only the targets' contents go.
        pseudonym: Whose words they are.
        proof: By the pseudonym over document and targets; not over the reason, which
            stands in the content (`WithdrawalText`), if there is one.
        signatures: Of stewards, when the words are somebody else's.
    """

    targets: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=1024)]
    document: Bytes32 | None
    pseudonym: Bytes32
    proof: Bytes64
    signatures: Signatures


class Profile(Skeleton, frozen=True, tag=int(Kind.PROFILE)):
    """How a member wants to be called here; the name stands in the content (`ProfileText`)."""


# --- documents ---------------------------------------------------------------------


class SetField(WireStruct, frozen=True, tag=0):
    """Set a flat field; the value stands in the content."""

    field: Annotated[int, msgspec.Meta(ge=1, le=255)]


class Splice(WireStruct, frozen=True, tag=1):
    """Replace a stretch of the text; the inserted characters stand in the content.

    Attributes:
        position: Code points from the start of the text, as left by the operations before.
        deleted, inserted: Code points; not both zero.
    """

    position: Count
    deleted: Count
    inserted: Count


Operation = SetField | Splice
Operations = Annotated[tuple[Operation, ...], msgspec.Meta(min_length=1, max_length=1024)]


class Begin(Skeleton, frozen=True, tag=int(Kind.BEGIN)):
    """The first edit of a document; its entry's id is the document's id.

    Attributes:
        genre: What the document is; 1: a contribution.
    """

    genre: Count
    operations: Operations


class Edit(Skeleton, frozen=True, tag=int(Kind.EDIT)):
    """A change to a document.

    Attributes:
        document: Which.
        base: The newest edits that its author saw; positions are relative to them.
        base_length: Length of the text there, in code points.
    """

    document: Bytes32
    base: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=64)]
    base_length: Count
    operations: Operations


AnySkeleton = (
    Certificate
    | Genesis
    | Card
    | Binding
    | Invite
    | Join
    | Grant
    | Revocation
    | Epoch
    | Share
    | Withdrawal
    | Profile
    | Begin
    | Edit
)

_DECODE: Decoder[AnySkeleton] = Decoder(AnySkeleton, MAX_SKELETON_BYTES)  # type: ignore[arg-type]
_DECODE_PARTS: Decoder[tuple[msgspec.Raw, ...]] = Decoder(
    tuple[msgspec.Raw, ...], MAX_SKELETON_BYTES
)
_DECODE_HEADS: Decoder[Heads] = Decoder(Heads, MAX_SKELETON_BYTES)
_CITES_PLACE = 2


def decode_skeleton(plain: bytes) -> AnySkeleton:
    """Read a skeleton.

    Raises:
        Malformed: Not a skeleton, or of a kind that this software does not know.
    """
    return _DECODE(plain)


def kind_of(plain: bytes) -> int:
    """Tell the kind of a skeleton, known or not, without reading it.

    Raises:
        Malformed: Not the beginning of a skeleton.
    """
    is_short_array = len(plain) >= 2 and plain[0] & 0xF0 == 0x90
    if not is_short_array or plain[1] >= 0x80:
        raise Malformed("not a skeleton")
    return plain[1]


def cites_of(plain: bytes) -> tuple[EntryId, ...]:
    """Return what an entry rests on, by a skeleton of any kind, known or not.

    Raises:
        Malformed: It does not begin as every skeleton does.
    """
    parts = _DECODE_PARTS(plain)
    if len(parts) <= _CITES_PLACE:
        raise Malformed("not a skeleton")
    return tuple(EntryId(cited) for cited in _DECODE_HEADS(bytes(parts[_CITES_PLACE])))


def is_control(kind: int) -> bool:
    """Whether entries of a kind rule the space they live in."""
    return kind <= LAST_CONTROL_KIND
