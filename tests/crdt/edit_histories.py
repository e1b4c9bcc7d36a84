"""Edits for tests: people who write in one document, on their own or after meeting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crdt.documents.document import Document, EditFacts
from crdt.documents.draft import Draft, begin
from crdt.documents.replay import replay
from crdt.entries.skeletons import Begin, Edit
from crdt.ids import DocumentId, EntryId, Pseudonym, digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.entries.contents import Value
    from crdt.entries.skeletons import Operation

ROSA = Pseudonym(b"R" * 32)
AHMED = Pseudonym(b"A" * 32)
MARIA = Pseudonym(b"M" * 32)


@dataclass
class Notebook:
    """One document and all edits of it that were ever written."""

    edits: dict[EntryId, EditFacts]
    document: DocumentId

    @classmethod
    def begun(
        cls, text: str = "", fields: Mapping[int, Value] | None = None, author: Pseudonym = ROSA
    ) -> Notebook:
        drafts = begin(fields or {1: "title"}, text)
        skeleton = Begin(0, (), 1, drafts[0].operations)
        name = EntryId(digest(b"test", b"begin", author, text.encode()))
        facts = EditFacts(name, author, 0, skeleton, drafts[0].values, True)
        notebook = cls({name: facts}, DocumentId(name))
        notebook.write(author, (name,), drafts[1:])
        return notebook

    def read(self, at: tuple[EntryId, ...] | None = None) -> Document:
        return replay(self.document, self.edits.values(), at)

    def change(
        self,
        author: Pseudonym,
        text: str | None = None,
        fields: Mapping[int, Value] | None = None,
        at: tuple[EntryId, ...] | None = None,
    ) -> tuple[EntryId, ...]:
        """Somebody makes the text another, as of `at`; returns the heads that they then see."""
        seen = self.read(at)
        return self.write(author, seen.heads, seen.change(fields or {}, text))

    def write(
        self, author: Pseudonym, base: tuple[EntryId, ...], drafts: list[Draft]
    ) -> tuple[EntryId, ...]:
        for draft in drafts:
            base = (self.add(author, base, draft),)
        return base

    def add(self, author: Pseudonym, base: tuple[EntryId, ...], draft: Draft) -> EntryId:
        skeleton = Edit(0, (), self.document, base, draft.base_length, draft.operations)
        count = len(self.edits).to_bytes(4, "big")
        name = EntryId(digest(b"test", count, author, *base))
        self.edits[name] = EditFacts(name, author, len(self.edits), skeleton, draft.values, True)
        return name

    def add_raw(
        self,
        author: Pseudonym,
        base: tuple[EntryId, ...],
        base_length: int,
        operations: tuple[Operation, ...],
        values: tuple[Value, ...] | None = None,
    ) -> EntryId:
        """What no honest node would write."""
        return self.add(author, base, Draft(operations, values or (), base_length))

    def put(self, name: EntryId, **changes: object) -> None:
        """Change what is known of an edit."""
        self.edits[name] = replace(self.edits[name], **changes)  # type: ignore[arg-type]

    def erase(self, author: Pseudonym) -> None:
        for name, edit in self.edits.items():
            if edit.pseudonym == author:
                self.edits[name] = replace(edit, values=None)
