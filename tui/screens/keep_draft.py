"""Ask what becomes of words that are not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.widgets import Button, Static

from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult


class KeepDraftScreen(Dialog[str]):
    """Gives "save", "keep", "drop", or None: go on writing."""

    TITLE_TEXT = "Not saved yet"
    HELP_TEXT = "A kept draft waits in memory until you close the app; it is not written to disk."
    AUTO_FOCUS = "#save"

    def compose_body(self) -> ComposeResult:
        """Give the three ways out; Esc is the fourth."""
        yield Static(
            "Save it, keep the draft until you close the app, or drop it? Esc goes on writing.\n",
            markup=False,
        )
        with Horizontal(classes="buttons"):
            yield Button("Save", id="save", variant="primary", compact=True)
            yield Button("Keep the draft", id="keep", compact=True)
            yield Button("Drop it", id="drop", variant="error", compact=True)

    @on(Button.Pressed)
    def _decide(self, message: Button.Pressed) -> None:
        self.dismiss_with(message.button.id)
