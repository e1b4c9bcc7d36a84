"""Carrying withdrawals out: what goes, what must not come back, and what co-authors keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.entries.opening import open_entry
from crdt.errors import BadSignature
from crdt.ids import ID_BYTES, DocumentId, EntryId, LogId, Pseudonym
from crdt.withdrawals import check_withdrawal

if TYPE_CHECKING:
    from collections.abc import Callable

    from crdt.entries.entry import Header, VerifiedEntry
    from crdt.entries.skeletons import Withdrawal
    from crdt.replica.held_space import HeldSpace
    from crdt.store.port import Store
    from crdt.store.rows import StoredEntry

WITHDRAWN_SHELF = "withdrawn"
"""Documents that somebody says they took back whole.

Key: the document, then the pseudonym; value: stamp and id of their first withdrawal.
Whether the document was theirs is another matter.
"""

_STAMP_BYTES = 8

DRAFT_SHELF = "drafts"
"""Our own words from documents that others withdrew; key: the entry, value: its content."""


class Erasure:
    """Erases what withdrawals name, as far as it is the withdrawer's to erase.

    Args:
        store: What is erased from.
        mark_stale: Told each document that lost words.
    """

    def __init__(self, store: Store, mark_stale: Callable[[DocumentId | None], None]) -> None:
        self._store = store
        self._mark_stale = mark_stale
        noted = store.shelves.items(WITHDRAWN_SHELF)
        self._noted = {DocumentId(key[:ID_BYTES]) for key, _ in noted}
        """Documents that somebody said they took back: few, so most edits need no look-up."""

    def withdraw(
        self, held: HeldSpace, entry: VerifiedEntry, withdrawal: Withdrawal
    ) -> list[EntryId]:
        """Carry a withdrawal out, now and for what comes later; a forged one does nothing.

        Returns:
            Entries that were aside, and are in the set now that this explains what they lack.
        """
        try:
            owner = check_withdrawal(held.space, withdrawal)
        except BadSignature:
            return []
        targets = [EntryId(target) for target in withdrawal.targets]
        is_whole = withdrawal.document is not None
        before = {target: self._store.entries.get(target) for target in targets}
        aside = [target for target in targets if not self._store.entries.has(target)]
        self._store.erasures.erase(
            targets, by=entry.id, space=held.space, owner=owner, skeletons=is_whole
        )
        for stored in before.values():
            self._mark_stale(stored.document if stored else None)
        if withdrawal.document is not None:
            document = DocumentId(withdrawal.document)
            self._note(document, owner, withdrawal.stamp_ms, entry.id)
            self._erase_if_withdrawn(held, document)
        return [target for target in aside if self._store.entries.has(target)]

    def _note(
        self, document: DocumentId, owner: Pseudonym, stamp_ms: int, withdrawal: EntryId
    ) -> None:
        """Keep the first of somebody's withdrawals; others' say nothing about theirs."""
        self._noted.add(document)
        note = stamp_ms.to_bytes(_STAMP_BYTES) + withdrawal
        known = self._store.shelves.get(WITHDRAWN_SHELF, document + owner)
        if known is None or note < known:
            self._store.shelves.keep(WITHDRAWN_SHELF, document + owner, note)

    def withdrawal_of(self, document: DocumentId) -> EntryId | None:
        """Return the first withdrawal by which whoever began a document took it back whole."""
        begin = self._begin(document)
        authors = self._authors(begin.entry.header) if begin else ()
        notes = [self._store.shelves.get(WITHDRAWN_SHELF, document + who) for who in authors]
        first = min((note for note in notes if note is not None), default=None)
        return None if first is None else EntryId(first[_STAMP_BYTES:])

    def take_edit(self, held: HeldSpace, entry: EntryId, document: DocumentId) -> None:
        """Erase an edit that came after its document was withdrawn whole."""
        if document not in self._noted:
            return
        if bytes(entry) == bytes(document):
            # The document's beginning came last: only now is it known whose it was.
            self._erase_if_withdrawn(held, document)
        elif self._owners(held, document):
            self._erase(held, document, [entry])

    def take_stub(self, held: HeldSpace, entry: EntryId) -> None:
        """Take in an entry whose skeleton is gone: it may have begun a document."""
        self._erase_if_withdrawn(held, DocumentId(entry))

    def take_author(self, held: HeldSpace, log: LogId, author: Pseudonym) -> None:
        """Erase documents that were withdrawn before it was known who had begun them."""
        for key in self._store.shelves.first(WITHDRAWN_SHELF):
            if key[ID_BYTES:] != author:
                continue
            begin = self._begin(DocumentId(key[:ID_BYTES]))
            if begin and begin.entry.header.log_key == (held.space, log):
                self._erase_if_withdrawn(held, DocumentId(key[:ID_BYTES]))

    def _erase_if_withdrawn(self, held: HeldSpace, document: DocumentId) -> None:
        """Erase all edits of a document that whoever began it took back whole."""
        owners = self._owners(held, document)
        if not owners:
            return
        edits = list(self._store.entries.of_document(document, with_aside=True))
        for stored in edits:
            self._keep_own_words(held, stored, owners)
        self._erase(held, document, [stored.entry.id for stored in edits])
        self._store.documents.drop(document)
        self._mark_stale(document)

    def _erase(self, held: HeldSpace, document: DocumentId, edits: list[EntryId]) -> None:
        """Erase the words in edits of a withdrawn document, whoever wrote them.

        Their skeletons, which hold no words, show that they are of this document. Only
        whoever wrote an edit can take its skeleton: nobody could tell an edit without one
        from somebody's other words, and would take a liar's word for which it was.
        """
        by, owners = self.withdrawal_of(document), self._owners(held, document)
        if by is None:
            return
        for edit in edits:
            stored = self._store.entries.get(edit)
            theirs = owners & self._authors(stored.entry.header) if stored else owners
            self._store.erasures.erase(
                [edit],
                by=by,
                space=held.space,
                owner=min(theirs, default=None),
                skeletons=False,
            )

    def _owners(self, held: HeldSpace, document: DocumentId) -> frozenset[Pseudonym]:
        """Whose document it is, if they took it back whole; nobody, if they did not."""
        begin = self._begin(document)
        if begin is None or begin.entry.header.space != held.space:
            return frozenset()
        is_withdrawn = self.withdrawal_of(document) is not None
        return self._authors(begin.entry.header) if is_withdrawn else frozenset()

    def _begin(self, document: DocumentId) -> StoredEntry | None:
        name = EntryId(document)
        return self._store.entries.get(name) if self._store.entries.has(name) else None

    def _keep_own_words(
        self, held: HeldSpace, stored: StoredEntry, owners: frozenset[Pseudonym]
    ) -> None:
        own = held.own.pseudonym
        if own in owners or own not in self._authors(stored.entry.header):
            return
        opened = open_entry(stored.entry, held.keyring)
        if opened and opened.content:
            self._store.shelves.keep(DRAFT_SHELF, stored.entry.id, opened.content)

    def _authors(self, header: Header) -> frozenset[Pseudonym]:
        """Everybody whom a log is certified for: what one of them takes back is theirs to take."""
        row = self._store.logs.get(header.space, header.log)
        return frozenset(row.certificates.values()) if row else frozenset()
