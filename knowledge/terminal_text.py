"""Make anybody's text safe to show in a terminal.

A terminal obeys what it is shown: escape sequences move the cursor, rename the window, or paste;
direction marks make a line read as another; stacked accents spill over other lines.
"""

from __future__ import annotations

import re
import unicodedata

MAX_COMBINING = 4
"""Marks on one letter. Languages need two or three."""

_ESCAPE_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)?"  # strings
    "|\x1b[ -/]*[0-~]?"
)
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 but tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of text
    "\u2028\u2029"  # line and paragraph separators
    "\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef"
    "\U000e0000-\U000e007f]"  # tags: invisible, may carry hidden words
)
_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]")
"""C0 and C1 but tab and newline, the two overrides, halves of characters."""
_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def terminal_text(text: str) -> str:
    """Return a text that only shows letters: newlines and tabs stay, nothing else steers.

    Doing it twice is the same as once.
    """
    text = _LINE_BREAKS.sub("\n", text)
    text = _UNSAFE.sub("", _ESCAPE_SEQUENCE.sub("", text))
    return _few_marks(text)


def written_text(text: str) -> str:
    """Return a text to go on writing: all that its author's language needs stays.

    Marks that turn the direction stay with it, and every letter's marks; escape sequences,
    control characters and overrides of the direction go: no language needs them. Every kind of
    line break becomes a newline. Not for a terminal: `terminal_text` is.
    """
    return _NEVER.sub("", _ESCAPE_SEQUENCE.sub("", _LINE_BREAKS.sub("\n", text)))


def written_line(text: str) -> str:
    """Return a text of one line to go on writing, as `written_text` does."""
    return written_text(text).replace("\n", " ").replace("\t", " ")


def terminal_line(text: str) -> str:
    """Return a text on one line: for titles, names and tables."""
    return " ".join(terminal_text(text).split())


def _few_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= MAX_COMBINING:
            kept.append(character)
    return "".join(kept)
