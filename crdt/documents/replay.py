"""Documents replayed from their edits: the same bytes on every node that knows the same edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.documents.document import Document
from crdt.documents.plan import plan
from crdt.documents.trunk import Trunk
from crdt.entries.skeletons import SetField
from crdt.errors import DocumentDamaged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from crdt.documents.document import EditFacts
    from crdt.documents.plan import Plan, PlannedEdit
    from crdt.entries.contents import Value
    from crdt.ids import DocumentId, EntryId, Pseudonym


def replay(
    document: DocumentId, edits: Iterable[EditFacts], at: Collection[EntryId] | None = None
) -> Document:
    """Build a document.

    Args:
        document: Which.
        edits: All that are known, in any order.
        at: Show it as of these edits and what they rest on; None: as of all.

    Raises:
        DocumentDamaged: Automerge failed on edits that were checked: a defect, here or there.
    """
    return _carried_out(document, plan(document, edits, at), Trunk())


def update(known: Document, edits: Iterable[EditFacts]) -> Document:
    """Bring a document up to date: only new edits are applied, where that gives the same.

    Whatever changed in older ones (erased, cut off, arrived late) is replayed anew. The
    document that was handed in can be read on, but neither updated nor saved again.

    Args:
        known: From `replay`, `update` or a cache.
        edits: All that are known, in any order.

    Raises:
        DocumentDamaged: As for `replay`.
    """
    wanted = plan(known.id, edits)
    shown = {edit.facts.id: edit.step.values is not None for edit in wanted.edits}
    is_continued = (
        known.damage is None
        and known.trunk.heads == frozenset(known.heads)
        and all(shown.get(name) == is_shown for name, is_shown in known.shown.items())
    )
    if is_continued:
        try:
            return _carried_out(known.id, wanted, known.trunk)
        except DocumentDamaged:
            pass  # the cache that it came from is damaged; the edits are what counts
    return _carried_out(known.id, wanted, Trunk())


def _carried_out(document: DocumentId, wanted: Plan, trunk: Trunk) -> Document:
    bad = set(
        trunk.apply([edit.step for edit in wanted.edits if edit.facts.id not in trunk.hashes])
    )
    applied = [edit for edit in wanted.edits if edit.facts.id not in bad]
    effective = [edit.facts for edit in applied if edit.facts.is_effective]
    contributors: dict[Pseudonym, None] = dict.fromkeys(facts.pseudonym for facts in effective)
    return Document(
        id=document,
        genre=wanted.genre,
        fields=_fields(applied),
        full_text=trunk.text(),
        heads=tuple(sorted(trunk.heads)),
        shown={edit.facts.id: edit.step.values is not None for edit in applied},
        contributors=tuple(contributors),
        automerge_heads=trunk.automerge_heads,
        damage=_damage(bad, wanted),
        waiting=wanted.waiting,
        left_out=wanted.left_out,
        trunk=trunk,
    )


def _damage(bad: set[EntryId], wanted: Plan) -> str | None:
    names = sorted({*bad, *wanted.malformed})
    if not names:
        return None
    others = f", with {len(names) - 1} more" if len(names) > 1 else ""
    return f"edit {names[0].hex()[:12]} does not fit and is left out{others}"


def _fields(applied: list[PlannedEdit]) -> dict[int, Value]:
    """What each field shows: the set that Automerge lets win, or the next one with a value.

    Automerge orders sets by operation number, then actor; a set that knew of another
    always has the higher number.
    """
    best: dict[int, tuple[int, EntryId]] = {}
    values: dict[int, Value] = {}
    for edit in applied:
        for field, number, value in _sets(edit):
            if field not in best or (number, edit.facts.id) > best[field]:
                best[field], values[field] = (number, edit.facts.id), value
    return {field: value for field, value in sorted(values.items()) if value is not None}


def _sets(edit: PlannedEdit) -> Iterator[tuple[int, int, Value]]:
    """Fields that an edit sets, with the number of the operation and the value."""
    if edit.step.values is None:
        return
    number = edit.first_operation
    values = iter(edit.step.values)
    for operation in edit.step.operations:
        if isinstance(operation, SetField):
            yield operation.field, number, next(values)
            number += 1
        else:
            if operation.inserted:
                next(values)
            number += operation.deleted + operation.inserted
