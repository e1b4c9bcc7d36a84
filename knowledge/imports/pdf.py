"""PDF documents: the text that is in them (a scanned page has none)."""

from __future__ import annotations

import io
import logging
import re
from time import monotonic
from typing import TYPE_CHECKING

from knowledge.errors import ImportRefused
from knowledge.imports.decoding import cleaned
from knowledge.imports.reading import MAX_TEXT, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypdf import PdfReader

MAX_PAGES = 2_000

MAX_SECONDS = 30.0
"""Looked at after each page: pypdf cannot be stopped within one."""

_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-zà-ÿ])")
_WRAPPED = re.compile(r"(?<![.!?:;\n])\n(?=[a-zà-ÿ(,])")


def read_pdf(data: bytes, clock: Callable[[], float] = monotonic) -> list[Reading]:
    """Read a PDF's text, a blank line between pages, wrapped lines joined.

    Raises:
        ImportRefused: It is locked, damaged, too long, or holds pictures only.
    """
    from pypdf import PdfReader  # with the first PDF: it takes 50 ms and 8 MB

    # pypdf logs about each oddity of a file; the report says what matters of it.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        return [_read(PdfReader(io.BytesIO(data)), clock() + MAX_SECONDS, clock)]
    except ImportRefused:
        raise
    except Exception as error:  # whatever pypdf raises for these bytes, the file is at fault
        raise ImportRefused(f"the PDF is damaged: {type(error).__name__}") from error


def _read(reader: PdfReader, deadline: float, clock: Callable[[], float]) -> Reading:
    if reader.is_encrypted and not reader.decrypt(""):
        raise ImportRefused("the PDF is locked with a password; save it without one")
    if len(reader.pages) > MAX_PAGES:
        raise ImportRefused(f"the PDF has more than {MAX_PAGES} pages; split it")
    pages: list[str] = []
    length = 0
    for page in reader.pages:
        text = cleaned(page.extract_text())
        pages.append(_WRAPPED.sub(" ", _HYPHENATED.sub("", text)))
        length += len(text)
        if length > MAX_TEXT:
            raise ImportRefused(f"it is longer than {MAX_TEXT:,} characters; split it")
        if clock() > deadline:
            raise ImportRefused(f"reading it takes longer than {MAX_SECONDS:.0f} s; split it")
    text = "\n\n".join(filter(None, pages))
    if not text:
        raise ImportRefused("the PDF holds no text, only pictures; it needs to be typed off")
    about = reader.metadata
    title = cleaned(str(about.title or "")) if about is not None else ""
    author = cleaned(str(about.author or "")) if about is not None else ""
    return Reading(text, title, {"author": author} if author else {})
