"""A document of the record as the contribution that a reader sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.entries.skeletons import Begin
from crdt.errors import UnknownEntry, Withdrawn
from crdt.space import SpaceKind
from knowledge.contribution import (
    DEFAULT_CONSENT,
    DEFAULT_LICENCE,
    Consent,
    Contribution,
    Field,
    Level,
)
from meshnode.record.attribution import attributed, claimed_by, signer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.documents.document import Document, EditFacts
    from crdt.entries.contents import Value
    from crdt.ids import DocumentId
    from crdt.replica.replica import Replica

GENRE = 1
"""What `Begin.genre` says of a contribution."""

LEVELS = {
    SpaceKind.COMMONS: Level.COMMONS,
    SpaceKind.ALLIED: Level.ALLIED,
    SpaceKind.INNER: Level.INNER,
}

_ALL_USES = Consent.ANSWERING | Consent.TRAINING | Consent.SHARING


def contribution_of(replica: Replica, document: DocumentId) -> Contribution | None:
    """Return a contribution as it is now, or None if it is gone or is something else."""
    try:
        shown = replica.library.renew(document)
    except (UnknownEntry, Withdrawn):
        return None
    if shown.genre != GENRE or not shown.contributors:
        return None
    return render(replica, document, shown)


def render(replica: Replica, document: DocumentId, shown: Document) -> Contribution:
    """Turn a document's fields into a contribution."""
    held = replica.library.space_of(document)
    edits = replica.library.edits(document)
    stamps = [edit.stamp_ms for edit in edits if edit.is_effective] or [0]
    signer = replica.library.author_of(document)
    author, given_by = _text(shown.fields, Field.AUTHOR), ""
    if signer:
        claimed = claimed_by(signer, edits, author)
        author, given_by = attributed(replica, held, signer, claimed)
    names = [
        author if who == signer and not given_by else signer_of(replica, held, who)
        for who in shown.contributors
    ]
    return Contribution(
        id=document.hex(),
        title=_text(shown.fields, Field.TITLE) or "Untitled",
        text=shown.text,
        author=author,
        given_by=given_by,
        author_key=signer.hex() if signer else "",
        community=held.name,
        level=LEVELS[held.kind],
        language=_text(shown.fields, Field.LANGUAGE) or "und",
        licence=_text(shown.fields, Field.LICENCE) or DEFAULT_LICENCE,
        tags=_texts(shown.fields, Field.TAGS),
        place=_text(shown.fields, Field.PLACE),
        source=_text(shown.fields, Field.SOURCE),
        consent=_consent(shown.fields),
        created_ms=_created_ms(edits),
        changed_ms=max(stamps),
        edits=len(edits),
        contributors=tuple(dict.fromkeys(name for name in names if name)),
    )


def _created_ms(edits: list[EditFacts]) -> int:
    return next((edit.stamp_ms for edit in edits if isinstance(edit.skeleton, Begin)), 0)


def _text(fields: Mapping[int, Value], field: Field) -> str:
    value = fields.get(field)
    return value if isinstance(value, str) else ""


def _texts(fields: Mapping[int, Value], field: Field) -> tuple[str, ...]:
    value = fields.get(field)
    return value if isinstance(value, tuple) else ()


def _consent(fields: Mapping[int, Value]) -> Consent:
    value = fields.get(Field.CONSENT)
    if not isinstance(value, int) or isinstance(value, bool):
        return DEFAULT_CONSENT
    return Consent(value & _ALL_USES)
