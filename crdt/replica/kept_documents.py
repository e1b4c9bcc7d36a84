"""Long documents as replay left them, so that opening one again need not replay it.

Whatever is kept can be dropped at any time; the store does so as soon as one of
the document's edits is erased, in the same transaction. Opening writes nothing:
who makes views anew in the background keeps the documents as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.documents.cache import load, made_with, save, state_of
from crdt.documents.replay import replay, update
from crdt.errors import DocumentDamaged, StoreError
from crdt.store.rows import Materialised

if TYPE_CHECKING:
    from crdt.documents.document import Document, EditFacts
    from crdt.ids import DocumentId
    from crdt.store.port import Store

KEPT_FROM = 32
"""Edits from which on a document is kept; shorter ones are replayed as fast as loaded."""


class KeptDocuments:
    """Opens documents from their edits, by way of what was kept.

    Args:
        store: Where they are kept, sealed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, document: DocumentId, edits: list[EditFacts]) -> Document:
        """Return a document as its edits make it.

        Raises:
            DocumentDamaged: As `replay`.
        """
        known, is_fresh = self._load(document, edits)
        if known is None:
            return replay(document, edits)
        return known if is_fresh else update(known, edits)

    def renew(self, document: DocumentId, edits: list[EditFacts]) -> Document:
        """Do as `open` does, and keep the document if it is long. Outside of transactions.

        Raises:
            DocumentDamaged: As `replay`.
        """
        known, is_fresh = self._load(document, edits)
        if known is not None and is_fresh:
            return known
        shown = replay(document, edits) if known is None else update(known, edits)
        if len(edits) >= KEPT_FROM and not self._store.is_writing:
            self._save(shown, state_of(edits))
        return shown

    def _load(self, document: DocumentId, edits: list[EditFacts]) -> tuple[Document | None, bool]:
        """What was kept, and whether the edits make the same now."""
        kept = self._store.documents.load(document) if len(edits) >= KEPT_FROM else None
        if kept is None or kept.replay_version != made_with():
            return None, False
        return load(kept.saved), kept.heads_hash == state_of(edits)

    def _save(self, shown: Document, state: bytes) -> None:
        try:
            made = Materialised(made_with(), state, save(shown))
            with self._store.writing():
                self._store.documents.save(shown.id, made)
        except (DocumentDamaged, StoreError):
            return  # it is only kept to be quick: on a full disk, too, documents can be read
