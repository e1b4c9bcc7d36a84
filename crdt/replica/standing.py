"""What role a member has: given and taken in both spaces, as we learn who they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.entries.entry import Priority
from crdt.entries.skeletons import MAX_CUTS, Cut, Grant, Revocation
from crdt.errors import NotAuthorised
from crdt.ids import ID_BYTES, NO_ENTRY, MemberId, Pseudonym
from crdt.rights.authority import Role

if TYPE_CHECKING:
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.key_distribution import KeyDistribution
    from crdt.replica.membership import Community, Membership
    from crdt.replica.pen import Pen
    from crdt.store.port import Store

REMOVED_SHELF = "removed"
"""Members that we removed; key: the `inner` space, then the member."""


MAX_BRANCHES = 8
"""Of one forked log that a removal lets stand; a device that was restored makes two."""


class Standing:
    """Gives members roles and takes them, in our name.

    Args:
        store: Where revocations go.
        membership: Knows our standing.
        distribution: Begins a new epoch when one is due.
        pen: Writes them.
    """

    def __init__(
        self, store: Store, membership: Membership, distribution: KeyDistribution, pen: Pen
    ) -> None:
        self._store = store
        self._membership = membership
        self._distribution = distribution
        self._pen = pen

    def remove(self, community: Community, member: MemberId) -> None:
        """Take a member's roles in both spaces; what they wrote until now keeps its effect.

        Args:
            community: Which.
            member: By the member's id or, of somebody whom no binding names, by pseudonym.

        Raises:
            NotAuthorised: We are no steward, or they stand above us, or hold no role.
        """
        self._membership.steward(community, Role.READER)
        with self._store.writing():
            self._store.shelves.keep(REMOVED_SHELF, community.inner.space + member, b"1")
            if not self._revoke(community, member):
                raise NotAuthorised("they hold no role here, or none that is known to this node")
            self._distribution.ensure_key(community.inner)

    def appoint(self, community: Community, member: MemberId, role: Role) -> None:
        """Give a member another role in both spaces, or bring a removed one back.

        Raises:
            NotAuthorised: We are no steward, or they stand, or would stand, above us.
        """
        self._membership.steward(community, role)
        with self._store.writing():
            self._store.shelves.drop(REMOVED_SHELF, community.inner.space + member)
            for held in (community.inner, community.commons):
                if held is None or held.access is None or held.role is None:
                    continue
                names = sorted(self._principals(community, held, member))
                raised = [who for who in names if held.has_been_raised(who)]
                for principal in raised or names[:1]:
                    self._give(held, principal, role)
            self._distribution.ensure_key(community.inner)

    def _give(self, held: HeldSpace, principal: Pseudonym, role: Role) -> None:
        theirs = held.access.role(principal) if held.access else None
        if theirs == role:
            return
        if theirs is not None and held.role is not None and theirs > held.role:
            raise NotAuthorised("only a founder decides about a founder")
        self._distribution.ensure_key(held)
        if theirs is not None and theirs > role:
            self._end(held, principal)
            self._distribution.ensure_key(held)
        grant = Grant(self._pen.now_ms(), (), principal, int(role), None, ())
        self._pen.write(held, grant, priority=Priority.URGENT)

    def follow_up(self, community: Community) -> None:
        """Remove those whom we removed from where we did not know them then; twice is once."""
        for key, _ in self._store.shelves.items(REMOVED_SHELF):
            if key[:ID_BYTES] != community.inner.space:
                continue
            member = MemberId(key[ID_BYTES:])
            if any(self._roles(community, community.inner, member).values()):
                self._store.shelves.drop(REMOVED_SHELF, key)  # somebody brought them back
                continue
            try:
                self._revoke(community, member, only=community.commons)
            except NotAuthorised:
                continue

    def _revoke(self, community: Community, member: MemberId, only: HeldSpace | None = None) -> int:
        revoked = 0
        for held in (only,) if only else (community.inner, community.commons):
            if held is None or held.access is None or held.role is None:
                continue
            for principal, theirs in self._roles(community, held, member).items():
                if theirs is None or held.role < Role.STEWARD:
                    continue
                if theirs > held.role:
                    raise NotAuthorised("only a founder removes a founder")
                self._end(held, principal)
                revoked += 1
        return revoked

    def _roles(
        self, community: Community, held: HeldSpace, member: MemberId
    ) -> dict[Pseudonym, Role | None]:
        """Tell what roles a member holds in a space, under every name they have there."""
        principals = sorted(self._principals(community, held, member))
        return {who: held.access.role(who) if held.access else None for who in principals}

    def _end(self, held: HeldSpace, principal: Pseudonym) -> None:
        cuts = self._cuts(held, principal)
        revocation = Revocation(self._pen.now_ms(), (), principal, cuts, ())
        self._pen.write(held, revocation, priority=Priority.URGENT)

    def _principals(
        self, community: Community, held: HeldSpace, member: MemberId
    ) -> set[Pseudonym]:
        """Who a member is in a space: as their bindings say or, before they came, their ticket.

        The invite of a single-use ticket stands under one key in both spaces.
        """
        people = community.inner.people
        if people is None:
            return set()
        itself = Pseudonym(member)
        if held.access is not None and held.access.role(itself) is not None:
            return {itself}
        if known := people.pseudonyms(held.space, member):
            return set(known)
        inside = people.pseudonyms(community.inner.space, member)
        if not inside or community.inner.access is None or held.access is None:
            return set()
        used = {
            invite.key
            for invite in community.inner.access.invites()
            if invite.uses == 1 and inside & invite.joined
        }
        return {
            joined
            for invite in held.access.invites()
            if invite.key in used
            for joined in invite.joined
        }

    def _cuts(self, held: HeldSpace, principal: Pseudonym) -> tuple[Cut, ...]:
        """Name the last entries of somebody that count: as far as their logs are unbroken here.

        Beyond a gap nobody could tell what they had written from what they write later.
        """
        cuts: list[Cut] = []
        for row in self._store.logs.of_space(held.space):
            if principal in row.certificates.values():
                tips = self._store.logs.tips(held.space, row.log)[:MAX_BRANCHES]
                cuts += [Cut(row.log, sequence, entry) for sequence, entry in tips]
                if not tips:
                    cuts.append(Cut(row.log, 0, NO_ENTRY))
        return tuple(cuts[:MAX_CUTS])
