"""Text from other people, made harmless for the screen, and figures put into words.

Titles, texts, names and addresses come from peers. The daemon cleans them; this
is the second lock: nothing here or later reads them as markup, and no control
code or change of writing direction gets as far as the terminal.

What makes one picture out of several signs is left out too (a family of four, a hand in
a colour): terminals disagree on how wide such a picture is, and a line that is wider than
it was counted pushes its end, and what stands beside it, off the screen. The signs stay.
"""

from __future__ import annotations

import re
import time

_OVERRIDES = [0x202D, 0x202E]
_DIRECTIONS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROL = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]
_EDITED: dict[int, str | None] = dict.fromkeys([*_CONTROL, *_OVERRIDES]) | {
    0x0A: "\n",
    0x09: "\t",
}
_COPIED: dict[int, str | None] = _EDITED | dict.fromkeys(_DIRECTIONS) | {0x09: "    "}
_PICTURE_STYLES = [0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)]
_BLOCK: dict[int, str | None] = _COPIED | dict.fromkeys(_PICTURE_STYLES)
_LINE: dict[int, str | None] = _BLOCK | {0x0A: " ", 0x09: " "}


_JOINER = re.compile("(?<=[\u2190-\u2bff\U0001f000-\U0001faff])\u200d")
"""Between pictures alone: in Arabic, Persian and Indian scripts it is a matter of spelling."""


def block(text: str) -> str:
    """Give a text of several lines without control codes; tabs become spaces."""
    return _JOINER.sub("", text.translate(_BLOCK))


def line(text: str) -> str:
    """Give a text on one line, without control codes."""
    return _JOINER.sub("", text.translate(_LINE))


def copied(text: str) -> str:
    """Give a text for the clipboard: as `block` does, with its pictures whole."""
    return text.translate(_COPIED)


def editable(text: str) -> str:
    """Give a text to edit: as it is, without control codes and overrides of direction.

    Marks and isolates of direction stay, since scripts written from right to left need them.
    """
    return text.translate(_EDITED)


def editable_line(text: str) -> str:
    """Give a text of one line to edit, as `editable` does."""
    return editable(text).replace("\n", " ").replace("\t", " ")


def language(tag: str) -> str:
    """Give a language's tag, "" where nobody said which it is ("und" in BCP 47)."""
    return "" if tag == "und" else line(tag)


def ago(then_ms: int | None, now_ms: float | None = None) -> str:
    """Say how long ago something was, by clocks that may disagree.

    Args:
        then_ms: Milliseconds since 1970; None or 0: never.
        now_ms: The present; None: this machine's clock.
    """
    if not then_ms:
        return "never"
    now_ms = time.time() * 1000 if now_ms is None else now_ms
    minutes = (now_ms - then_ms) / 60_000
    if minutes < 1:
        return "now"
    for size, unit in ((60, "min"), (24, "h"), (365, "d")):
        if minutes < size:
            return f"{minutes:.0f} {unit}"
        minutes /= size
    return f"{minutes:.0f} y"


def date(then_ms: int | None) -> str:
    """Give the local day and minute, or "unknown"."""
    if not then_ms:
        return "unknown"
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(then_ms / 1000))
    except (OverflowError, OSError, ValueError):
        return "unknown"


def size(count_bytes: int) -> str:
    """Give a number of bytes in the unit that keeps it short."""
    if count_bytes < 1000:
        return f"{count_bytes} B"
    steps = min(4, (len(str(count_bytes)) - 1) // 3)
    amount, unit = count_bytes / 1000**steps, ("", "kB", "MB", "GB", "TB")[steps]
    return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Give "1 peer", "2,000 peers"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
