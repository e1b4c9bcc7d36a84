"""The first heading of a Markdown-like text, to be its title."""

from __future__ import annotations

import re

_READ = 500
"""Code points of a heading that are looked at, which bounds the patterns below."""

_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<words>[^\n]+)", re.MULTILINE)
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})\s*")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(\S(?:.*?\S)?)\1")


def first_heading(text: str) -> str:
    """Return the words of a text's first heading without their markup, or ""."""
    first, second = [*text.lstrip()[: 4 * _READ].split("\n"), ""][:2]
    if first and _UNDERLINE.fullmatch(second):
        return _words(first)
    found = _HEADING.search(text)
    return _words(found["words"]) if found else ""


def _words(heading: str) -> str:
    plain = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", heading[:_READ]))
    return plain.strip().rstrip("#").rstrip()
