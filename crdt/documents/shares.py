"""How much of a document counts: each author by their own edits and what those rest on.

An edit counts as soon as somebody's share takes it in: as one of theirs, or because one
of theirs rests on it. What an edit rests on is fixed when it is written. So whatever
others write, before or after, takes none of an author's edits out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.documents.lines import operations_of
from crdt.entries.skeletons import Begin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crdt.documents.document import EditFacts
    from crdt.ids import EntryId, Pseudonym

SHARE_EDITS = 1_000
"""Edits of one author in a document."""

SHARE_WORK = 1_000_000
"""Work of one author's edits; one is a code point inserted or deleted, some 3 microseconds."""

SHARE_ENDS = 16
"""Edits of one author on which no other of theirs rests: an edit names 64 that it rests on."""

RESTING_EDITS = 2_000
"""Edits of one author with all that they rest on."""

RESTING_WORK = 3_000_000
"""Code points, and work for operations, of one author's edits with all that they rest on.

What lines cost by parting and meeting is counted in their authors' shares alone: else
one author could fill up what another rests on with few edits.
"""

OPERATION_WORK = 100
"""What an operation costs besides its code points: others at its place are passed over."""

_COPIED_PER_WORK = 8
"""Operations copied, where lines part or meet, at the cost of one that is applied."""

_PASSED_PER_WORK = 100
"""Concurrent operations that one is put among at the cost of one that is applied."""


def base_of(edit: EditFacts) -> tuple[EntryId, ...]:
    """The edits that an edit refers to."""
    return () if isinstance(edit.skeleton, Begin) else edit.skeleton.base  # type: ignore[return-value]


class Pasts:
    """What edits rest on.

    Args:
        known: All edits.
    """

    def __init__(self, known: Mapping[EntryId, EditFacts]) -> None:
        self._known = known
        self._names: list[EntryId] = []
        self._numbers: dict[EntryId, int] = {}
        self._reached: dict[EntryId, int] = {}
        self._own: dict[EntryId, int] = {}
        self._operations: dict[EntryId, int] = {}
        self._newest: dict[EntryId, frozenset[EntryId]] = {}

    def newest(self, name: EntryId) -> frozenset[EntryId]:
        """What an edit refers to, without what others of that rest on.

        Ask for whatever it rests on first.
        """
        if name not in self._newest:
            self._add(name)
        return self._newest[name]

    def operations_under(self, name: EntryId) -> int:
        """Automerge's operations in all that an edit rests on."""
        self.newest(name)
        return self._operations[name] - self._own[name]

    def operations_in(self, name: EntryId) -> int:
        """Automerge's operations in an edit."""
        self.newest(name)
        return self._own[name]

    def reached(self, name: EntryId) -> tuple[int, int]:
        """What an edit rests on, and itself, as bits of sets."""
        self.newest(name)
        itself = 1 << self._numbers[name]
        return self._reached[name] & ~itself, itself

    def _add(self, name: EntryId) -> None:
        newest = frozenset(base_of(self._known[name]))
        under = operations = 0
        if len(newest) == 1:
            [only] = newest
            under, operations = self._reached[only], self._operations[only]
        elif newest:
            largest = max(newest, key=lambda base: (self._operations[base], base))
            under, operations = self._reached[largest], self._operations[largest]
            for base in newest:
                new = self._reached[base] & ~under
                under |= new
                operations += self._counted(new)
            newest = frozenset(
                base
                for base in newest
                if not any(
                    other != base and self._reached[base] & ~self._reached[other] == 0
                    for other in newest
                )
            )
        self._own[name] = own = operations_of(self._known[name].skeleton.operations)
        self._newest[name] = newest
        self._operations[name] = operations + own
        self._numbers[name] = len(self._names)
        self._reached[name] = under | 1 << len(self._names)
        self._names.append(name)

    def _counted(self, edits: int) -> int:
        total = 0
        while edits:
            lowest = edits & -edits
            name = self._names[lowest.bit_length() - 1]
            total += self._own[name]
            edits ^= lowest
        return total


def within_shares(
    order: Sequence[EntryId], known: Mapping[EntryId, EditFacts], pasts: Pasts
) -> list[EntryId]:
    """Return those edits that count.

    Args:
        order: Causes first.
        known: What they are.
        pasts: What they rest on.
    """
    place = {name: number for number, name in enumerate(order)}
    shares: dict[Pseudonym, _Share] = {}
    for name in order:
        edit = known[name]
        if edit.is_effective:
            author = edit.pseudonym
            if author not in shares:
                shares[author] = _Share(author, known, pasts, place)
            shares[author].offer(name)
    counted = set().union(*(share.counted for share in shares.values()))
    return [name for name in order if name in counted]


class _Share:
    """One author's edits that count, and what they rest on."""

    def __init__(
        self,
        author: Pseudonym,
        known: Mapping[EntryId, EditFacts],
        pasts: Pasts,
        place: Mapping[EntryId, int],
    ) -> None:
        self.counted: set[EntryId] = set()
        self._author, self._known, self._pasts, self._place = author, known, pasts, place
        self._is_full = False
        self._parted: set[frozenset[EntryId]] = set()
        self._own_edits = self._own_work = self._resting_work = self._operations = 0
        self._ends = 0

    def offer(self, name: EntryId) -> None:
        """Take in the author's next edit; the first that is too much ends the share."""
        if name in self.counted or self._is_full:
            return
        new = self._resting(name)
        for each in new:
            self._add(each)
        if new and not self._is_over():
            self.counted.update(new)
        else:
            self._is_full = True

    def _is_over(self) -> bool:
        return (
            self._own_edits > SHARE_EDITS
            or self._own_work > SHARE_WORK
            or self._resting_work > RESTING_WORK
            or self._ends.bit_count() > SHARE_ENDS
        )

    def _resting(self, name: EntryId) -> list[EntryId]:
        """An edit and what it rests on, as far as that is new, causes first; [] when too many."""
        if self.counted.issuperset(base_of(self._known[name])):
            return [name] if len(self.counted) < RESTING_EDITS else []
        found, following = {name}, [name]
        while following:
            for base in base_of(self._known[following.pop()]):
                if base not in self.counted and base not in found:
                    found.add(base)
                    following.append(base)
            if len(found) + len(self.counted) > RESTING_EDITS:
                return []
        return sorted(found, key=self._place.__getitem__)

    def _add(self, name: EntryId) -> None:
        edit = self._known[name]
        newest = self._pasts.newest(name)
        under = self._pasts.operations_under(name)
        operations = edit.skeleton.operations
        beside = max(0, self._operations - under)
        plain = self._pasts.operations_in(name)
        self._operations += plain
        work = plain + len(operations) * OPERATION_WORK
        self._resting_work += work
        work += len(operations) * (beside // _PASSED_PER_WORK)
        if len(newest) > 1 or newest in self._parted:
            work += under // _COPIED_PER_WORK
        self._parted.add(newest)
        if edit.pseudonym == self._author and edit.is_effective:
            self._own_edits += 1
            self._own_work += work
            under_it, itself = self._pasts.reached(name)
            self._ends = self._ends & ~under_it | itself
