"""Which edits of a document are replayed, in which order, and with what content.

Everything here depends on the set of edits alone, never on how they arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from crdt.documents.draft import is_clean
from crdt.documents.shares import Pasts, base_of, within_shares
from crdt.documents.step import Step
from crdt.documents.trunk import ACTOR_BYTES, length_after
from crdt.entries.skeletons import Begin, SetField

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from crdt.documents.document import EditFacts
    from crdt.entries.contents import Value
    from crdt.entries.skeletons import Operation
    from crdt.ids import DocumentId, EntryId


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """An edit that is replayed.

    Attributes:
        first_operation: Number of its first operation, as Automerge counts them: above
            those of all that it rests on (Lamport's clock).
    """

    facts: EditFacts
    step: Step
    first_operation: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay.

    Attributes:
        edits: In an order that respects what they refer to; lowest id first where it is free.
        waiting: Edits that refer to something that is not here.
        left_out: Edits beyond what their authors may add to a document.
        malformed: Edits that cannot fit any text, and what rests on them.
    """

    genre: int | None
    edits: tuple[PlannedEdit, ...]
    waiting: int
    left_out: int
    malformed: tuple[EntryId, ...]


def plan(
    document: DocumentId, edits: Iterable[EditFacts], at: Collection[EntryId] | None = None
) -> Plan:
    """Plan the replay of a document.

    An edit without effect is left out, unless one with effect rests on it: then its
    shape is kept, and blanks stand for its words.

    Args:
        document: Which; edits of others are passed over.
        edits: In any order, each once or more often.
        at: Only these and what they rest on.
    """
    known = {edit.id: edit for edit in edits if _belongs(edit, document)}
    order = _in_order(known)
    waiting = len(known) - len(order)
    if at is not None:
        order = _resting(order, known, at, downwards=True)
    effective = [name for name in order if known[name].is_effective]
    order = _resting(order, known, effective, downwards=True)
    unsound = _misfits(order, known) + _same_actor(order)
    malformed = _resting(order, known, unsound, downwards=False) if unsound else []
    order = [name for name in order if name not in set(malformed)] if malformed else order
    pasts = Pasts(known)
    kept = within_shares(order, known, pasts)
    genre = known[kept[0]].skeleton.genre if kept else None  # type: ignore[union-attr]
    planned = _planned(kept, known, pasts)
    return Plan(genre, planned, waiting, len(order) - len(kept), tuple(malformed))


def _belongs(edit: EditFacts, document: DocumentId) -> bool:
    if isinstance(edit.skeleton, Begin):
        return bytes(edit.id) == document
    return edit.skeleton.document == document


def _in_order(known: Mapping[EntryId, EditFacts]) -> list[EntryId]:
    """All edits that rest on the beginning, causes first, lowest id first where it is free."""
    unmet: dict[EntryId, int] = {}
    after: dict[EntryId, list[EntryId]] = {}
    ready = []
    for name, edit in known.items():
        base = set(base_of(edit))
        unmet[name] = len(base)
        for under in base:
            after.setdefault(under, []).append(name)
        if not base:
            ready.append(name)
    heapify(ready)
    order = []
    while ready:
        name = heappop(ready)
        order.append(name)
        for next_name in after.get(name, ()):
            unmet[next_name] -= 1
            if not unmet[next_name]:
                heappush(ready, next_name)
    return order


def _resting(
    order: list[EntryId],
    known: Mapping[EntryId, EditFacts],
    chosen: Collection[EntryId],
    downwards: bool,
) -> list[EntryId]:
    """Some edits and all that they rest on, or all that rests on them, in order."""
    reached = set(chosen)
    if downwards:
        for name in reversed(order):
            if name in reached:
                reached.update(base_of(known[name]))
    else:
        for name in order:
            if not reached.isdisjoint(base_of(known[name])):
                reached.add(name)
    return [name for name in order if name in reached]


def _misfits(order: list[EntryId], known: Mapping[EntryId, EditFacts]) -> list[EntryId]:
    """Edits that fit no text, or not the one that they name, as far as shapes alone tell.

    How long a text is where lines meet, only replay knows: there the author is believed.
    """
    misfits = []
    lengths: dict[EntryId, int] = {}
    for name in order:
        skeleton, base = known[name].skeleton, base_of(known[name])
        base_length = 0 if isinstance(skeleton, Begin) else skeleton.base_length
        length = lengths.get(base[0]) if len(base) == 1 else base_length
        step = Step(name, frozenset(), base_length, skeleton.operations, None)
        after = None if length is None else length_after(step, length)
        if after is None or not _is_sound(known[name]):
            misfits.append(name)
        else:
            lengths[name] = after
    return misfits


def _is_sound(edit: EditFacts) -> bool:
    """Whether every operation does something, and the words can be in the content.

    Else a few bytes of skeleton would make long texts of blanks: a character takes a
    byte or more, and so does the value of a field.
    """
    operations = edit.skeleton.operations
    fields = sum(isinstance(operation, SetField) for operation in operations)
    return fields + _inserted(operations) <= edit.content_bytes and all(
        isinstance(operation, SetField) or operation.deleted or operation.inserted
        for operation in operations
    )


def _inserted(operations: tuple[Operation, ...]) -> int:
    return sum(
        operation.inserted for operation in operations if not isinstance(operation, SetField)
    )


def _same_actor(order: list[EntryId]) -> list[EntryId]:
    """Edits whose ids begin alike: Automerge could not tell them apart."""
    if len({name[:ACTOR_BYTES] for name in order}) == len(order):
        return []
    by_actor: dict[bytes, list[EntryId]] = {}
    for name in order:
        by_actor.setdefault(name[:ACTOR_BYTES], []).append(name)
    return [name for alike in by_actor.values() if len(alike) > 1 for name in alike]


def _planned(
    order: list[EntryId], known: Mapping[EntryId, EditFacts], pasts: Pasts
) -> tuple[PlannedEdit, ...]:
    last: dict[EntryId, int] = {}
    planned = []
    for name in order:
        edit = known[name]
        newest = pasts.newest(name)
        skeleton = edit.skeleton
        # Operation 1 makes the text.
        before = 1 if isinstance(skeleton, Begin) else max(last[head] for head in newest)
        last[name] = before + pasts.operations_in(name)
        values = fitting_values(skeleton.operations, edit.values) if edit.is_effective else None
        base_length = 0 if isinstance(skeleton, Begin) else skeleton.base_length
        step = Step(name, newest, base_length, skeleton.operations, values)
        planned.append(PlannedEdit(edit, step, before + 1))
    return tuple(planned)


def fitting_values(
    operations: tuple[Operation, ...], values: tuple[Value, ...] | None
) -> tuple[Value, ...] | None:
    """Return the content of an edit if it is what the skeleton says, or None: blanks."""
    if values is None:
        return None
    takers = [
        operation
        for operation in operations
        if isinstance(operation, SetField) or operation.inserted
    ]
    if len(takers) != len(values):
        return None
    for operation, value in zip(takers, values, strict=True):
        if not is_clean(value):
            return None
        if isinstance(operation, SetField):
            continue
        if not isinstance(value, str) or len(value) != operation.inserted:
            return None
    return values
