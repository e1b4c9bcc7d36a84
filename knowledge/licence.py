"""Licences, as SPDX expressions: "CC-BY-SA-4.0", "MIT OR Apache-2.0", "LicenseRef-Ridge".

Only the form is checked (SPDX 2.3, annex D): which licences there are is a list that grows.
"""

from __future__ import annotations

import re
from typing import Final

from knowledge.errors import BadLicence

MAX_LICENCE_CHARS: Final = 100

_NAME: Final = r"(?!(?:AND|OR|WITH)(?:[ ()]|$))[A-Za-z0-9][A-Za-z0-9.-]*"
_GROUP: Final = "()"
"""Stands for a part in brackets that was found to be an expression."""

_TERM: Final = rf"(?:\(\)|(?:DocumentRef-[A-Za-z0-9.-]+:)?{_NAME}\+?(?: WITH {_NAME})?)"
_TERMS: Final = rf"{_TERM}(?: (?:AND|OR) {_TERM})*"
_EXPRESSION: Final = re.compile(_TERMS)
_IN_BRACKETS: Final = re.compile(rf"\( ?{_TERMS} ?\)")


def licence_expression(said: str) -> str:
    """Return an expression; "CC BY-SA 4.0" is understood as "CC-BY-SA-4.0".

    Raises:
        BadLicence: It is none.
    """
    words = " ".join(said.split())
    expression = words.replace(" ", "-") if words.upper().startswith("CC ") else words
    if len(expression) > MAX_LICENCE_CHARS or not _is_expression(expression):
        raise BadLicence(repr(words[:MAX_LICENCE_CHARS]))
    return expression


def _is_expression(text: str) -> bool:
    if _GROUP in text:
        return False
    found = 1
    while found:
        text, found = _IN_BRACKETS.subn(_GROUP, text)
    return _EXPRESSION.fullmatch(text) is not None
