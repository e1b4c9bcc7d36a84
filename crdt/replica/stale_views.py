"""Which documents' views must be made anew, also those of before a restart.

What was received after the last views that were settled is stale by itself, so
taking an entry in writes nothing here. What touches older documents (an erasure,
a new name, a key that came late) is noted one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.ids import DocumentId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.store.port import Store

_NOTED_SHELF = "stale"
_SETTLED_SHELF = "settled"
"""One value: the number, in the order of receipt, up to which views are made."""


class StaleViews:
    """Keeps count of them, for one maker of views at a time.

    Args:
        store: Where the notes are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_work: set[DocumentId] = set()
        self._up_to = 0

    def note(self, document: DocumentId) -> None:
        """Note a document that changed otherwise than by an entry received just now."""
        self._store.shelves.keep(_NOTED_SHELF, document, b"")
        self._in_work.discard(document)

    def first(self, most: int) -> list[DocumentId]:
        """Return some stale documents, at most twice as many; none: every view is fresh."""
        edited = self._store.entries.edited_since(self._settled(), most)
        self._up_to = edited[-1][0] if edited else 0
        noted = (DocumentId(key) for key in self._store.shelves.first(_NOTED_SHELF, most))
        found = dict.fromkeys((*noted, *(document for _, document in edited)))
        self._in_work = set(found)
        return list(found)

    def settle(self, documents: Iterable[DocumentId]) -> None:
        """Note that views of what `first` returned are made; what was touched since stays stale."""
        with self._store.writing():
            for document in self._in_work.intersection(documents):
                self._store.shelves.drop(_NOTED_SHELF, document)
            if self._up_to > self._settled():
                self._store.shelves.keep(_SETTLED_SHELF, b"", self._up_to.to_bytes(8))

    def forget(self) -> None:
        """Note that every view must be made anew."""
        with self._store.writing():
            self._store.shelves.drop(_SETTLED_SHELF, b"")
        self._in_work.clear()
        self._up_to = 0

    def all(self) -> set[DocumentId]:
        """Return every stale document."""
        edited = self._store.entries.edited_since(self._settled(), -1)
        noted = (DocumentId(key) for key in self._store.shelves.first(_NOTED_SHELF))
        return {*noted, *(document for _, document in edited)}

    def _settled(self) -> int:
        return int.from_bytes(self._store.shelves.get(_SETTLED_SHELF, b"") or b"")
