"""A small window over a screen that asks for a few things."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.node_caller import NodeCaller

if TYPE_CHECKING:
    from textual.app import ComposeResult

ResultT = TypeVar("ResultT")


class Dialog(NodeCaller[ResultT], ModalScreen[ResultT]):
    """A window with a title; Esc closes it without doing anything."""

    TITLE_TEXT: ClassVar[str] = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("question_mark,f1", "app.help", "Help", key_display="?"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Give the window with the body in it."""
        window = Vertical(id="window")
        window.border_title = self.TITLE_TEXT
        with window:
            yield from self.compose_body()

    def compose_body(self) -> ComposeResult:
        """Give what is in the window."""
        return iter(())

    def action_close(self) -> None:
        """Close without a result."""
        self.dismiss_with(None)
