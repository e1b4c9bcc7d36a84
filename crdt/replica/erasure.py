"""Carrying withdrawals out: what goes, what must not come back, and what co-authors keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.entries.opening import open_entry
from crdt.errors import BadSignature
from crdt.ids import DocumentId, EntryId, LogId, Pseudonym
from crdt.withdrawals import check_withdrawal

if TYPE_CHECKING:
    from collections.abc import Callable

    from crdt.entries.entry import VerifiedEntry
    from crdt.entries.skeletons import Withdrawal
    from crdt.replica.held_space import HeldSpace
    from crdt.store.port import Store
    from crdt.store.rows import StoredEntry

WITHDRAWN_SHELF = "withdrawn"
"""Documents that somebody withdrew whole; the value: pseudonym, then the withdrawal's id."""

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

    def withdraw(self, held: HeldSpace, entry: VerifiedEntry, withdrawal: Withdrawal) -> None:
        """Carry a withdrawal out, now and for what comes later; a forged one does nothing."""
        try:
            owner = check_withdrawal(held.space, withdrawal)
        except BadSignature:
            return
        targets = [EntryId(target) for target in withdrawal.targets]
        is_whole = withdrawal.document is not None
        before = {target: self._store.entries.get(target) for target in targets}
        self._store.erasures.erase(
            targets, by=entry.id, space=held.space, owner=owner, skeletons=is_whole
        )
        for stored in before.values():
            self._mark_stale(stored.document if stored else None)
        if withdrawal.document is not None:
            document = DocumentId(withdrawal.document)
            self._store.shelves.keep(WITHDRAWN_SHELF, document, owner + entry.id)
            self._erase_document(held, document, owner, entry.id, frozenset(targets))

    def refuse_late(self, held: HeldSpace, entry: EntryId, document: DocumentId | None) -> None:
        """Erase an edit that came after its document was withdrawn whole."""
        if document is None:
            return
        note = self._store.shelves.get(WITHDRAWN_SHELF, document)
        if note is None:
            return
        owner, by = Pseudonym(note[:32]), EntryId(note[32:])
        if bytes(entry) == bytes(document):
            # The document's beginning came last: only now is it known whose it was.
            self._erase_document(held, document, owner, by, frozenset())
        elif self._is_begun_by(document, owner):
            self._erase_edit(held, entry, by, skeletons=False)

    def is_withdrawn(self, document: DocumentId) -> bool:
        """Tell whether whoever began a document withdrew it whole."""
        note = self._store.shelves.get(WITHDRAWN_SHELF, document)
        return note is not None and self._is_begun_by(document, Pseudonym(note[:32]))

    def _erase_document(
        self,
        held: HeldSpace,
        document: DocumentId,
        owner: Pseudonym,
        by: EntryId,
        named: frozenset[EntryId],
    ) -> None:
        if not self._is_begun_by(document, owner):
            return
        for stored in list(self._store.entries.of_document(document)):
            self._keep_own_words(held, stored, owner)
            # An edit that no withdrawal names keeps its skeleton, which tells other
            # nodes that its document is gone; the author's next withdrawal names it.
            self._erase_edit(held, stored.entry.id, by, skeletons=stored.entry.id in named)
        self._store.documents.drop(document)
        self._mark_stale(document)

    def _erase_edit(self, held: HeldSpace, entry: EntryId, by: EntryId, *, skeletons: bool) -> None:
        self._store.erasures.erase(
            [entry], by=by, space=held.space, owner=None, skeletons=skeletons
        )

    def _keep_own_words(self, held: HeldSpace, stored: StoredEntry, owner: Pseudonym) -> None:
        log = stored.entry.header.log
        if held.own.pseudonym == owner or self._author(log) != held.own.pseudonym:
            return
        opened = open_entry(stored.entry, held.keyring)
        if opened and opened.content:
            self._store.shelves.keep(DRAFT_SHELF, stored.entry.id, opened.content)

    def _is_begun_by(self, document: DocumentId, owner: Pseudonym) -> bool:
        begin = self._store.entries.get(EntryId(document))
        return begin is not None and self._author(begin.entry.header.log) == owner

    def _author(self, log: LogId) -> Pseudonym | None:
        row = self._store.logs.get(log)
        return row.pseudonym if row else None
