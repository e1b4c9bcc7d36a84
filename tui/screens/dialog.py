"""A small window over a screen that asks for a few things."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.node_caller import NodeCaller

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize

ResultT = TypeVar("ResultT")


class Dialog(NodeCaller[ResultT], ModalScreen[ResultT]):
    """A window with a title; Esc closes it without doing anything."""

    TITLE_TEXT: ClassVar[str] = ""
    FIXED_LINES: ClassVar[int] = 4
    """Lines of the window, its edges among them, that its scrolling part must leave free."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("question_mark", "app.help", "Help", key_display="?"),
        Binding("f1", "app.help", "Help", key_display="f1"),
        # Buttons stand side by side; a field has left and right for itself.
        Binding("down,right", "app.focus_next", "Next field", show=False),
        Binding("up,left", "app.focus_previous", "Previous field", show=False),
        Binding("pagedown", "scroll_text(1)", "Read on", show=False),
        Binding("pageup", "scroll_text(-1)", "Read back", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Give the window with the body in it."""
        window = Vertical(id="window")
        window.border_title = self.TITLE_TEXT
        with window:
            yield from self.compose_body()

    def on_resize(self, event: Resize) -> None:
        """Let the scrolling part give way, so that the buttons are on screen at any size."""
        for part in self.query("#window > VerticalScroll"):
            part.styles.max_height = max(2, event.size.height - self.FIXED_LINES)

    def compose_body(self) -> ComposeResult:
        """Give what is in the window."""
        return iter(())

    def action_scroll_text(self, pages: int) -> None:
        """Show more of a text that is longer than a small window."""
        for part in self.query("#window > VerticalScroll"):
            part.scroll_relative(y=pages * max(1, part.size.height - 1), animate=False)

    def action_close(self) -> None:
        """Close without a result."""
        self.dismiss_with(None)
