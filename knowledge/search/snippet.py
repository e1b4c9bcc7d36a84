"""A line or two around what was found, with the found words as spans beside the text."""

from __future__ import annotations

from dataclasses import dataclass

OPEN_MARK = "\ufdd0"
CLOSE_MARK = "\ufdd1"
"""Two code points that Unicode reserves for a program's inner use: no text means them."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Part of a text and the spans in it that the search found.

    Attributes:
        text: One line, no marks in it.
        marks: (start, end) in code points of `text`, in order, not overlapping.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def snippet_of(marked: str) -> Snippet:
    """Take the marks out of a marked text. Marks that a hostile text smuggles in do no harm."""
    kept: list[str] = []
    marks: list[tuple[int, int]] = []
    length = 0
    opened: int | None = None
    for character in marked:
        if character == OPEN_MARK:
            opened = length
        elif character == CLOSE_MARK:
            if opened is not None and length > opened:
                marks.append((opened, length))
            opened = None
        else:
            kept.append(" " if character.isspace() else character)
            length += 1
    return Snippet("".join(kept), tuple(marks))
