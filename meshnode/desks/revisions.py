"""What happened to a contribution, edit by edit, as its reader sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.documents.history import RunKind, history
from crdt.errors import Withdrawn
from knowledge.contribution import Field
from meshnode.record.attribution import signer_of
from meshnode.views.revision import Change, FieldChange, Revision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crdt.documents.history import Run
    from crdt.entries.contents import Value
    from crdt.ids import DocumentId
    from crdt.replica.replica import Replica


def revisions_of(replica: Replica, document: DocumentId) -> list[Revision]:
    """Return every edit of a document, oldest first.

    Raises:
        Withdrawn: It was taken back whole.
        UnknownEntry: It is not here.
    """
    if replica.library.withdrawal_of(document) is not None:
        raise Withdrawn(document.hex()[:8])
    held = replica.library.space_of(document)
    return [
        Revision(
            id=edit.id.hex(),
            author=signer_of(replica, held, edit.pseudonym) or edit.pseudonym.hex()[:8],
            stamp_ms=edit.stamp_ms,
            is_effective=edit.is_effective,
            is_withdrawn=edit.is_erased,
            fields=tuple(_field_changes(edit.fields)),
            changes=tuple(_change(run) for run in edit.runs),
        )
        for edit in history(document, replica.library.edits(document))
    ]


def _change(run: Run) -> Change:
    if run.kind is RunKind.OMITTED:
        return Change(op="same", text="…")
    return Change(op=run.kind.value, text=run.text)


def _field_changes(fields: Mapping[int, Value]) -> Iterator[FieldChange]:
    for number, value in fields.items():
        try:
            name = Field(number).name.lower()
        except ValueError:
            name = f"field {number}"
        yield FieldChange(field=name, value=_shown(value))


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)
