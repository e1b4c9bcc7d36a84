"""What is on screen until the node answers for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static

from tui import plain_text
from tui.screens.framed import FramedScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ConnectingScreen(FramedScreen[None]):
    """Waits, and says for what."""

    HELP_TEXT = "The app shows what the node knows; the node is a program of its own."

    def compose_body(self) -> ComposeResult:
        """Give the explanation."""
        with Vertical(classes="card"):
            yield Static("Looking for the node", markup=False, classes="title")
            yield Static(
                f"It should answer at {plain_text.line(self.client.socket_path)}.\n\n"
                "If it is not running, start it in another terminal:\n\n    meshnode run\n\n"
                "If it does not start, this says why:\n\n    meshnode doctor\n",
                markup=False,
            )
            yield Static("q closes", markup=False, classes="quiet")
