"""A ticket as a QR code in half blocks: two rows of dots to a line."""

from __future__ import annotations

import segno
from rich.text import Text
from textual.widgets import Static

QUIET_DOTS = 2
"""Light dots around the code; scanners want some, and the window's own light edge adds to them."""

TOO_WIDE = "The picture does not fit in this window. Make it wider and ask again, or use the text."


def half_blocks(text: str) -> list[str]:
    """Give the lines of a QR code; its dark dots are the ink.

    Args:
        text: What the code says.

    Returns:
        The lines, all of one length; none when no code holds so much.
    """
    try:
        code = segno.make_qr(text, error="l", boost_error=False)
    except segno.DataOverflowError:
        return []
    rows = [list(row) for row in code.matrix_iter(border=QUIET_DOTS)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(" ▄▀█"[2 * upper + lower] for upper, lower in zip(top, bottom, strict=True))
        for top, bottom in zip(rows[::2], rows[1::2], strict=True)
    ]


class QrCode(Static):
    """Always black on white, whatever the theme: that is what cameras read.

    Args:
        text: What the code says.
        room: Cells that it may be wide; where it is wider, a sentence takes its place.
    """

    def __init__(self, text: str, room: int) -> None:
        lines = half_blocks(text)
        is_drawn = bool(lines) and len(lines[0]) <= room
        words = "\n".join(lines) if is_drawn else TOO_WIDE
        super().__init__(
            Text(words, no_wrap=is_drawn), markup=False, classes="-drawn" if is_drawn else ""
        )
