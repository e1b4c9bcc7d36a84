"""Word documents (.docx): paragraphs, headings, lists and tables."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any, Final

from knowledge.errors import ImportRefused
from knowledge.imports.decoding import cleaned
from knowledge.imports.heading import first_heading
from knowledge.imports.reading import MAX_TEXT, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MEMBERS = 4_000
"""Files inside the document."""

MAX_UNPACKED_BYTES = 128 * 1024 * 1024

MAX_PACKING = 250
"""Unpacked size over packed size: text packs to a twentieth, a zip bomb to a thousandth."""

_SMALL_BYTES = 1024 * 1024

_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_docx(data: bytes) -> list[Reading]:
    """Read a document's text; changes marked as deleted are left out.

    Raises:
        ImportRefused: It is locked, damaged, or unpacks to far more than its size.
    """
    import docx  # with the first document: it takes 40 ms and 6 MB

    try:
        _check_archive(data)
        document = docx.Document(io.BytesIO(data))
        about = document.core_properties
        title, author, language = about.title or "", about.author or "", about.language or ""
        text = cleaned("\n\n".join(_blocks(document.element.body)))
    except ImportRefused:
        raise
    except Exception as error:  # whatever python-docx raises for these bytes, the file is at fault
        raise ImportRefused(f"the document is damaged: {type(error).__name__}") from error
    fields: dict[str, str | tuple[str, ...]] = {}
    if author and author != "python-docx":
        fields["author"] = cleaned(author)
    if language:
        fields["language"] = cleaned(language)
    return [Reading(text, cleaned(title) or first_heading(text), fields)]


def _check_archive(data: bytes) -> None:
    """Judge the archive by its table of contents, before anything is unpacked.

    A member that unpacks to more than its table says is cut there by zipfile, and then fails.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ImportRefused(f"the document holds more than {MAX_MEMBERS} files")
    if any(member.flag_bits & 1 for member in members):
        raise ImportRefused("the document is locked with a password; save it without one")
    if not any(member.filename == "word/document.xml" for member in members):
        raise ImportRefused("its name says DOCX, but it is another kind of archive")
    unpacked = sum(member.file_size for member in members)
    is_bomb = any(
        member.file_size > max(_SMALL_BYTES, MAX_PACKING * member.compress_size)
        for member in members
    )
    if unpacked > MAX_UNPACKED_BYTES or is_bomb:
        raise ImportRefused("the document unpacks to far more than its size; it was not opened")


def _blocks(body: Any) -> Iterator[str]:  # noqa: ANN401 - lxml ships no types
    for fallback in list(body.iter(_FALLBACK)):  # says again, for old readers, what stands beside
        fallback.getparent().remove(fallback)
    length = 0
    for child in body:
        for block in _rows(child) if child.tag == _WORD + "tbl" else _paragraphs(child):
            length += len(block)
            if length > MAX_TEXT:
                raise ImportRefused(f"it is longer than {MAX_TEXT:,} characters; split it")
            yield block


def _rows(table: Any) -> Iterator[str]:  # noqa: ANN401
    lines = [
        " | ".join(
            " ".join(map(_words, cell.iter(_WORD + "p"))).strip()
            for cell in row.iterchildren(_WORD + "tc")
        )
        for row in table.iterchildren(_WORD + "tr")
    ]
    yield "\n".join(lines)


def _paragraphs(block: Any) -> Iterator[str]:  # noqa: ANN401
    for paragraph in block.iter(_WORD + "p"):
        words = _words(paragraph).strip()
        if words:
            yield _start(paragraph) + words


def _words(paragraph: Any) -> str:  # noqa: ANN401
    parts: list[str] = []
    for element in paragraph.iter(_WORD + "t", _WORD + "tab", _WORD + "br", _WORD + "cr"):
        parts.append((element.text or "") if element.tag == _WORD + "t" else "\n")
        if element.tag == _WORD + "tab":
            parts[-1] = "\t"
    return "".join(parts)


def _start(paragraph: Any) -> str:  # noqa: ANN401
    style = paragraph.find(f"{_WORD}pPr/{_WORD}pStyle")
    name = (style.get(_WORD + "val") or "").lower() if style is not None else ""
    if name == "title":
        return "# "
    if name.startswith("heading") and name[7:].isdecimal():
        return "#" * min(int(name[7:8]) or 1, 6) + " "
    is_item = name.startswith("list") or paragraph.find(f"{_WORD}pPr/{_WORD}numPr") is not None
    return "- " if is_item else ""
