"""Roles, what each kind of entry needs, and control entries as `crdt.rights.access` judges them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from crdt.codec import encode
from crdt.crypto.signing import Domain, check_signature
from crdt.entries.skeletons import Grant, Invite, Join, Kind, Revocation
from crdt.errors import BadSignature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.entries.skeletons import AnySkeleton
    from crdt.ids import EntryId, LogId, Pseudonym, SpaceId


class Role(IntEnum):
    """What somebody may do in a space; each includes the ones below."""

    READER = 1
    CONTRIBUTOR = 2
    STEWARD = 3
    FOUNDER = 4


NEEDS: Mapping[Kind, Role | None] = MappingProxyType(
    {
        Kind.CERTIFICATE: None,
        Kind.GENESIS: None,
        Kind.CARD: Role.STEWARD,
        Kind.BINDING: Role.READER,
        Kind.INVITE: Role.STEWARD,
        Kind.JOIN: None,  # it rests on its invite
        Kind.GRANT: Role.STEWARD,
        Kind.REVOCATION: Role.STEWARD,  # but anybody may cut off devices of their own
        Kind.EPOCH: Role.CONTRIBUTOR,
        Kind.SHARE: Role.READER,
        Kind.WITHDRAWAL: None,  # of one's own words; `crdt.withdrawal` checks whose they are
        Kind.PROFILE: Role.READER,
        Kind.BEGIN: Role.CONTRIBUTOR,
        Kind.EDIT: Role.CONTRIBUTOR,
    }
)
"""The least role that gives an entry effect; None: it needs none."""

ACTS = frozenset({Kind.INVITE, Kind.JOIN, Kind.GRANT, Kind.REVOCATION})
"""The kinds that decide who may do what."""

Act = Invite | Join | Grant | Revocation


def may_hand_out(holder: Role, role: int) -> bool:
    """Whether a role may raise somebody to another: founders to any, stewards up to their own."""
    return holder >= Role.STEWARD and Role.READER <= role <= holder


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands, or would.

    Attributes:
        sequence: Its number in its log.
        entry: Which it is, of several with one number; None: it is not written yet.
    """

    log: LogId
    sequence: int
    entry: EntryId | None = None


END_OF_LOG = (1 << 63) - 1
"""Beyond every number in a log: asks what its author may do next."""


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """A control entry as its skeleton, header and log's certificate tell it.

    Attributes:
        log, sequence: Where it stands.
        pseudonym: Who wrote it, by the log's certificate.
        skeleton: None when this software does not know the kind.
        cites: Control heads that its author had seen.
        kind: Number of the kind, known or not.
    """

    id: EntryId
    log: LogId
    sequence: int
    pseudonym: Pseudonym
    skeleton: AnySkeleton | None
    cites: tuple[EntryId, ...]
    kind: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.log, self.sequence, self.id)


def act_message(space: SpaceId, skeleton: Grant | Invite | Revocation) -> bytes:
    """Return what the signatures of an act cover: the space, then the act without them."""
    return space + encode(replace(skeleton, signatures=()))


def check_act_signatures(
    space: SpaceId, skeleton: Grant | Invite | Revocation, author: Pseudonym
) -> frozenset[bytes]:
    """Return who stands behind an act: its author, and everybody who signed it.

    Raises:
        BadSignature: One of the signatures is not by whom it names.
    """
    if skeleton.signatures:
        message = act_message(space, skeleton)
        for item in skeleton.signatures:
            check_signature(item.signer, Domain.ACT, message, item.signature)
    return frozenset({author, *(item.signer for item in skeleton.signatures)})


def proves_invitation(space: SpaceId, join: Join, joiner: Pseudonym) -> bool:
    """Whether whoever joins held the secret of the invite that the join names."""
    try:
        check_signature(join.invite, Domain.INVITE, space + joiner, join.proof)
    except BadSignature:
        return False
    return True
