"""Documents: begun, changed, read, looked back on and withdrawn in our own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.codec import Decoder, encode
from crdt.documents.document import EditFacts
from crdt.documents.draft import begin
from crdt.documents.replay import replay
from crdt.documents.room import can_begin, has_room
from crdt.entries.contents import WithdrawalText, decode_values, encode_values
from crdt.entries.entry import Priority
from crdt.entries.opening import open_entry
from crdt.entries.skeletons import Begin, Edit, Kind
from crdt.errors import (
    CrdtError,
    DocumentFull,
    Malformed,
    NotAuthorised,
    NotYours,
    TooLarge,
    UnknownEntry,
    Withdrawn,
)
from crdt.ids import DocumentId, EntryId, Pseudonym
from crdt.replica.kept_documents import KeptDocuments
from crdt.rights.authority import END_OF_LOG, Place
from crdt.withdrawals import MAX_TARGETS, withdraw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crdt.documents.document import Document
    from crdt.documents.draft import Draft
    from crdt.entries.contents import Value
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.holdings import Holdings
    from crdt.replica.interpreter import Interpreter
    from crdt.replica.key_distribution import KeyDistribution
    from crdt.replica.pen import Pen
    from crdt.store.port import Store
    from crdt.store.rows import StoredEntry


MAX_REASON_CHARS = 500
_DECODE_REASON = Decoder(WithdrawalText, 4096)


class Library:
    """The documents of every space that this node holds.

    Args:
        store: Where their edits are.
        holdings: The spaces they live in.
        interpreter: Knows who writes which log.
        distribution: Sees to it that there is a key to write with.
        pen: Writes our own edits.
    """

    def __init__(
        self,
        store: Store,
        holdings: Holdings,
        interpreter: Interpreter,
        distribution: KeyDistribution,
        pen: Pen,
    ) -> None:
        self._store = store
        self._kept = KeptDocuments(store)
        self._holdings = holdings
        self._interpreter = interpreter
        self._distribution = distribution
        self._pen = pen

    # --- writing -------------------------------------------------------------------------

    def begin(
        self, held: HeldSpace, genre: int, fields: Mapping[int, Value], text: str
    ) -> DocumentId:
        """Begin a document; durable when the outermost transaction ends.

        Raises:
            NotAuthorised: We may not write in that space.
            Malformed, TooLarge: The text or a field cannot be kept.
        """
        self._may_write(held, Kind.BEGIN)
        drafts = begin(fields, text)
        if not can_begin(held.own.pseudonym, drafts):
            raise TooLarge("more than one person may add to a document")
        first, *rest = drafts
        with self._store.writing():
            self._distribution.ensure_key(held)
            skeleton = Begin(self._pen.now_ms(), (), genre, first.operations)
            entry = self._pen.write(
                held, skeleton, encode_values(first.values), priority=Priority.DOCUMENT
            )
            document = DocumentId(entry.id)
            self._append(held, document, (entry.id,), rest)
        return document

    def change(
        self,
        document: DocumentId,
        fields: Mapping[int, Value],
        text: str | None,
        base: tuple[EntryId, ...] = (),
    ) -> None:
        """Change a document as its reader saw it; others' changes since then stay.

        Args:
            document: Which.
            fields: Those to set.
            text: The whole new text as shown; None to leave it.
            base: The newest edits that the reader saw; empty: all that are here.

        Raises:
            NotAuthorised, Withdrawn, UnknownEntry, DocumentFull, Malformed, TooLarge:
                Nothing was written.
        """
        held = self.space_of(document)
        self._may_write(held, Kind.EDIT)
        self._still_here(document)
        edits = self._edits(document)
        seen = self._kept.open(document, edits)
        if base and set(base) != set(seen.heads):
            seen = replay(document, edits, at=base)
        if not seen.heads:
            raise UnknownEntry(document.hex()[:8])  # nothing in it has effect: there is no text
        drafts = seen.change(fields, text)
        if not has_room(document, edits, held.own.pseudonym, seen.heads, drafts):
            raise DocumentFull
        with self._store.writing():
            self._distribution.ensure_key(held)
            self._append(held, document, seen.heads, drafts)

    def _append(
        self,
        held: HeldSpace,
        document: DocumentId,
        base: tuple[EntryId, ...],
        drafts: list[Draft],
    ) -> None:
        for draft in drafts:
            skeleton = Edit(
                self._pen.now_ms(), (), document, base, draft.base_length, draft.operations
            )
            entry = self._pen.write(
                held, skeleton, encode_values(draft.values), priority=Priority.DOCUMENT
            )
            base = (entry.id,)

    def withdraw(self, document: DocumentId, reason: str = "") -> EntryId:
        """Take a document back: erased here now, and wherever the withdrawal comes.

        Who began it takes it back whole. Anybody else takes back their own words in
        it: they leave blanks, and everybody else's words stay where they are.

        Args:
            document: Which.
            reason: Why; whoever carries the withdrawal can read it.

        Returns:
            The withdrawal.

        Raises:
            NotYours: Nothing in it is ours, any more.
            Withdrawn: That was done already.
            UnknownEntry: It is not here.
            Malformed: The reason is too long.
        """
        held = self.space_of(document)
        self._still_here(document)
        if len(reason) > MAX_REASON_CHARS:
            raise Malformed(f"a reason has at most {MAX_REASON_CHARS} characters")
        content = encode(WithdrawalText(reason)) if reason else b""
        if self.is_ours(document):
            return self._name(held, document, self._unnamed_edits(held, document), content)
        words = [edit.entry.id for edit in self._own_edits(held, document) if edit.entry.content]
        if not words:
            raise NotYours("nothing in it is yours")
        return self._name(held, None, words, content)

    def _own_edits(self, held: HeldSpace, document: DocumentId) -> Iterator[StoredEntry]:
        """Give our edits of a document; nobody else's are ours to name in a withdrawal."""
        own = held.own.pseudonym
        for stored in self._store.entries.of_document(document):
            is_ours = self._interpreter.writers.author(stored.entry) == own
            if stored.entry.header.space == held.space and is_ours:
                yield stored

    def _unnamed_edits(self, held: HeldSpace, document: DocumentId) -> list[EntryId]:
        """Return our edits of a document that no withdrawal of ours has erased as a whole."""
        edits = self._own_edits(held, document)
        return [edit.entry.id for edit in edits if edit.entry.skeleton is not None]

    def reason_of(self, withdrawal: EntryId) -> str:
        """Why something was taken back, as whoever did it says; "" when they do not."""
        stored = self._store.entries.get(withdrawal)
        opened = open_entry(stored.entry, None) if stored else None
        if opened is None or not opened.content:
            return ""
        try:
            return _DECODE_REASON(opened.content).reason
        except CrdtError:
            return ""

    def name_late_edits(self, document: DocumentId) -> None:
        """Name, in a withdrawal of ours, what is left of our edits in a withdrawn document.

        What we wrote in it after we took it back; or our share in what somebody else took
        back: their withdrawal erases its words, and only ours can take the rest of it.
        """
        held = self.space_of(document)
        if late := self._unnamed_edits(held, document):
            self._name(held, document, late)

    def _name(
        self,
        held: HeldSpace,
        document: DocumentId | None,
        targets: list[EntryId],
        content: bytes = b"",
    ) -> EntryId:
        """Withdraw edits of a document, in as many entries as it takes; return the first."""
        written = []
        with self._store.writing():
            for start in range(0, len(targets), MAX_TARGETS):
                named = targets[start : start + MAX_TARGETS]
                now_ms = self._pen.now_ms()
                skeleton = withdraw(held.own.withdrawal, held.space, named, document, now_ms)
                entry = self._pen.write(held, skeleton, content, priority=Priority.URGENT)
                written.append(entry.id)
        return written[0]

    # --- reading -------------------------------------------------------------------------

    def read(self, document: DocumentId) -> Document:
        """Open a document; reads only its own edits, and a long one out of its cache.

        Raises:
            Withdrawn: It was taken back.
            UnknownEntry: It is not here.
        """
        self._still_here(document)
        return self._kept.open(document, self._edits(document))

    def renew(self, document: DocumentId) -> Document:
        """Open a document, and keep what replay made of it if it is long.

        Raises:
            Withdrawn: It was taken back.
            UnknownEntry: It is not here.
        """
        self._still_here(document)
        return self._kept.renew(document, self._edits(document))

    def edits(self, document: DocumentId) -> list[EditFacts]:
        """Return the edits of a document, as replay and history need them.

        Raises:
            UnknownEntry: It is not here.
        """
        return self._edits(document)

    def space_of(self, document: DocumentId) -> HeldSpace:
        """Return the space that a document lives in.

        Raises:
            UnknownEntry: It is not here.
        """
        return self._holdings.get(self._beginning(document).entry.header.space)

    def author_of(self, document: DocumentId) -> Pseudonym | None:
        """Who began a document, as they are called in its space."""
        return self._interpreter.writers.author(self._beginning(document).entry)

    def withdrawal_of(self, document: DocumentId) -> EntryId | None:
        """Return the withdrawal that took a document back whole, or None."""
        return self._interpreter.withdrawal_of(document)

    def may_edit(self, document: DocumentId) -> bool:
        """Whether we may change a document now."""
        held = self.space_of(document)
        return self._is_allowed(held, Kind.EDIT)

    def is_ours(self, document: DocumentId) -> bool:
        """Whether we began it."""
        return self.author_of(document) == self.space_of(document).own.pseudonym

    def may_withdraw(self, document: DocumentId) -> bool:
        """Whether it, or words in it, are ours to take back."""
        own = self._own_edits(self.space_of(document), document)
        return self.is_ours(document) or any(edit.entry.content for edit in own)

    def _edits(self, document: DocumentId) -> list[EditFacts]:
        held = self.space_of(document)
        return list(self._facts(held, self._store.entries.of_document(document)))

    def _facts(self, held: HeldSpace, edits: Iterator[StoredEntry]) -> Iterator[EditFacts]:
        for stored in edits:
            opened = open_entry(stored.entry, held.keyring)
            header = stored.entry.header
            author = self._interpreter.writers.author(stored.entry)
            if opened is None or not isinstance(opened.skeleton, Begin | Edit) or author is None:
                continue
            yield EditFacts(
                stored.entry.id,
                author,
                opened.skeleton.stamp_ms,
                opened.skeleton,
                _values(opened.content),
                held.may(
                    opened.kind,
                    author,
                    Place(header.log, header.sequence, stored.entry.id),
                    opened.cites,
                ),
                header.content_bytes,
            )

    def _beginning(self, document: DocumentId) -> StoredEntry:
        stored = self._store.entries.get(EntryId(document))
        is_one = stored is not None and stored.kind == Kind.BEGIN
        is_one = is_one and self._store.entries.has(EntryId(document))
        if stored is None or not (is_one or self.withdrawal_of(document)):
            raise UnknownEntry(document.hex()[:8])
        return stored

    def _still_here(self, document: DocumentId) -> None:
        if self.withdrawal_of(document) is not None:
            raise Withdrawn(document.hex()[:8])

    def _may_write(self, held: HeldSpace, kind: Kind) -> None:
        if not self._is_allowed(held, kind):
            raise NotAuthorised("only contributors write here")

    @staticmethod
    def _is_allowed(held: HeldSpace, kind: Kind) -> bool:
        next_place = Place(held.own.log, END_OF_LOG)
        return held.may(kind, held.own.pseudonym, next_place, held.heads)


def _values(content: bytes | None) -> tuple[Value, ...] | None:
    if content is None:
        return None
    if not content:
        return ()
    try:
        return decode_values(content)
    except CrdtError:
        return None
