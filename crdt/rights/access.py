"""Who may do what in a space: a pure function of the set of its control entries.

    charter ─ founders ─ grant ─> stewards ─ invite ─ join ─> members
                                     └─ revocation: ends grants, cuts logs

An entry has effect when its author's grants, as known in the closure of what it
cites, carry the role that its kind needs, and no revocation cuts it off later.

Revocations come first: whether one is valid depends on its own closure alone, so
two stewards who remove each other unseen are both suspended. Only a higher role
overrules one: what a steward removed by a founder writes as if unaware of it
removes nobody. Grants, invites and joins are then judged in the light of all
valid revocations. Everything rests on what it cites, and hashes allow no circles,
so every question has one answer, whatever came first. `docs/protocol.md` §5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.entries.skeletons import Genesis, Grant, Invite, Join, Kind, Revocation, is_control
from crdt.rights.acts import Acts
from crdt.rights.authority import ACTS, NEEDS, ControlEntry, Role
from crdt.rights.causality import Causality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.entries.skeletons import Charter
    from crdt.ids import EntryId, LogId, Pseudonym, SpaceId
    from crdt.rights.act_node import ActNode
    from crdt.rights.authority import Place
    from crdt.rights.removals import Lineage

__all__ = ["MAX_HEADS", "NEEDS", "Access", "ControlEntry", "OpenInvite", "PendingJoin", "Role"]

MAX_HEADS = 64
"""Control heads that one entry cites."""


@dataclass(frozen=True, slots=True)
class OpenInvite:
    """An invite in force.

    Attributes:
        key: What its joins name.
        issuer: Who wrote it.
        joined: Who redeemed it in time and with a valid proof.
    """

    id: EntryId
    key: bytes
    issuer: Pseudonym
    role: Role
    uses: int
    expires_ms: int
    joined: frozenset[Pseudonym]


@dataclass(frozen=True, slots=True)
class PendingJoin:
    """Somebody who redeemed an invite and does not hold its role: a steward may grant it.

    Attributes:
        invite: The invite's key, to name in the grant.
        role: What the invite promises.
    """

    id: EntryId
    principal: Pseudonym
    invite: bytes
    role: Role
    stamp_ms: int


class Access:
    """The rules of one space, as far as its control entries are here.

    Args:
        space: Its id; proofs and signatures cover it.
        charter: Names its founders and the threshold of its acts.
        lineage: Tells which entries of a forked log lie below a cut.
    """

    def __init__(self, space: SpaceId, charter: Charter, lineage: Lineage) -> None:
        self._charter = charter
        self._acts = Acts(space, charter, lineage)
        self._causality = Causality()
        self._entries: dict[EntryId, ControlEntry] = {}
        self._bits: dict[EntryId, int] = {}
        self._raised: set[Pseudonym] = {*charter.founders}  # type: ignore[arg-type]
        self._unknown: list[ControlEntry] = []
        self._roles: dict[Pseudonym, Role | None] = {}
        self._heads: dict[Pseudonym | None, tuple[EntryId, ...]] = {}
        self._removals: frozenset[int] | None = None
        """For each removal in force, the acts of which one has to be known to know of it."""
        self.version = 0
        """Changes whenever an answer may have changed: for caches."""

    def add(self, entry: ControlEntry) -> tuple[ControlEntry, ...]:
        """Take in a control entry: in any order, any number of times.

        Returns:
            The entries whose closure is now complete: about them, and whom they concern,
            an answer may have changed.
        """
        if entry.id in self._entries:
            return ()
        self._entries[entry.id] = entry
        settled = self._causality.add(entry.id, entry.cites, self._settle)
        if settled:
            self.version += 1
            self._roles.clear()
            self._heads.clear()
            self._removals = None
        return tuple(self._entries[settled_id] for settled_id in settled)

    def _settle(self, entry_id: EntryId, below: int, bit: int) -> bool:
        """Judge an entry by what its author had seen; returns whether it decides anything."""
        entry = self._entries[entry_id]
        if entry.kind not in ACTS or entry.skeleton is None:
            if is_control(entry.kind) and entry.kind not in NEEDS:
                role = self._acts.role_then(entry, below)
                if role is not None and role >= Role.STEWARD:
                    self._unknown.append(entry)
            return False
        if not self._acts.add(bit, entry, below):
            return False
        self._bits[entry_id] = bit
        if isinstance(entry.skeleton, Grant):
            self._raised.add(entry.skeleton.principal)  # type: ignore[arg-type]
        elif isinstance(entry.skeleton, Join):
            self._raised.add(entry.pseudonym)
        return True

    def decides(self, entry_id: EntryId) -> bool:
        """Whether an act is one of somebody who was entitled to any, by what they had seen."""
        return entry_id in self._bits

    def had_role(self, entry_id: EntryId, need: Role) -> bool:
        """Whether an entry's author held a role by what they had seen, cut off since or not."""
        entry = self._entries.get(entry_id)
        below = self._causality.closure(entry.cites) if entry else None
        role = self._acts.role_then(entry, below) if entry and below is not None else None
        return role is not None and role >= need

    # --- who may --------------------------------------------------------------------

    def role(self, principal: Pseudonym) -> Role | None:
        """The role that somebody holds, as far as anything is known here."""
        if principal not in self._raised:
            return None
        if principal not in self._roles:
            self._roles[principal] = self._acts.role_now(principal)
        return self._roles[principal]

    def has_been_raised(self, principal: Pseudonym) -> bool:
        """Whether somebody was ever given a role, or redeemed an invite, with effect or not."""
        return principal in self._raised

    def ever_had_role(self, principal: Pseudonym) -> bool:
        """Whether somebody holds a role, or did: given by whoever could give it as they knew."""
        return self.role(principal) is not None or self._acts.ever_raised(principal)

    def members(self) -> Mapping[Pseudonym, Role]:
        """Everybody who holds a role."""
        roles = {principal: self.role(principal) for principal in sorted(self._raised)}
        return {principal: role for principal, role in roles.items() if role is not None}

    def role_at(
        self, principal: Pseudonym, place: Place, cites: tuple[EntryId, ...]
    ) -> Role | None:
        """The role that stands behind an entry; None as well while part of its closure is missing.

        Args:
            principal: Who wrote it, by the log's certificate.
            place: Where it stands.
            cites: Its control heads.
        """
        closure = self._causality.closure(cites)
        if closure is None:
            return None
        return self._acts.role_at(principal, place, closure)

    def allows(
        self, principal: Pseudonym, place: Place, cites: tuple[EntryId, ...], need: Role | None
    ) -> bool:
        """Whether an entry whose kind needs a role has effect; arguments as for `role_at`."""
        if need is None:
            return True
        role = self.role_at(principal, place, cites)
        return role is not None and role >= need

    def is_cut(self, log: LogId) -> bool:
        """Whether a valid revocation names a last entry of a log."""
        return self._acts.is_cut(log)

    def effective(self, entry_id: EntryId) -> bool:
        """Whether a control entry has effect; an unknown one has none."""
        entry = self._entries.get(entry_id)
        if entry is None or not self._causality.is_settled(entry_id):
            return False
        if entry.kind in ACTS:
            return entry_id in self._bits and self._acts.holds(self._bits[entry_id])
        if entry.kind not in NEEDS or entry.skeleton is None:
            return False
        if isinstance(entry.skeleton, Genesis):
            return (
                entry.skeleton.charter == self._charter
                and entry.pseudonym in self._charter.founders
            )
        need = NEEDS[Kind(entry.kind)]
        return self.allows(entry.pseudonym, entry.place, entry.cites, need)

    @property
    def is_closed(self) -> bool:
        """Whether somebody who is a steward wrote a control entry that this software does not know.

        It may forbid what we are about to write. Anybody else's closes nothing, otherwise
        every stranger could; nor does that of a steward who was removed since, otherwise
        one wrong steward could close a space for ever.
        """
        return any(
            (self.role(entry.pseudonym) or 0) >= Role.STEWARD
            and self.allows(entry.pseudonym, entry.place, entry.cites, Role.STEWARD)
            for entry in self._unknown
        )

    def reflects_removals(self, cites: tuple[EntryId, ...]) -> bool:
        """Whether an entry with these cites was written in the knowledge of every removal.

        Asked of epochs: a key that somebody chose before they knew of a removal may
        still be sealed to whoever was removed. So may one that was chosen before it was
        known who of several had redeemed a ticket for one person.
        """
        closure = self._causality.closure(cites)
        if closure is None:
            return False
        if self._removals is None:
            self._removals = self._find_removals()
        return all(closure & one_of for one_of in self._removals)

    def _find_removals(self) -> frozenset[int]:
        revocations = (
            1 << bit
            for bit, node in self._acts.nodes()
            if isinstance(node.act, Revocation) and self._acts.holds(bit)
        )
        return frozenset((*revocations, *self._acts.losses()))

    # --- what to cite ---------------------------------------------------------------

    def heads(self, author: Pseudonym | None = None) -> tuple[EntryId, ...]:
        """Newest acts in force, for the next entry to cite: at most 64, sorted.

        Args:
            author: Whose entry it will be. When there are more, those that raise
                the author go first, then revocations, then the lowest ids.
        """
        if author not in self._heads:
            self._heads[author] = self._find_heads(author)
        return self._heads[author]

    def acts_in_force(self) -> frozenset[EntryId]:
        """All acts that hold."""
        return frozenset(n.entry.id for bit, n in self._acts.nodes() if self._acts.holds(bit))

    def heads_beyond(self, cites: tuple[EntryId, ...]) -> tuple[EntryId, ...]:
        """Newest acts in force that do not lie below some entries: sorted, however many.

        Heads are few, unless somebody makes many on purpose. An entry that must know of
        all of them cites others that cite the rest.
        """
        closure = self._causality.closure(cites) or 0
        beyond = (node.entry.id for bit, node in self._all_heads() if not closure >> bit & 1)
        return tuple(sorted(beyond))

    def _find_heads(self, author: Pseudonym | None) -> tuple[EntryId, ...]:
        heads = [node for _, node in self._all_heads()]
        heads.sort(key=lambda node: (not _concerns(node, author), *_rank(node)))
        return tuple(sorted(node.entry.id for node in heads[:MAX_HEADS]))

    def _all_heads(self) -> list[tuple[int, ActNode]]:
        covered = 0
        candidates = []
        for bit, node in self._acts.nodes():
            if self._acts.holds(bit):
                candidates.append((bit, node))
                covered |= node.below
        return [(bit, node) for bit, node in candidates if not covered >> bit & 1]

    # --- invites --------------------------------------------------------------------

    def invites(self) -> tuple[OpenInvite, ...]:
        """Invites in force, by id. Whether one has expired is for the caller's clock."""
        joined = self._joined()
        found = [
            OpenInvite(
                node.entry.id,
                node.act.key,
                node.entry.pseudonym,
                Role(node.act.role),
                node.act.uses,
                node.act.expires_ms,
                frozenset(joined.get(node.entry.id, ())),
            )
            for bit, node in self._acts.nodes()
            if isinstance(node.act, Invite) and self._acts.holds(bit)
        ]
        return tuple(sorted(found, key=lambda invite: invite.id))

    def pending_joins(self) -> tuple[PendingJoin, ...]:
        """Joins of invites in force that wait for a grant, by id."""
        in_force = {invite.id: invite for invite in self.invites()}
        found = []
        for _, node in self._acts.nodes():
            if not isinstance(node.act, Join):
                continue
            known = [in_force.get(issued.entry.id) for issued, _ in self._acts.invites_of(node)]
            promised = max((invite.role for invite in known if invite), default=None)
            held = self.role(node.entry.pseudonym)
            if promised is None or self._acts.was_removed(node):
                continue
            if held is None or held < promised:
                entry, join = node.entry, node.act
                found.append(
                    PendingJoin(entry.id, entry.pseudonym, join.invite, promised, join.stamp_ms)
                )
        return tuple(sorted(found, key=lambda join: join.id))

    def doubly_redeemed(self) -> tuple[OpenInvite, ...]:
        """Invites in force for one person that several redeemed: a ticket was copied."""
        return tuple(
            invite for invite in self.invites() if invite.uses == 1 and len(invite.joined) > 1
        )

    def _joined(self) -> dict[EntryId, set[Pseudonym]]:
        joined: dict[EntryId, set[Pseudonym]] = {}
        for _, node in self._acts.nodes():
            for issued, _ in self._acts.invites_of(node):
                joined.setdefault(issued.entry.id, set()).add(node.entry.pseudonym)
        return joined


def _concerns(node: ActNode, author: Pseudonym | None) -> bool:
    if isinstance(node.act, Grant):
        return node.act.principal == author
    return isinstance(node.act, Join) and node.entry.pseudonym == author


def _rank(node: ActNode) -> tuple[bool, EntryId]:
    return not isinstance(node.act, Revocation), node.entry.id
