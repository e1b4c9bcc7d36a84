"""Whose words stand where in a document's text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from crdt.documents.plan import fitting_values
from crdt.documents.replay import replay
from crdt.entries.skeletons import SetField

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crdt.documents.document import EditFacts
    from crdt.entries.contents import Value
    from crdt.ids import DocumentId, EntryId, Pseudonym

_FIRST_MARK = 0xF0000
"""Code points for private use: one for each edit."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a visible text that one edit wrote; positions in code points."""

    start: int
    end: int
    edit: EntryId
    pseudonym: Pseudonym


def authorship(document: DocumentId, edits: Iterable[EditFacts]) -> tuple[Stretch, ...]:
    """Tell who wrote what in the visible text, from its start to its end without gaps.

    Where characters stand depends on the shape of edits alone. So the document is
    replayed once more, with one mark per edit in place of what it inserted.

    Raises:
        DocumentDamaged: As for `replay`.
    """
    known = sorted({edit.id: edit for edit in edits}.values(), key=lambda edit: edit.id)
    marked = [
        replace(edit, values=_marks(edit, chr(_FIRST_MARK + number)))
        for number, edit in enumerate(known)
    ]
    return tuple(_stretches(replay(document, marked).text, known))


def _marks(edit: EditFacts, mark: str) -> tuple[Value, ...] | None:
    operations = edit.skeleton.operations
    if fitting_values(operations, edit.values) is None:
        return None
    return tuple(
        None if isinstance(operation, SetField) else mark * operation.inserted
        for operation in operations
        if isinstance(operation, SetField) or operation.inserted
    )


def _stretches(text: str, known: list[EditFacts]) -> Iterator[Stretch]:
    start = 0
    for mark, run in groupby(text):
        edit = known[ord(mark) - _FIRST_MARK]
        end = start + sum(1 for _ in run)
        yield Stretch(start, end, edit.id, edit.pseudonym)
        start = end
