"""One argument of a command line, from its letters to its value, or a sentence on what is wrong."""

from __future__ import annotations

import argparse
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_DURATION = re.compile(r"([1-9][0-9]{0,5})\s*([smhdw])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_MOST_MS = 10 * 365 * _UNIT_MS["d"]
_MOST_DIGITS = 10

MAX_NAME_CHARS = 200
"""The node's own limit, which a test compares."""


def duration_ms(text: str) -> int:
    """Read a duration such as "90s", "12h" or "7d", in milliseconds."""
    found = _DURATION.fullmatch(text.strip().lower())
    length = int(found[1]) * _UNIT_MS[found[2]] if found else 0
    if not 0 < length <= _MOST_MS:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write 90s, 30m, 12h, 7d or 4w")
    return length


def number(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number between two others."""

    def read(text: str) -> int:
        value = int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else -1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return value

    return read


def words(text: str) -> str:
    """Read words; where the locale is not UTF-8, Python leaves them undecoded."""
    if text.isascii() or not any(_is_undecoded(letter) for letter in text):
        return text
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        raise argparse.ArgumentTypeError("this is not UTF-8 text") from None


def some(text: str) -> str:
    """Read what must not be empty, as it is where a script's variable is not set."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def some_words(text: str) -> str:
    """Read words that must not be empty."""
    return some(words(text))


def called(text: str) -> str:
    """Read the name of a person or a community."""
    if len(text) > MAX_NAME_CHARS:
        raise argparse.ArgumentTypeError(f"a name has at most {MAX_NAME_CHARS} characters")
    return some_words(text)


def _is_undecoded(letter: str) -> bool:
    return "\udc80" <= letter <= "\udcff"
