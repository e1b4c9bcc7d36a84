"""A ticket as a QR code in half blocks: two rows of dots to a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno
from rich.text import Text
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.geometry import Size

TOO_SMALL = (
    "The picture needs {} columns and {} lines; this window has {} and {}.\n\n"
    "Make the window larger or its letters smaller (in most terminals Ctrl and minus): the "
    "picture appears as soon as there is room. Or hand over the text.\n\n"
    "Esc goes back."
)
TOO_LONG = "This is too long for a picture. Hand over the text. Esc goes back."
QUIET_DOTS = 2
"""Light dots around the code; scanners want some."""


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

    Drawn whole or not at all: where the terminal is too small, a sentence says what to do, and
    the code appears once there is room.

    Args:
        text: What the code says.
    """

    def __init__(self, text: str) -> None:
        super().__init__(markup=False)
        self._lines = half_blocks(text)

    def draw(self, room: Size) -> None:
        """Draw it, or say why not.

        Args:
            room: Columns and lines that it may take.
        """
        width, height = (len(self._lines[0]) if self._lines else 0), len(self._lines)
        is_drawn = 0 < width <= room.width and height <= room.height
        self.set_class(is_drawn, "-drawn")
        if is_drawn:
            words = "\n".join(self._lines)
        elif self._lines:
            words = TOO_SMALL.format(width, height, room.width, room.height)
        else:
            words = TOO_LONG
        self.update(Text(words, no_wrap=is_drawn))
