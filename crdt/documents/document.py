"""A document as its edits make it. Entries are the truth; this is a view, and can be rebuilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crdt.documents.draft import change
from crdt.documents.text_change import visible
from crdt.entries.entry import MAX_CONTENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.documents.draft import Draft
    from crdt.documents.trunk import Trunk
    from crdt.entries.contents import Value
    from crdt.entries.skeletons import Begin, Edit
    from crdt.ids import DocumentId, EntryId, Pseudonym


@dataclass(frozen=True, slots=True)
class EditFacts:
    """An entry that changes a document, as replay needs it.

    Attributes:
        pseudonym: Who wrote it.
        stamp_ms: The author's clock; to show, never to decide.
        values: Its content; None when that was erased, is not here or cannot be read.
        is_effective: Whether its author may write here.
        content_bytes: Size of the content part, as the header says: it is known for ever,
            also of what was erased.
    """

    id: EntryId
    pseudonym: Pseudonym
    stamp_ms: int
    skeleton: Begin | Edit
    values: tuple[Value, ...] | None
    is_effective: bool
    content_bytes: int = MAX_CONTENT_BYTES


@dataclass(frozen=True, slots=True)
class Document:
    """A document, read-only.

    Attributes:
        genre: What it is, as its beginning says; None while the beginning is not here.
        fields: Fields that are set. Erased values are passed over for earlier ones.
        full_text: The text with a blank for each erased character.
        text: The text to show.
        heads: Newest edits: the base of the next one.
        shown: The edits that are in it; whether their words are, or blanks instead.
        contributors: Authors of its effective edits, in the order of their first one.
        automerge_heads: Change hashes; equal on all nodes that know the same.
        damage: What does not fit and was left out, in words; None when all is well.
        waiting: Edits that refer to edits which are not here yet.
        left_out: Edits beyond what their authors may add to a document.
    """

    id: DocumentId
    genre: int | None
    fields: Mapping[int, Value]
    full_text: str
    text: str = field(init=False)
    heads: tuple[EntryId, ...]
    shown: Mapping[EntryId, bool]
    contributors: tuple[Pseudonym, ...]
    automerge_heads: tuple[bytes, ...]
    damage: str | None
    waiting: int
    left_out: int
    trunk: Trunk = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hide the blanks."""
        object.__setattr__(self, "text", visible(self.full_text))

    @property
    def edits(self) -> int:
        """How many edits are in it."""
        return len(self.shown)

    def change(self, fields: Mapping[int, Value], text: str | None = None) -> list[Draft]:
        """Draft the edits that turn this document into what somebody typed.

        To merge well, call it on the document as the writer saw it (`replay(..., at=heads)`
        brings it back): the first draft's base is `heads`, each next one's the draft before.

        Args:
            fields: Those to set; None clears one.
            text: The whole new text as shown; None to leave it.

        Raises:
            Malformed: Characters that no document may hold.
            TooLarge: A field or the text is too long.
        """
        differing = {
            number: value
            for number, value in fields.items()
            if self.fields.get(number) != value or type(self.fields.get(number)) is not type(value)
        }
        return change(self.full_text, differing, text)
