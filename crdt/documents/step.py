"""One edit, ready for replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crdt.entries.contents import Value
    from crdt.entries.skeletons import Operation
    from crdt.ids import EntryId

Heads = frozenset["EntryId"]


@dataclass(frozen=True, slots=True)
class Step:
    """One edit, ready to be applied.

    Attributes:
        base: Newest edits that it rests on, none of which rests on another; empty
            for the beginning of the document.
        base_length: Length of the text there, as its author says.
        values: As many as its operations take; None: blanks.
    """

    id: EntryId
    base: Heads
    base_length: int
    operations: tuple[Operation, ...]
    values: tuple[Value, ...] | None
