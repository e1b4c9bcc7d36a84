"""What somebody typed, as the operations and values of one or several edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.documents.text_change import BLANK, replacements, visible
from crdt.entries.contents import Value, encode_values
from crdt.entries.skeletons import SetField, Splice
from crdt.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crdt.entries.skeletons import Operation

MAX_TEXT_LENGTH = 2_000_000
"""Code points of a document's text, erased ones included."""

_DRAFT_BYTES = 30_000
"""Content that one edit aims at: several make a long text, and each fits a slow link's minutes."""

_VALUE_BYTES = 46 * 1024
"""Largest value of a field: it must fit an edit of its own."""

_DRAFT_OPERATIONS = 512
_VALUE_OVERHEAD_BYTES = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """One edit that is not signed yet.

    Attributes:
        operations: For the skeleton.
        values: For the content.
        base_length: Length of the text that it changes: for the skeleton of an `Edit`.
    """

    operations: tuple[Operation, ...]
    values: tuple[Value, ...]
    base_length: int


def begin(fields: Mapping[int, Value], text: str = "") -> list[Draft]:
    """Draft a new document: the first draft is for its `Begin`, the rest for edits after it.

    Raises:
        Malformed: Characters that no document may hold.
        TooLarge: A field or the text is too long.
    """
    drafts = change("", fields, text)
    if not drafts:
        raise ValueError("a document begins with a field or some text")
    return drafts


def change(full_text: str, fields: Mapping[int, Value], text: str | None) -> list[Draft]:
    """Draft the edits that turn a document into what somebody typed.

    Args:
        full_text: The document's text as the writer saw it, with its blanks.
        fields: Those to set.
        text: Its new visible text; None to leave it.

    Returns:
        Drafts, each based on the one before it; none when nothing changes.

    Raises:
        Malformed: Characters that no document may hold.
        TooLarge: A field or the text is too long.
    """
    cutter = _Cutter(len(full_text))
    for field, value in sorted(fields.items()):
        if not is_clean(value):
            raise Malformed("a character that no text may hold")
        cutter.set_field(field, value)
    if text is not None:
        if not is_clean(text):
            raise Malformed("a character that no text may hold")
        for position, deleted, inserted in _splices(full_text, text):
            cutter.splice(position, deleted, inserted)
    return cutter.finish()


def is_clean(value: Value) -> bool:
    """Whether a value holds no blanks, NULs or halves of surrogate pairs."""
    match value:
        case str():
            return BLANK not in value and "\0" not in value and _is_utf8(value)
        case tuple():
            return all(is_clean(item) for item in value)
        case _:
            return True


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _splices(full_text: str, new: str) -> Iterator[tuple[int, int, str]]:
    """Changes as positions in the full text, as left by those before; blanks stay."""
    if BLANK not in full_text:
        shift = 0
        for item in replacements(full_text, new):
            yield item.start + shift, item.end - item.start, item.inserted
            shift += len(item.inserted) - (item.end - item.start)
        return
    place = [index for index, letter in enumerate(full_text) if letter != BLANK]
    shift = 0
    for item in replacements(visible(full_text), new):
        inserted = item.inserted
        if item.start == item.end:
            after = place[item.start - 1] + 1 if item.start else 0
            runs = [(after, 0)]
        else:
            runs = _runs(place[item.start : item.end])
        for start, size in runs:
            yield start + shift, size, inserted
            shift += len(inserted) - size
            inserted = ""


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """Rising numbers as stretches without a gap: (first, how many)."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs


class _Cutter:
    """Collects operations into drafts of bounded size."""

    def __init__(self, length: int) -> None:
        self._drafts: list[Draft] = []
        self._base_length = self._length = length
        self._operations: list[Operation] = []
        self._values: list[Value] = []
        self._bytes = 0

    def set_field(self, field: int, value: Value) -> None:
        size = len(encode_values((value,)))
        if size > _VALUE_BYTES:
            raise TooLarge(f"a field of {size} bytes; at most {_VALUE_BYTES}")
        self._make_room(size)
        self._add(SetField(field), size)
        self._values.append(value)

    def splice(self, position: int, deleted: int, inserted: str) -> None:
        rest = inserted
        while True:
            self._make_room(_VALUE_OVERHEAD_BYTES + 4)
            piece, rest = _cut(rest, _DRAFT_BYTES - self._bytes - _VALUE_OVERHEAD_BYTES)
            self._add(
                Splice(position, deleted, len(piece)), _VALUE_OVERHEAD_BYTES + len(piece.encode())
            )
            if piece:
                self._values.append(piece)
            self._length += len(piece) - deleted
            if self._length > MAX_TEXT_LENGTH:
                raise TooLarge(f"a text of more than {MAX_TEXT_LENGTH} characters")
            position, deleted = position + len(piece), 0
            if not rest:
                return

    def finish(self) -> list[Draft]:
        if self._operations:
            self._drafts.append(
                Draft(tuple(self._operations), tuple(self._values), self._base_length)
            )
            self._base_length = self._length
            self._operations, self._values, self._bytes = [], [], 0
        return self._drafts

    def _make_room(self, size: int) -> None:
        is_full = len(self._operations) == _DRAFT_OPERATIONS
        if is_full or (self._operations and self._bytes + size > _DRAFT_BYTES):
            self.finish()

    def _add(self, operation: Operation, size: int) -> None:
        self._operations.append(operation)
        self._bytes += size


def _cut(text: str, size: int) -> tuple[str, str]:
    """Split a text after at most so many bytes."""
    head = text[:size].encode()[:size].decode(errors="ignore")
    return head, text[len(head) :]
