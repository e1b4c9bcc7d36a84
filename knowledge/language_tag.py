"""Language tags, as BCP 47 writes them: "es", "sw", "pt-BR", "zh-Hant", "und" for unknown.

Only the form is checked (RFC 5646, section 2.1): which languages there are is a register
that grows. A first part of four letters and more is well formed there but never given out,
and would let "english" through.
"""

from __future__ import annotations

import re
from typing import Final

from knowledge.errors import BadLanguage

LANGUAGE_PATTERN: Final = (
    r"(?=.{2,35}$)"  # what RFC 5646, section 4.4.1, has everybody make room for
    r"[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}"  # the language, and one that it takes in
    r"(-[A-Za-z]{4})?"  # script
    r"(-([A-Za-z]{2}|[0-9]{3}))?"  # region
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"  # variants
    r"(-[0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+)*"  # extensions
    r"(-[Xx](-[A-Za-z0-9]{1,8})+)?"  # private use
)
_LANGUAGE: Final = re.compile(LANGUAGE_PATTERN)
_SHOWN_CHARS: Final = 40


def language_tag(said: str) -> str:
    """Return a tag in the case that it is written in (section 2.1.1).

    Raises:
        BadLanguage: It is none.
    """
    tag = said.strip()
    if not _LANGUAGE.fullmatch(tag):
        raise BadLanguage(repr(tag[:_SHOWN_CHARS]))
    first, *others = tag.lower().split("-")
    written, is_free = [first], False
    for part in others:
        if len(part) == 2 and not is_free:
            written.append(part.upper())
        else:
            written.append(part.title() if len(part) == 4 and not is_free else part)
        is_free = is_free or len(part) == 1  # extensions are written small
    return "-".join(written)
