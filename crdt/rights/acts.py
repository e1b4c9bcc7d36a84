"""Judging acts: which grants, joins, invites and revocations of a space hold.

Every question is asked in a *view*: the set of acts that may turn others over
(valid revocations, rival joins of one invite) as far as they are known. A grant
is judged in the view of everything that is known now; a revocation in the view
of its own closure. Answers are kept per act and view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.entries.skeletons import Grant, Invite, Join, Revocation
from crdt.errors import BadSignature
from crdt.rights.act_node import ActNode
from crdt.rights.authority import Act, Role, check_act_signatures, may_hand_out, proves_invitation
from crdt.rights.causality import bits, include
from crdt.rights.removals import Removal, Removals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crdt.entries.skeletons import Charter, Cut
    from crdt.ids import EntryId, SpaceId
    from crdt.rights.authority import ControlEntry, Place
    from crdt.rights.removals import Lineage

_MEMO_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class _Contest:
    """Who stands before all others that redeemed an invite for one person.

    Attributes:
        answers: Grants that decide it, by whom they raise.
        first: The join with the lowest id, and the lowest of anybody else; without those
            that an answer ends.
    """

    answers: Mapping[bytes, int]
    first: tuple[int, ...]


class Acts:
    """The acts of one space, fed in an order that respects what they cite.

    Args:
        space: Its id; proofs and signatures cover it.
        charter: Names its founders and the threshold of its acts.
        lineage: Tells which entries of a forked log lie below a cut.
    """

    def __init__(self, space: SpaceId, charter: Charter, lineage: Lineage) -> None:
        self._space = space
        self._threshold = charter.threshold
        self._founders = frozenset(charter.founders)
        self._may_be_founders = set(charter.founders)
        self._nodes: dict[int, ActNode] = {}
        self._bits: dict[EntryId, int] = {}
        self._removals = Removals(lineage)
        self._raising: dict[bytes, int] = {}  # grants and joins, by whom they raise
        self._invites: dict[bytes, int] = {}  # by key, as the next two
        self._joins: dict[bytes, int] = {}
        self._answers: dict[bytes, int] = {}  # grants that answer an invite
        self._deciders = 0
        self._memo: dict[tuple[int, int], bool] = {}
        self._contests: dict[tuple[int, int], _Contest] = {}
        self._rivals: dict[bytes, set[bytes]] = {}  # whom joins and answers raise, by invite
        self._ever_raised: set[bytes] = set()
        self._raised_nobody: dict[bytes, int] = {}  # acts that never held, by whom they name

    # --- taking in -----------------------------------------------------------------

    def add(self, bit: int, entry: ControlEntry, below: int) -> bool:
        """Take in an act of which everything below is here already.

        Returns:
            Whether it can decide anything. What people without a role do, by what they had
            seen, and joins without an invite, never will, so it costs nobody anything.
        """
        act = entry.skeleton
        if not isinstance(act, Act):
            raise ValueError(f"kind {entry.kind} is not an act")
        if len(self._memo) > _MEMO_LIMIT:
            self._memo.clear()
        if len(self._contests) > _MEMO_LIMIT >> 6:
            self._contests.clear()
        if isinstance(act, Join):
            is_backed = True
        elif self.role_then(entry, below) is None:
            return False
        else:
            try:
                signers = check_act_signatures(self._space, act, entry.pseudonym)
            except BadSignature:
                return False
            is_backed = self._are_enough(signers, below)
        node = ActNode(entry, act, below, is_backed)
        if isinstance(act, Join) and not (
            any(True for _ in self.invites_of(node))
            and proves_invitation(self._space, act, entry.pseudonym)
        ):
            return False
        self._nodes[bit] = node
        self._bits[entry.id] = bit
        match act:
            case Grant():
                self._add_grant(bit, act)
            case Join():
                include(self._raising, entry.pseudonym, bit)
                include(self._joins, act.invite, bit)
                self._mark_rivals(act.invite, entry.pseudonym)
            case Invite():
                include(self._invites, act.key, bit)
            case Revocation():
                self._add_revocation(bit, node, act)
        return True

    def _are_enough(self, signers: frozenset[bytes], below: int) -> bool:
        if self._threshold <= 1:
            return True
        view = below & self._deciders
        roles = (self._role(signer, None, below, view) for signer in signers)
        return sum(role is not None and role >= Role.STEWARD for role in roles) >= self._threshold

    def _add_grant(self, bit: int, grant: Grant) -> None:
        include(self._raising, grant.principal, bit)
        if grant.role == Role.FOUNDER:
            self._may_be_founders.add(grant.principal)
        if grant.invite is not None:
            include(self._answers, grant.invite, bit)
            self._mark_rivals(grant.invite, grant.principal)

    def _mark_rivals(self, invite: bytes, raised: bytes) -> None:
        rivals = self._rivals.setdefault(invite, set())
        rivals.add(raised)
        if len(rivals) > 1:
            self._deciders |= self._joins.get(invite, 0) | self._answers.get(invite, 0)

    @staticmethod
    def _raised(node: ActNode) -> bytes:
        return node.act.principal or b"" if isinstance(node.act, Grant) else node.entry.pseudonym

    def _add_revocation(self, bit: int, node: ActNode, act: Revocation) -> None:
        below, role = node.below, self.role_then(node.entry, node.below)
        view = below & self._deciders
        level = int(role) if role and role >= Role.STEWARD and node.is_backed else 0
        shielded = frozenset(
            founder
            for founder in self._may_be_founders
            if level < Role.FOUNDER and self._role(founder, None, below, view) is Role.FOUNDER
        )
        cuts: dict[bytes, tuple[Cut, ...]] = {}
        for cut in act.cuts:
            cuts[cut.log] = (*cuts.get(cut.log, ()), cut)
        removal = Removal(node, level, shielded, cuts)
        if act.principal is None or removal.reaches(act.principal):
            self._removals.add(bit, removal, act.principal)
            self._deciders |= 1 << bit

    # --- questions ------------------------------------------------------------------

    def role_then(self, entry: ControlEntry, below: int) -> Role | None:
        """The role that somebody held, by what they had seen when they wrote an entry."""
        view = below & self._deciders
        return self._role(entry.pseudonym, entry.place, below, view)

    @property
    def everything(self) -> int:
        """The view of all that is known."""
        return self._deciders

    def role_now(self, principal: bytes) -> Role | None:
        """The role somebody holds, as far as anything is known."""
        return self._role(principal, None, -1, self._deciders)

    def role_at(self, principal: bytes, place: Place, closure: int) -> Role | None:
        """The role that stands behind an entry: its closure's grants, cut by all revocations."""
        return self._role(principal, place, closure, self._deciders)

    def ever_raised(self, principal: bytes) -> bool:
        """Whether an act gave somebody a role, in the view of all that its author knew of.

        That never changes again, so every act is asked once; but a ticket for one person
        raises nobody who lost it to somebody else, or a copy would raise any number.
        """
        if principal in self._ever_raised or principal in self._founders:
            return True
        for bit in bits(self._raising.get(principal, 0) & ~self._raised_nobody.get(principal, 0)):
            node = self._nodes[bit]
            if not self._counts(bit, node.below & self._deciders):
                include(self._raised_nobody, principal, bit)
            elif isinstance(node.act, Grant):
                self._ever_raised.add(principal)
                return True
            elif not all(
                self._winners_over(node, issued, self._deciders)
                for issued, _ in self.invites_of(node)
            ):
                return True
        return False

    def holds(self, bit: int) -> bool:
        """Whether an act has effect, as far as anything is known."""
        if bit not in self._nodes:
            return False
        if isinstance(self._nodes[bit].act, Revocation):
            return bit in self._removals and not self._removals.is_overruled(bit, self._deciders)
        return self._counts(bit, self._deciders)

    def losses(self) -> Iterator[int]:
        """For each join whose invite let in somebody else instead: the acts that it lost to.

        Only those that hold, because nobody cites others; and only joins of people who
        have no role by something else.
        """
        for bit in bits(self._deciders):
            join = self._nodes[bit]
            if not isinstance(join.act, Join) or self.role_now(join.entry.pseudonym) is not None:
                continue
            for issued, invite in self.invites_of(join):
                if invite.uses != 1 or not self.holds(self._bits[issued.entry.id]):
                    continue
                lost_to = 0
                for winner in self._winners_over(join, issued, self._deciders):
                    lost_to |= self.holds(winner) << winner
                if lost_to:
                    yield lost_to

    def is_cut(self, log: bytes) -> bool:
        """Whether a valid revocation names a last entry of a log."""
        return self._removals.is_cut(log)

    def was_removed(self, join: ActNode) -> bool:
        """Whether somebody was removed after they joined."""
        removals = self._removals.beyond(join.entry.pseudonym, None, self._deciders)
        return removals is None or bool(removals & ~join.below)

    def nodes(self) -> Iterator[tuple[int, ActNode]]:
        """All acts with valid signatures, in order of settling."""
        return iter(self._nodes.items())

    def invites_of(self, join: ActNode) -> Iterator[tuple[ActNode, Invite]]:
        """Invites in force that a join redeems, in time and knowing them."""
        if not isinstance(join.act, Join):
            return
        for bit in bits(self._invites.get(join.act.invite, 0) & join.below):
            node = self._nodes[bit]
            if isinstance(node.act, Invite) and join.act.stamp_ms <= node.act.expires_ms:
                yield node, node.act

    # --- judging --------------------------------------------------------------------

    def _role(self, principal: bytes, place: Place | None, closure: int, view: int) -> Role | None:
        """The highest role of somebody by the grants of a closure that survive a view.

        Without a place, the question is not about an entry: only grants made in
        knowledge of every removal survive.
        """
        removals = self._removals.beyond(principal, place, view)
        if removals is None:
            return None
        if principal in self._founders and not removals:
            return Role.FOUNDER
        best: Role | None = None
        for bit in bits(self._raising.get(principal, 0) & closure):
            role, unknown = self._role_given(bit, view), removals & ~self._nodes[bit].below
            if role is Role.FOUNDER:
                unknown &= self._removals.of_founders(principal)
            if unknown:
                continue
            if role is not None and (best is None or role > best) and self._counts(bit, view):
                best = role
        return best

    def _role_given(self, bit: int, view: int) -> Role | None:
        node = self._nodes[bit]
        if isinstance(node.act, Grant):
            role = node.act.role
            return Role(role) if Role.READER <= role <= Role.FOUNDER else None
        roles = [
            Role(invite.role)
            for issued, invite in self.invites_of(node)
            if invite.uses == 1
            and Role.READER <= invite.role <= Role.FOUNDER
            and self._counts(self._bits[issued.entry.id], view)
        ]
        return max(roles, default=None)

    def _counts(self, bit: int, view: int) -> bool:
        """Whether a grant, join or invite holds in a view; iterative, as chains may be long."""
        memo = self._memo
        stack = [bit]
        while stack:
            top = stack[-1]
            if (top, view) in memo:
                stack.pop()
                continue
            unjudged = [under for under in self._rests_on(top) if (under, view) not in memo]
            if unjudged:
                stack += unjudged
                continue
            memo[top, view] = self._judge(self._nodes[top], view)
            stack.pop()
        return memo[bit, view]

    def _rests_on(self, bit: int) -> Iterator[int]:
        node = self._nodes[bit]
        yield from bits(self._raising.get(node.entry.pseudonym, 0) & node.below)
        if isinstance(node.act, Join):
            yield from bits(self._invites.get(node.act.invite, 0) & node.below)

    def _judge(self, node: ActNode, view: int) -> bool:
        entry, act = node.entry, node.act
        if isinstance(act, Join):
            return self._serves_by_itself(node, view)
        if isinstance(act, Revocation) or not node.is_backed:
            return False
        role = self._role(entry.pseudonym, entry.place, node.below, view)
        return role is not None and may_hand_out(role, act.role)

    def _serves_by_itself(self, join: ActNode, view: int) -> bool:
        return any(
            invite.uses == 1
            and self._counts(self._bits[issued.entry.id], view)
            and not self._winners_over(join, issued, view)
            for issued, invite in self.invites_of(join)
        )

    def _winners_over(self, join: ActNode, issued: ActNode, view: int) -> tuple[int, ...]:
        """Acts by which an invite for one person lets in somebody else than who joined here."""
        contest, joiner = self._contest(issued, view), join.entry.pseudonym
        rivals = (bit for bit in contest.first if self._goes_before(bit, join))
        return (*(bit for who, bit in contest.answers.items() if who != joiner), *rivals)

    def _goes_before(self, rival: int, join: ActNode) -> bool:
        entry = self._nodes[rival].entry
        return entry.pseudonym != join.entry.pseudonym and entry.id < join.entry.id

    def _contest(self, issued: ActNode, view: int) -> _Contest:
        """Find who is let in by an invite for one person: once for all who redeemed it."""
        issued_bit = self._bits[issued.entry.id]
        contest = self._contests.get((issued_bit, view))
        if contest is None:
            answers = dict(self._answers_to(issued, view))
            standing = [
                bit
                for bit in bits(self._joins.get(_key(issued), 0) & view)
                if not answers.keys() - {self._author(bit)} and self._redeems(bit, issued, view)
            ]
            first = sorted(standing, key=self._id)[:1]
            # Of one person's several joins none goes before the others.
            others = (bit for bit in standing if self._author(bit) != self._author(first[0]))
            first += sorted(others, key=self._id)[:1]
            contest = self._contests[issued_bit, view] = _Contest(answers, tuple(first))
        return contest

    def _answers_to(self, issued: ActNode, view: int) -> Iterator[tuple[bytes, int]]:
        """Grants by the invite's issuer, or a founder, in answer to it, by whom they name.

        Only they: whether their grant holds must not depend on the join that it judges.
        """
        deciding = {issued.entry.pseudonym, *self._founders}
        for bit in bits(self._answers.get(_key(issued), 0) & view):
            answer = self._nodes[bit]
            if (
                answer.entry.pseudonym in deciding
                and answer.below >> self._bits[issued.entry.id] & 1
                and self._is_uncut(answer, view)
            ):
                yield self._raised(answer), bit

    def _redeems(self, bit: int, issued: ActNode, view: int) -> bool:
        join = self._nodes[bit]
        return any(node is issued for node, _ in self.invites_of(join)) and self._is_uncut(
            join, view
        )

    def _id(self, bit: int) -> EntryId:
        return self._nodes[bit].entry.id

    def _author(self, bit: int) -> bytes:
        return self._nodes[bit].entry.pseudonym

    def _is_uncut(self, node: ActNode, view: int) -> bool:
        entry = node.entry
        removals = self._removals.beyond(entry.pseudonym, entry.place, view)
        return removals is not None and not removals & ~node.below


def _key(issued: ActNode) -> bytes:
    return issued.act.key if isinstance(issued.act, Invite) else b""
