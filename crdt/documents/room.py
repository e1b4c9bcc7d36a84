"""Whether a document takes what somebody is about to write into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.documents.document import EditFacts
from crdt.documents.plan import plan
from crdt.entries.skeletons import Begin, Edit
from crdt.ids import DocumentId, EntryId

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crdt.documents.draft import Draft
    from crdt.ids import Pseudonym

_MAX_BASE = 64
"""Edits that one edit can rest on; `Edit` in the skeletons says so."""

_UNBORN = DocumentId(bytes(32))


def has_room(
    document: DocumentId,
    edits: Iterable[EditFacts],
    author: Pseudonym,
    base: tuple[EntryId, ...],
    drafts: Sequence[Draft],
) -> bool:
    """Whether drafts would count, each based on the one before it.

    Args:
        document: Which.
        edits: All that are known.
        author: Who wrote the drafts.
        base: What the first of them rests on.
        drafts: One or more.
    """
    if len(base) > _MAX_BASE:
        return False
    return _all_count(document, edits, _written(document, author, base, drafts))


def can_begin(author: Pseudonym, drafts: Sequence[Draft]) -> bool:
    """Whether a document that begins with these drafts would be shown whole."""
    first, *rest = drafts
    name = EntryId(_UNBORN)
    begun = EditFacts(name, author, 0, Begin(0, (), 0, first.operations), None, is_effective=True)
    return _all_count(_UNBORN, (), [begun, *_written(_UNBORN, author, (name,), rest)])


def _written(
    document: DocumentId,
    author: Pseudonym,
    base: tuple[EntryId, ...],
    drafts: Sequence[Draft],
) -> list[EditFacts]:
    written = []
    for number, draft in enumerate(drafts):
        name = EntryId(b"\xff" * 12 + number.to_bytes(4, "big") + bytes(16))
        skeleton = Edit(0, (), document, base, draft.base_length, draft.operations)
        written.append(EditFacts(name, author, 0, skeleton, None, is_effective=True))
        base = (name,)
    return written


def _all_count(document: DocumentId, edits: Iterable[EditFacts], written: list[EditFacts]) -> bool:
    counted = {edit.facts.id for edit in plan(document, [*edits, *written]).edits}
    return counted.issuperset(edit.id for edit in written)
