"""What comes from the terminal and is no UTF-8: a sign that cannot be read, never the end.

Textual reads strictly, so one byte from a serial line with noise on it, or one accent
from a terminal that speaks Latin-1, ends the app and with it what was not saved.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from functools import partial
from typing import TYPE_CHECKING

from textual.drivers import linux_driver

if TYPE_CHECKING:
    from codecs import IncrementalDecoder
    from collections.abc import Callable


def take_any_bytes() -> None:
    """Have Textual's driver read what is no UTF-8 as U+FFFD, from the next app on."""
    linux_driver.getincrementaldecoder = _replacing  # type: ignore[attr-defined, assignment]


def _replacing(encoding: str) -> Callable[[], IncrementalDecoder]:
    return partial(getincrementaldecoder(encoding), errors="replace")
