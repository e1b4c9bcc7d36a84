"""What a name looks like: the same for all names that a reader would take for each other."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

_LATIN_MARKS = 200
"""Marks over and under letters have this combining class or a higher one. Lower ones are vowels
and other parts of the word, in Arabic, Hindi, Thai and more, and stay."""

_LOOKS_LIKE: Final = str.maketrans(
    "аеорсухѕіјһԁԛԝьвкмнтгпαβγεικνορτυχωηıɩɑɡ01l|",  # noqa: RUF001
    "aeopcyxsijhdqwbbkmhtrnabyeikvoptuxwniiagoiii",
)
"""Small letters and digits that are drawn like, or almost like, a Latin one (Unicode UTS 39)."""

_PAIRS = (("rn", "m"), ("vv", "w"))


@lru_cache(4096)
def appearance(name: str) -> str:
    """Fold a name, so that names that look the same become equal; "" when nothing is to be seen.

    Case, spaces, accents, invisible characters and look-alikes from other scripts make no
    difference. Some names that differ fold together as well ("Ali", "All"): this is for
    asking whether two may be taken for each other, never for showing.
    """
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    seen = "".join(letter for letter in letters if not _is_unseen(letter))
    for pair, single in _PAIRS:
        seen = seen.replace(pair, single)
    return "".join(seen.translate(_LOOKS_LIKE).split())


def _is_unseen(letter: str) -> bool:
    return (
        unicodedata.combining(letter) >= _LATIN_MARKS
        or (unicodedata.category(letter) in {"Cf", "Cc", "Cn"} and not letter.isspace())
        or letter in "\u115f\u1160\u3164\u2800"  # fillers and the blank of Braille
    )
