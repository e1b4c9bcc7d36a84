"""Import files and folders: each file becomes drafts, or a sentence that says why it does not.

    found -> read -> drafted -> Imported | Skipped | Refused

Nothing is stored here. The caller shows each report as it comes (which is the progress), and
gives the drafts to the store: `source_key` with `Draft.part` says whether a draft is known from
an earlier import, and `Draft.digest` whether it has changed since.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.errors import ImportRefused
from knowledge.imports.csv_table import read_csv
from knowledge.imports.docx_document import read_docx
from knowledge.imports.draft import Defaults, Draft, drafted
from knowledge.imports.file_kind import FileKind, file_kind
from knowledge.imports.folder import FoundFile, find_files
from knowledge.imports.html import read_html
from knowledge.imports.markdown import read_markdown, read_plain_text
from knowledge.imports.pdf import read_pdf
from knowledge.imports.reading import MAX_FILE_BYTES, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NO_DEFAULTS = Defaults()

_MAX_NOTES = 20


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that became drafts; `notes` says what was guessed or left out."""

    path: Path
    shown: str
    drafts: tuple[Draft, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was passed over as a matter of course."""

    path: Path
    shown: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be imported, and why; `code` as in `knowledge.errors`."""

    path: Path
    shown: str
    reason: str
    code: str


FileReport = Imported | Skipped | Refused


@dataclass(frozen=True, slots=True)
class Progress:
    """One file done: the `number`th, from 1, of `total`."""

    number: int
    total: int
    report: FileReport


def import_paths(paths: Iterable[Path], defaults: Defaults = _NO_DEFAULTS) -> Iterator[Progress]:
    """Read files and folders, one report for each file, in a fixed order.

    Args:
        paths: Files, or folders to be read with all that is in them.
        defaults: Holds for each file that does not say otherwise.
    """
    found = find_files(paths)
    for number, file in enumerate(found, 1):
        yield Progress(number, len(found), _report(file, defaults))


def source_key(secret: bytes, path: Path, part: str = "") -> str:
    """Name the source of a draft, so that a later import of the same file is known again.

    Keyed, so that whoever reads the name cannot tell (or test guesses of) where a member's files
    lie. Stable for as long as the file keeps its place and its name.

    Args:
        secret: This node's own, 16 to 64 random bytes.
        path: Of the file, as in a report.
        part: `Draft.part`.

    Returns:
        32 hex characters.
    """
    if not 16 <= len(secret) <= 64:
        raise ValueError("the secret has 16 to 64 bytes")
    named = os.fsencode(path.absolute()) + b"\0" + part.encode("utf-8", "backslashreplace")
    return hashlib.blake2b(named, key=secret, digest_size=16, person=b"import source").hexdigest()


def _report(file: FoundFile, defaults: Defaults) -> FileReport:
    if file.obstacle:
        if file.is_fault:
            return Refused(file.path, file.shown, file.obstacle, ImportRefused.code)
        return Skipped(file.path, file.shown, file.obstacle)
    try:
        data = _bytes(file.path)
        if not data.strip():
            return Skipped(file.path, file.shown, "It is empty.")
        drafts: list[Draft] = []
        notes: list[str] = []
        for reading in _readings(file.path.suffix, data):
            draft, said = _drafted(reading, file.path, defaults)
            drafts.append(draft)
            notes += said
    except ImportRefused as error:
        return Refused(file.path, file.shown, error.explain(), error.code)
    if not drafts:
        return Skipped(file.path, file.shown, "There is no text in it.")
    return Imported(file.path, file.shown, tuple(drafts), tuple(dict.fromkeys(notes))[:_MAX_NOTES])


def _drafted(reading: Reading, path: Path, defaults: Defaults) -> tuple[Draft, tuple[str, ...]]:
    """Make a draft; what is refused in a table is said with the row's title."""
    try:
        return drafted(reading, path, defaults)
    except ImportRefused as error:
        if not reading.part:
            raise
        raise ImportRefused(f'in the row "{reading.title}": {error}') from error


def _readings(ending: str, data: bytes) -> list[Reading]:
    match file_kind(ending, data):
        case FileKind.MARKDOWN:
            return read_markdown(data)
        case FileKind.TEXT:
            return read_plain_text(data)
        case FileKind.HTML:
            return read_html(data)
        case FileKind.CSV:
            return read_csv(data)
        case FileKind.PDF:
            return read_pdf(data)
        case FileKind.DOCX:
            return read_docx(data)


def _bytes(path: Path) -> bytes:
    """Read a file whole, if it is a plain file of a size that can be.

    It may have been swapped since it was found: so no link is followed, and no pipe waited for.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ImportRefused(f"the file cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ImportRefused(f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
    return data
