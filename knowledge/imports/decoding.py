"""Bytes to clean text: which encoding, and nothing in it that no text should hold."""

from __future__ import annotations

import codecs
import re
import unicodedata

from knowledge.errors import UnsupportedFile

CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Everything but tab and newline that steers a device instead of being read."""

_NOT_TEXT_SHARE = 0.02
"""Share of control characters from which on a file is not text, whatever its name says."""

_BLANK_LINES = re.compile(r"\n{4,}")

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a text file: UTF-8, UTF-16 with its mark, or else Windows-1252.

    Returns:
        The text, cleaned, and notes for the report.

    Raises:
        UnsupportedFile: It is not text.
    """
    text, notes = _decoded(data)
    controls = len(CONTROL.findall(text.replace("\r", "").replace("\f", "")))
    if "\0" in text or controls > _NOT_TEXT_SHARE * len(text) + 1:
        raise UnsupportedFile("the file holds bytes that are not text")
    if controls:
        notes = (*notes, f"{controls} control characters were left out.")
    return cleaned(text), notes


def cleaned(text: str) -> str:
    """Return a text with plain newlines, composed letters and no control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    text = unicodedata.normalize("NFC", CONTROL.sub("", text))
    # Not a pattern: "spaces before a newline" costs the square of a long run of spaces.
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n\n", text).strip("\n")


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), ()
            except UnicodeDecodeError as error:
                raise UnsupportedFile(
                    f"it says it is {encoding.upper()}, but is not from byte {error.start} on"
                ) from error
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        # A few bytes mean nothing in Windows-1252; they become the replacement character.
        text = data.decode("cp1252", errors="replace")
        return text, ("It is not UTF-8; it was read as Windows-1252. Check its accents.",)
