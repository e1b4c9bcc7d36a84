"""Documents whose view must be made anew, read from the record; and what the index still owes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.errors import MeshError, StoreError
from meshnode.record.import_marks import forget_mark
from meshnode.record.rendering import contribution_of

if TYPE_CHECKING:
    from crdt.ids import DocumentId
    from crdt.replica.replica import Replica
    from knowledge.contribution import Contribution

_OWED_SHELF = "index owes"
"""Kept while words that were erased may still lie in the index file."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class View:
    """A document as the index should show it; None: no more."""

    id: str
    contribution: Contribution | None
    has_erased: bool


def read_views(replica: Replica, documents: list[DocumentId]) -> list[View]:
    """Read documents; owe what the index is to lose, durably, and forget what else knows of it."""
    views = [_view(replica, document) for document in documents]
    if any(view.has_erased for view in views):
        with replica.store.writing():
            replica.store.shelves.keep(_OWED_SHELF, b"", b"1")
            for document in documents:
                if replica.library.withdrawal_of(document) is not None:
                    forget_mark(replica, document)
    return views


def _view(replica: Replica, document: DocumentId) -> View:
    edits = replica.store.entries.of_document(document)
    has_erased = any(stored.is_withdrawn for stored in edits)
    try:
        contribution = contribution_of(replica, document)
    except StoreError:
        raise
    except MeshError as error:
        # One document that cannot be shown must not keep the others from being found.
        _LOG.warning("A document is not shown: %s", error.code)
        contribution = None
    return View(document.hex(), contribution, has_erased or contribution is None)


def owes_erasing(replica: Replica) -> bool:
    """Whether words that were erased may still lie in the index file."""
    return replica.store.shelves.get(_OWED_SHELF, b"") is not None


def owe_nothing(replica: Replica) -> None:
    """Note that none lie there any more."""
    with replica.store.writing():
        replica.store.shelves.drop(_OWED_SHELF, b"")
