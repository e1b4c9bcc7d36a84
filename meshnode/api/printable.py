"""Answers made safe to print: what peers wrote steers nobody's terminal.

Done once, where answers leave the daemon, so that no client can forget it.
"""

from __future__ import annotations

from knowledge.terminal_text import terminal_line, terminal_text

_LINES = frozenset(
    {"author", "community", "language", "licence", "name", "place", "source", "tags", "title"}
)
"""Fields that are one line; every other text may have several."""


def printable(value: object, field: str = "") -> object:
    """Return plain data (of `msgspec.to_builtins`) with every text in it safe to print.

    Args:
        value: Numbers, texts, lists and dictionaries of them.
        field: The name of the field it is the value of.
    """
    match value:
        case str():
            if value.isascii() and value.isprintable():
                return value
            return terminal_line(value) if field in _LINES else terminal_text(value)
        case dict():
            clean = {name: printable(part, name) for name, part in value.items()}
            if clean.get("marks") and clean.get("snippet") != value.get("snippet"):
                clean["marks"] = []  # they would point at other words
            return clean
        case list() | tuple():
            return [printable(part, field) for part in value]
        case _:
            return value
