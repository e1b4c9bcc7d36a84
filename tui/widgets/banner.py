"""The line that appears while the node does not answer."""

from __future__ import annotations

from textual.widgets import Static

from tui import plain_text


class Banner(Static):
    """Says that the node is stopped, that unsaved words are safe, and what starts it."""

    TEXT = " Node stopped: trying again. Your words are kept. `meshnode run` starts it. "

    def __init__(self) -> None:
        super().__init__(self.TEXT, markup=False)

    def show(self, *, is_connected: bool, trouble: str = "") -> None:
        """Appear or go; trouble says more than that the node is away."""
        self.display = not is_connected
        if not is_connected:
            self.update(f" {plain_text.line(trouble)} " if trouble else self.TEXT)
