"""Cut a text into paragraph-sized pieces: what is indexed, quoted and cited.

The pieces laid end to end are the text, so the index keeps each word once and
an erasure has one place to reach.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = 450
"""Code points: shorter paragraphs are joined with their neighbours, so a hit reads by itself."""

LARGE = 1200
"""Code points: longer paragraphs are cut, at a sentence where there is one."""

MAX_PIECES = 1 << 13
"""A text of the longest allowed length makes fewer; whatever would pass this is one last piece."""

_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE_END = re.compile(r"[.!?…。！？۔؟]['\"»”’)]*\s+|\n")  # noqa: RUF001
_HEADING = re.compile(r"#{1,6}\s")
_UNDERLINES = ("===", "---")


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text, and where it starts, in code points."""

    start: int
    text: str


def pieces(text: str) -> list[Piece]:
    """Cut a text at paragraphs; joined again, the pieces are exactly the text.

    A heading stays with what it heads. The work is linear in the text's length.
    """
    cut: list[Piece] = []
    start = end = 0
    for paragraph_end in _paragraph_ends(text):
        is_joined = paragraph_end - start <= SMALL or _is_heading(text, start, end)
        if end > start and not is_joined:
            cut.extend(_shortened(text, start, end))
            start = end
        end = paragraph_end
    cut.extend(_shortened(text, start, end))
    if len(cut) > MAX_PIECES:
        last = cut[MAX_PIECES - 1].start
        cut[MAX_PIECES - 1 :] = [Piece(last, text[last:])]
    return cut


def _paragraph_ends(text: str) -> Iterator[int]:
    for found in _PARAGRAPH_END.finditer(text):
        yield found.end()
    if text:
        yield len(text)


def _is_heading(text: str, start: int, end: int) -> bool:
    if end - start > SMALL:
        return False
    lines = text[start:end].strip().split("\n")
    if len(lines) == 1:
        return _HEADING.match(lines[0]) is not None
    return len(lines) == 2 and lines[1].startswith(_UNDERLINES)


def _shortened(text: str, start: int, end: int) -> Iterator[Piece]:
    while end - start > LARGE:
        at = _good_cut(text, start + LARGE // 2, start + LARGE)
        yield Piece(start, text[start:at])
        start = at
    if end > start:
        yield Piece(start, text[start:end])


def _good_cut(text: str, earliest: int, latest: int) -> int:
    sentence_end = 0
    for found in _SENTENCE_END.finditer(text, earliest, latest):
        sentence_end = found.end()
    return sentence_end or text.rfind(" ", earliest, latest) + 1 or latest
