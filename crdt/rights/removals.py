"""Revocations in force: whom they end, which logs they cut, and which overrules which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from crdt.ids import EntryId
from crdt.rights.authority import Role
from crdt.rights.causality import bits, include

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.entries.skeletons import Cut
    from crdt.rights.act_node import ActNode
    from crdt.rights.authority import Place


class Lineage(Protocol):
    """Knows the logs that were written twice."""

    def stands(self, place: Place, tip: EntryId) -> bool:
        """Tell whether an entry lies on the way to another of its log, as far as it is forked."""
        ...


@dataclass(frozen=True, slots=True)
class Removal:
    """A valid revocation.

    Attributes:
        level: Role that gives it force; 0 when it only concerns its own author.
        shielded: Founders whom it cannot reach.
        cuts: Last entries that count, by log: of one that is forked, the tips of its branches.
    """

    node: ActNode
    level: int
    shielded: frozenset[bytes]
    cuts: Mapping[bytes, tuple[Cut, ...]]

    def reaches(self, principal: bytes) -> bool:
        """Whether it is for its author to remove somebody."""
        if principal == self.node.entry.pseudonym:
            return True
        return self.level >= Role.STEWARD and principal not in self.shielded

    def is_beyond(self, place: Place | None, lineage: Lineage) -> bool:
        """Whether what stands there is cut off; without a place: whether anything new is."""
        return place is None or not any(
            place.sequence <= cut.sequence and lineage.stands(place, EntryId(cut.entry))
            for cut in self.cuts.get(place.log, ())
        )


class Removals:
    """The valid revocations of one space, by their bits.

    Args:
        lineage: Tells which entries of a forked log lie below a cut.
    """

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._removals: dict[int, Removal] = {}
        self._ending: dict[bytes, int] = {}  # by principal
        self._cutting: dict[bytes, int] = {}  # of devices, by log
        self._written: dict[bytes, int] = {}  # by author and by log
        self._overruling: dict[int, int] = {}  # those of higher level, by revocation

    def is_cut(self, log: bytes) -> bool:
        """Whether any revocation names a last entry of a log, or ends whoever may write it."""
        return any(log in removal.cuts for removal in self._removals.values())

    def __contains__(self, bit: int) -> bool:
        """Whether a revocation is valid: it may be overruled all the same."""
        return bit in self._removals

    def add(self, bit: int, removal: Removal, principal: bytes | None) -> None:
        """Take in a valid revocation; of a person, or of the logs in its cuts alone."""
        self._removals[bit] = removal
        for key in (principal,) if principal is not None else removal.cuts:
            include(self._ending if principal is not None else self._cutting, key, bit)
        include(self._written, removal.node.entry.pseudonym, bit)
        include(self._written, removal.node.entry.log, bit)
        self._find_overruling(bit, principal)

    def beyond(self, principal: bytes, place: Place | None, view: int) -> int | None:
        """Return those that a grant must know to survive; None: the log itself is cut off."""
        if place is not None:
            for bit in bits(self._cutting.get(place.log, 0) & view):
                removal = self._removals[bit]
                if (
                    removal.is_beyond(place, self._lineage)
                    and removal.reaches(principal)
                    and not self.is_overruled(bit, view)
                ):
                    return None
        beyond = 0
        for bit in bits(self._ending.get(principal, 0) & view):
            removal = self._removals[bit]
            if removal.is_beyond(place, self._lineage) and not self.is_overruled(bit, view):
                beyond |= 1 << bit
        return beyond

    def of_founders(self, principal: bytes) -> int:
        """Return those that end what founders gave somebody: by founders, or by themselves.

        A steward may remove somebody without having heard that they are a founder by now.
        """
        found = 0
        for bit in bits(self._ending.get(principal, 0)):
            removal = self._removals[bit]
            by_themselves = removal.node.entry.pseudonym == principal
            found |= (removal.level >= Role.FOUNDER or by_themselves) << bit
        return found

    def is_overruled(self, bit: int, view: int) -> bool:
        """Whether one of a higher role, that is in the view, overrules a revocation."""
        # Those that overrule are of a strictly higher level, of which there are three.
        return any(
            not self.is_overruled(higher, view) for higher in bits(self._overruling[bit] & view)
        )

    def _find_overruling(self, bit: int, principal: bytes | None) -> None:
        entry = self._removals[bit].node.entry
        self._overruling[bit] = 0
        above = self._ending.get(entry.pseudonym, 0) | self._cutting.get(entry.log, 0)
        for other in bits(above):
            if self._overrules(other, bit):
                self._overruling[bit] |= 1 << other
        hit = [principal] if principal is not None else self._removals[bit].cuts
        for other in {other for key in hit for other in bits(self._written.get(key, 0))}:
            if self._overrules(bit, other):
                self._overruling[other] |= 1 << bit

    def _overrules(self, higher: int, lower: int) -> bool:
        """Whether one revocation, of a higher role, removes the author of another beforehand."""
        above, under = self._removals[higher], self._removals[lower]
        entry = under.node.entry
        return (
            above.level > under.level
            and not under.node.below >> higher & 1
            and above.is_beyond(entry.place, self._lineage)
            and above.reaches(entry.pseudonym)
        )
