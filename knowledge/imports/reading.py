"""What a reader of one format gives back, and the bounds that all of them keep."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_TEXT = 1_000_000
"""Code points of one contribution: some 400 pages. Longer texts are to be split by their giver,
who knows where; nobody could read, edit or withdraw them sensibly in one."""

MAX_FILE_BYTES = 32 * 1024 * 1024
"""A file is read whole, so this bounds the memory that one takes."""

MAX_READINGS = 5_000
"""Contributions that one file (a table with a row for each) may become."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One contribution's worth of a file.

    Attributes:
        text: As far as the format allows, Markdown-like plain text.
        title: As the file gives it, or "" when it gives none.
        fields: What the file says about itself: lower-case key to a value or several.
        notes: Sentences for the report: what was guessed, or left out.
        part: Names this contribution within its file; "" when it is the whole file.
    """

    text: str
    title: str = ""
    fields: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    part: str = ""
