"""Control entries for tests: a space whose people act, each knowing what they say they know."""

from __future__ import annotations

from crdt.crypto.signing import Domain, SigningKey
from crdt.entries.skeletons import (
    AnySkeleton,
    Charter,
    Cut,
    Grant,
    Invite,
    Join,
    Kind,
    Profile,
    Revocation,
    Signature,
)
from crdt.ids import EntryId, LogId, Pseudonym, SpaceId, digest
from crdt.rights.access import Access, ControlEntry, Role
from crdt.rights.authority import Place, act_message

SPACE = SpaceId(b"S" * 32)
NOBODY = bytes(32)


class Unforked:
    """No log was written twice."""

    def stands(self, place: Place, tip: EntryId) -> bool:
        return True


class Person:
    """Somebody with a log; a second machine is a second person of the same pseudonym."""

    def __init__(self, name: str, machine: str = "") -> None:
        self.key = SigningKey(digest(b"test", name.encode()))
        self.name = Pseudonym(self.key.public)
        self.log = LogId(digest(b"test log", name.encode(), machine.encode()))


class Ticket:
    """The secret of an invite."""

    def __init__(self, label: str) -> None:
        self.signing = SigningKey(digest(b"test ticket", label.encode()))
        self.key = self.signing.public

    def proof_for(self, person: Person) -> bytes:
        return self.signing.sign(Domain.INVITE, SPACE + person.name)


FOUNDER = Person("founder")


class Community:
    """Writes control entries; by default each knows all that were written before it."""

    def __init__(self, *founders: Person, threshold: int = 1) -> None:
        names = tuple(founder.name for founder in founders or (FOUNDER,))
        self.charter = Charter(b"n" * 16, 0, bytes(32), names, threshold)
        self.entries: list[ControlEntry] = []
        self.sequences: dict[LogId, int] = {}

    def access(self, *left_out: EntryId) -> Access:
        access = Access(SPACE, self.charter, Unforked())
        for entry in self.entries:
            if entry.id not in left_out:
                access.add(entry)
        return access

    def last_of(self, person: Person) -> int:
        return self.sequences.get(person.log, 0)

    def write(
        self,
        person: Person,
        skeleton: AnySkeleton | None,
        kind: int,
        knowing: tuple[EntryId, ...] | None = None,
    ) -> EntryId:
        cites = self.access().heads(person.name) if knowing is None else knowing
        sequence = self.last_of(person) + 1
        self.sequences[person.log] = sequence
        name = EntryId(digest(b"test", person.log, sequence.to_bytes(8, "big"), *cites))
        entry = ControlEntry(name, person.log, sequence, person.name, skeleton, cites, kind)
        self.entries.append(entry)
        return name

    def grant(
        self,
        by: Person,
        to: Person,
        role: int,
        knowing: tuple[EntryId, ...] | None = None,
        answering: Ticket | None = None,
        signed_by: tuple[Person, ...] = (),
    ) -> EntryId:
        act = Grant(0, (), to.name, role, answering.key if answering else None, ())
        message = act_message(SPACE, act)
        signatures = tuple(
            Signature(signer.name, signer.key.sign(Domain.ACT, message)) for signer in signed_by
        )
        act = Grant(0, (), to.name, role, act.invite, signatures)
        return self.write(by, act, Kind.GRANT, knowing)

    def invite(
        self,
        by: Person,
        ticket: Ticket,
        role: int = Role.CONTRIBUTOR,
        uses: int = 1,
        knowing: tuple[EntryId, ...] | None = None,
    ) -> EntryId:
        return self.write(
            by, Invite(0, (), ticket.key, role, uses, 1_000, ()), Kind.INVITE, knowing
        )

    def join(
        self,
        who: Person,
        ticket: Ticket,
        knowing: tuple[EntryId, ...] | None = None,
        at_ms: int = 10,
        proof: bytes | None = None,
    ) -> EntryId:
        proof = ticket.proof_for(who) if proof is None else proof
        return self.write(who, Join(at_ms, (), ticket.key, proof, b""), Kind.JOIN, knowing)

    def revoke(
        self,
        by: Person,
        whom: Person | None,
        *counting: tuple[Person, int],
        knowing: tuple[EntryId, ...] | None = None,
    ) -> EntryId:
        cuts = tuple(Cut(owner.log, last, bytes(32)) for owner, last in counting)
        act = Revocation(0, (), whom.name if whom else None, cuts, ())
        return self.write(by, act, Kind.REVOCATION, knowing)

    def profile(self, by: Person, knowing: tuple[EntryId, ...] | None = None) -> EntryId:
        return self.write(by, Profile(0, ()), Kind.PROFILE, knowing)


def may_write(
    access: Access,
    person: Person,
    sequence: int,
    cites: tuple[EntryId, ...],
    need: Role = Role.CONTRIBUTOR,
) -> bool:
    return access.allows(person.name, Place(person.log, sequence), cites, need)
