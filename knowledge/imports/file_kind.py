"""Which kind of file this is: by what it holds, checked against what its name says."""

from __future__ import annotations

from enum import Enum
from typing import Final

from knowledge.errors import UnsupportedFile


class FileKind(Enum):
    """The kinds that can be read, named as a person would."""

    MARKDOWN = "Markdown"
    TEXT = "plain text"
    HTML = "HTML"
    CSV = "CSV"
    PDF = "PDF"
    DOCX = "DOCX"


_BY_ENDING: Final = {
    "": FileKind.TEXT,
    ".csv": FileKind.CSV,
    ".docx": FileKind.DOCX,
    ".htm": FileKind.HTML,
    ".html": FileKind.HTML,
    ".markdown": FileKind.MARKDOWN,
    ".md": FileKind.MARKDOWN,
    ".pdf": FileKind.PDF,
    ".text": FileKind.TEXT,
    ".tsv": FileKind.CSV,
    ".txt": FileKind.TEXT,
    ".xhtml": FileKind.HTML,
}

_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.doc or .xls)"),
    (b"{\\rtf", "a rich text document (RTF)"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "a database"),
    (b"OggS", "a sound file"),
    (b"ID3", "a sound file"),
    (b"%!PS", "a PostScript document"),
)

_PDF_MARK = b"%PDF-"
_PDF_MARK_WITHIN = 1024
_HTML_STARTS = (b"<!doctype html", b"<html")


def file_kind(ending: str, data: bytes) -> FileKind:
    """Tell a file's kind.

    Args:
        ending: Of its name, with the dot, in any case; "" when it has none.
        data: All of it, or its first kilobyte.

    Raises:
        UnsupportedFile: Not a kind that can be read, or not what its name says.
    """
    named = _BY_ENDING.get(ending.lower())
    held = _held(data)
    if named is None:
        raise UnsupportedFile(f"files ending in {ending} are not read")
    if named in (FileKind.PDF, FileKind.DOCX):
        is_honest = held == ("a ZIP archive" if named is FileKind.DOCX else "a PDF document")
        if not is_honest:
            raise UnsupportedFile(f"its name says {named.value}, but it holds {held or 'text'}")
        return named
    if held is None or (held == "an HTML page" and named in (FileKind.HTML, FileKind.MARKDOWN)):
        return named
    raise UnsupportedFile(f"its name says {named.value}, but it holds {held}")


def _held(data: bytes) -> str | None:
    """Name what the bytes are for certain, or None when they may be any text."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if _PDF_MARK in data[:_PDF_MARK_WITHIN] and (data.startswith(_PDF_MARK) or b"\0" in data):
        return "a PDF document"
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(_HTML_STARTS):
        return "an HTML page"
    return None
