"""In which order edits that were written apart are replayed: one line to its end, then the next.

Any order that respects causes gives the same document. This one is cheap: a copy of a
document is needed where lines part, not whenever they take turns; and the shorter line
goes first, so that few copies wait, and what was written early is not put between
everything that was written later.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from crdt.entries.skeletons import SetField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crdt.documents.step import Step
    from crdt.entries.skeletons import Operation
    from crdt.ids import EntryId


def operations_of(operations: tuple[Operation, ...]) -> int:
    """How many operations Automerge makes of an edit's: one for each field and code point."""
    count = 0
    for operation in operations:
        if isinstance(operation, SetField):
            count += 1
        else:
            count += operation.deleted + operation.inserted
    return count


def line_by_line(steps: Sequence[Step]) -> list[Step]:
    """Order edits, given causes first, so that each line is followed to its end."""
    if all(later.base == {step.id} for step, later in pairwise(steps)):
        return list(steps)
    named = {step.id: step for step in steps}
    after: dict[EntryId, list[EntryId]] = {name: [] for name in named}
    unmet: dict[EntryId, int] = {}
    for step in steps:
        under = [name for name in step.base if name in named]
        unmet[step.id] = len(under)
        for name in under:
            after[name].append(step.id)
    longest: dict[EntryId, int] = {}
    for step in reversed(steps):
        beyond = max((longest[name] for name in after[step.id]), default=0)
        longest[step.id] = beyond + operations_of(step.operations)

    def shortest_last(names: list[EntryId]) -> list[EntryId]:
        return sorted(names, key=lambda name: (longest[name], name), reverse=True)

    ready = shortest_last([name for name, count in unmet.items() if not count])
    order = []
    while ready:
        name = ready.pop()
        order.append(named[name])
        freed = []
        for later in after[name]:
            unmet[later] -= 1
            if not unmet[later]:
                freed.append(later)
        ready += shortest_last(freed)
    return order
