"""The line that appears while the node does not answer."""

from __future__ import annotations

from textual.widgets import Static


class Banner(Static):
    """Says that the node is stopped and that nothing on screen is lost."""

    TEXT = " Node stopped: trying again. What you see stays; nothing is lost. "

    def __init__(self) -> None:
        super().__init__(self.TEXT, markup=False)

    def show(self, *, is_connected: bool) -> None:
        """Appear or go."""
        self.display = not is_connected
