"""Text in columns of a terminal: how wide it is, and how it is cut, filled and wrapped to fit.

Letters of East Asian scripts and most emoji take two columns, marks on a letter none.
A cut never goes through one of them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP = 2
"""Columns between two values."""

_LEAST = (12, 6)
"""What a value that gives way keeps at first and, if that does not do, in the end."""

_JOINER = "\u200d"
_WORD = re.compile(r"\S+")


def cells(text: str) -> int:
    """Return how many columns a text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def fit(text: str, size: int) -> str:
    """Cut a text to so many columns; an ellipsis stands for what is cut off."""
    if cells(text) <= size:
        return text
    return text[: _room(text, size - 1)].rstrip(_JOINER + " …") + "…" if size > 0 else ""


def padded(text: str, size: int) -> str:
    """Fill a text up to so many columns."""
    return text + " " * (size - cells(text))


def wrapped(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Give the lines of a text as [start, end) in code points: each as many words as fit.

    A word that is wider than a line, as in scripts without spaces, goes on in the next.
    """
    start = end = 0
    for word in _WORD.finditer(text):
        if start == end or cells(text[start : word.end()]) > size:
            if start < end:
                yield start, end
            start = word.start()
        while cells(text[start : word.end()]) > size:
            cut = start + max(1, _room(text[start : word.end()], size))
            yield start, cut
            start = cut
        end = word.end()
    if start < end:
        yield start, end


def row(values: Sequence[str], sizes: Sequence[int]) -> str:
    """Return values in columns."""
    parts = [padded(fit(value, size), size) for value, size in zip(values, sizes, strict=True)]
    return (" " * GAP).join(parts).rstrip()


def column_sizes(
    header: Sequence[str], rows: Sequence[Sequence[str]], gives_way: Sequence[str], width: int
) -> list[int]:
    """Return the sizes of columns that fit a screen as far as they can.

    Args:
        header: Names of the columns.
        rows: Their values.
        gives_way: Names of those that may be cut, the least important first.
        width: Columns of the screen.
    """
    sizes = [max(map(cells, column)) for column in zip(header, *rows, strict=True)]
    for least in _LEAST:
        for name in gives_way:
            at = header.index(name)
            excess = sum(sizes) + GAP * (len(sizes) - 1) - width
            sizes[at] -= max(0, min(excess, sizes[at] - least))
    return sizes


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _room(text: str, size: int) -> int:
    """Return how many code points fit; marks stay with their letter."""
    for count, character in enumerate(text):
        size -= _cells_of(character)
        if size < 0:
            return count
    return len(text)
