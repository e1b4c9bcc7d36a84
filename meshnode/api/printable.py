"""Answers made safe: what peers wrote steers nobody's terminal, and an edit loses none of it.

Done once, where answers leave the daemon, so that no client can forget it. Only a whole
contribution is given as it was written, because it is given to be edited as well; who shows
one in a terminal calls `terminal_text`, as the command line and the app do.
"""

from __future__ import annotations

from typing import cast

import msgspec

from knowledge.terminal_text import terminal_line, terminal_text, written_line, written_text
from meshnode.views.contribution import ContributionView

_LINES = frozenset(
    {
        "author",
        "community",
        "given_by",
        "language",
        "licence",
        "name",
        "place",
        "source",
        "tags",
        "title",
    }
)
"""Fields that are one line; every other text may have several."""


def cleaned(answer: object) -> object:
    """Return an answer as plain data with every text in it safe.

    Safe to print, but for what of a contribution can be edited: title, text, tags and place
    keep the marks that turn the direction, which Arabic and Hebrew need.
    """
    plain = msgspec.to_builtins(answer)
    clean = printable(plain)
    if isinstance(answer, ContributionView):
        fields = cast("dict[str, object]", clean)
        fields["title"], fields["place"] = written_line(answer.title), written_line(answer.place)
        fields["text"] = written_text(answer.text)
        fields["tags"] = [written_line(tag) for tag in answer.tags]
    return clean


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
