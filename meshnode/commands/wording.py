"""Values as people read them: short ids, dates, sizes, durations, counts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from meshnode.views.attribution import attribution

if TYPE_CHECKING:
    from meshnode.views.answer import Citation
    from meshnode.views.hit import Hit

SHORT = 8
"""Letters of a shortened id."""

_YEAR_10000_MS = 253_402_300_800_000


def short(name: str) -> str:
    """Shorten an id to what is usually unambiguous."""
    return name[:SHORT]


def day(stamp_ms: int | None) -> str:
    """Write a time as a date on this machine's calendar."""
    return _formatted(stamp_ms, "%Y-%m-%d")


def moment(stamp_ms: int | None) -> str:
    """Write a time as date and minute."""
    return _formatted(stamp_ms, "%Y-%m-%d %H:%M")


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: "1 peer", "2 peers"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def whose(words: Hit | Citation) -> str:
    """Name an author, who gave the words in their name, and the community if there is one."""
    author = attribution(words.author, words.given_by)
    return f"{author}, {words.community}" if words.community else author


def size(number: float) -> str:
    """Write a number of bytes."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return (
                f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
            )
        number /= 1000
    raise AssertionError


def speed(bits_per_s: float) -> str:
    """Write how fast a link is."""
    for unit in ("bit/s", "kbit/s", "Mbit/s"):
        if bits_per_s < 1000:
            return f"{bits_per_s:.3g} {unit}"
        bits_per_s /= 1000
    return f"{bits_per_s:.0f} Gbit/s"


def span(duration_ms: float) -> str:
    """Write a duration."""
    if duration_ms < 1000:
        return f"{duration_ms:.0f} ms"
    seconds = duration_ms / 1000
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def _formatted(stamp_ms: int | None, form: str) -> str:
    if not stamp_ms:
        return "never"
    if not 0 < stamp_ms < _YEAR_10000_MS:
        return "an impossible time"  # a peer's clock may say anything
    return time.strftime(form, time.localtime(stamp_ms / 1000))
