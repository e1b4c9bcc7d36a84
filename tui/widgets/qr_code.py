"""A ticket as a QR code in half blocks: two rows of dots to a line."""

from __future__ import annotations

import segno
from rich.text import Text
from textual.widgets import Static

QUIET_DOTS = 2
"""Light dots around the code; scanners want some, and the window's own light edge adds to them."""


def half_blocks(text: str) -> list[str]:
    """Give the lines of a QR code; its dark dots are the ink.

    Args:
        text: What the code says.
    """
    code = segno.make_qr(text, error="l", boost_error=False)
    rows = [list(row) for row in code.matrix_iter(border=QUIET_DOTS)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(" ▄▀█"[2 * upper + lower] for upper, lower in zip(top, bottom, strict=True))
        for top, bottom in zip(rows[::2], rows[1::2], strict=True)
    ]


class QrCode(Static):
    """Always black on white, whatever the theme: that is what cameras read."""

    def __init__(self, text: str) -> None:
        super().__init__(Text("\n".join(half_blocks(text)), no_wrap=True), markup=False)
