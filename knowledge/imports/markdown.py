"""Markdown and plain text."""

from __future__ import annotations

from knowledge.imports.decoding import decoded
from knowledge.imports.front_matter import split_front_matter
from knowledge.imports.heading import first_heading
from knowledge.imports.reading import Reading


def read_markdown(data: bytes) -> list[Reading]:
    """Read a Markdown file; its first heading is its title unless its front matter has one.

    Raises:
        UnsupportedFile: It is not text.
        ImportRefused: Its front matter cannot be read.
    """
    text, notes = decoded(data)
    fields, body = split_front_matter(text)
    return [Reading(body.strip("\n"), first_heading(body), fields, notes)]


def read_plain_text(data: bytes) -> list[Reading]:
    """Read a text file as it is.

    Raises:
        UnsupportedFile: It is not text.
    """
    text, notes = decoded(data)
    return [Reading(text, notes=notes)]
