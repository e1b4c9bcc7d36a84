"""Cut text into sentences, each a verbatim part of it.

Lists, headings and table rows count as sentences. Where it is unclear whether a
sentence ends, it goes on: half a sentence may say the opposite of the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_SENTENCES = 400
"""Sentences read of one passage: bounds the work on a hostile one."""

_SHORTENED: Final = """
    approx aprox art bzw ca dr e.g eg ej etc fig i.e ie max min mr mrs no nr p pp resp sr sra st
    vs z.b
"""
_ABBREVIATIONS: Final = frozenset(_SHORTENED.split())
_SHORT_LINE = 60
"""Characters: a line shorter than this was ended on purpose, not by wrapping."""

_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？؟۔]+[”’」』)]*|\n")  # noqa: RUF001
_NEW_BLOCK = re.compile(r"[ \t]*(?:\n|[-*+•–]\s|#{1,6}\s|\d{1,3}[.)]\s|\||>)")  # noqa: RUF001
_LAST_WORD = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)\.+$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Verbatim text and where it starts, in code points."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends, exclusive."""
        return self.start + len(self.text)


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of a text in order, trimmed; empty ones are left out."""
    found: list[Sentence] = []
    start = 0
    for mark in _END.finditer(text):
        if _ends_here(text, start, mark):
            _keep(found, text, start, mark.end())
            start = mark.end()
        if len(found) == MAX_SENTENCES:
            return found
    _keep(found, text, start, len(text))
    return found


def _keep(found: list[Sentence], text: str, start: int, end: int) -> None:
    part = text[start:end]
    trimmed = part.strip()
    if trimmed:
        found.append(Sentence(start + part.index(trimmed[0]), trimmed))


def _ends_here(text: str, start: int, mark: re.Match[str]) -> bool:
    if mark.group() == "\n":
        line = text[max(start, text.rfind("\n", start, mark.start()) + 1) : mark.start()].strip()
        if not line or line.startswith(("#", "|")) or line.endswith(":"):
            return True
        following = text[mark.end() : mark.end() + 80]
        if _NEW_BLOCK.match(following):
            return True
        return len(line) < _SHORT_LINE and following.lstrip()[:1].isupper()
    following = text[mark.end() : mark.end() + 40].lstrip(" \t\"'“‘«([¿¡")  # noqa: RUF001
    if following[:1].islower():
        return False
    if mark.group()[0] != ".":
        return True
    before = text[max(start, mark.start() - 24) : mark.start() + 1]
    word = _LAST_WORD.search(before)
    if word is None:
        # "1. Boil" is a numbered line, not the end of a sentence.
        return not text[start : mark.start()].strip().isdigit()
    return word[1].casefold() not in _ABBREVIATIONS and (len(word[1]) > 1 or not following)
