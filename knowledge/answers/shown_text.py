"""Text that is safe to print: without what moves a cursor, hides words or turns their order."""

from __future__ import annotations

import unicodedata

_KEPT_FORMATS = frozenset("\u200c\u200d")
"""Joiners: Persian, Hindi and emoji need them."""


def shown_text(text: str, limit: int) -> str:
    """Return at most `limit` characters, with line ends kept and everything unprintable gone."""
    cleaned = "".join(_shown(character) for character in text[: 2 * limit]).strip()
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def shown_line(text: str, limit: int) -> str:
    """The same in one line: for titles, names and sentences."""
    return shown_text(" ".join(text[: 4 * limit].split()), limit)


def _shown(character: str) -> str:
    if character == "\n" or character in _KEPT_FORMATS:
        return character
    match unicodedata.category(character):
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Cc":
            return " " if character in "\t\r\v\f" else ""
        case "Cf" | "Cs" | "Cn" | "Co":
            return ""
        case _:
            return character
