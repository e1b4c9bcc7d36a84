"""Where one writes text of many lines."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import TextArea


class WritingArea(TextArea):
    """A text area that does not blink, and leaves the app the keys that work everywhere.

    Args:
        text: What stands in it at first.
        id: Its id.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "app.section('members')", "Go to Members", show=False),
        Binding("ctrl+home", "go_to_beginning", "Beginning of the text", show=False),
        Binding("ctrl+end", "go_to_end", "End of the text", show=False),
    ]

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002
        super().__init__(text, compact=True, tab_behavior="focus", id=id)
        self.cursor_blink = False

    def action_go_to_beginning(self) -> None:
        """Go before the first letter."""
        self.move_cursor((0, 0))

    def action_go_to_end(self) -> None:
        """Go behind the last letter."""
        self.move_cursor(self.document.end)
