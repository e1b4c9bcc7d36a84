"""The keys wait for the passphrase."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui import plain_text
from tui.screens.framed import FramedScreen
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult


class UnlockScreen(FramedScreen[None]):
    """Asks for the passphrase; the app moves on when the node is open."""

    TOPICS: ClassVar[frozenset[str]] = frozenset({"status"})
    HELP_TEXT = (
        "A forgotten passphrase cannot be recovered here; the recovery words can restore you."
    )
    AUTO_FOCUS = "#passphrase"

    def compose_body(self) -> ComposeResult:
        """Give the passphrase's line."""
        with Vertical(classes="card"):
            yield Static("This node is locked", markup=False, classes="title")
            yield Static(
                "Nothing can be read until its keys are opened. Opening takes a moment on purpose: "
                "it makes guessing slow.\n",
                markup=False,
            )
            yield Field("Passphrase", id="passphrase", password=True)
            yield Static("", markup=False, id="state")
            yield Static(
                "Enter opens · Ctrl+Q closes. Where a key file opens the node, leave the line "
                "empty.",
                markup=False,
                classes="quiet",
            )
            yield Static("", markup=False, id="problem")

    def refresh_body(self) -> None:
        """Say why the node did not open by itself, if it tried."""
        status = self.session.status
        problems = () if status is None else status.problems
        self.query_one("#problem", Static).update("\n" + plain_text.line(" ".join(problems)))

    @on(Input.Submitted, "#passphrase")
    def _submit(self, message: Input.Submitted) -> None:
        # Empty is fine too: a key file opens the node without any.
        self.query_one("#state", Static).update("Opening …")
        self.start("unlock", self._unlock, message.value)

    async def _unlock(self, passphrase: str) -> None:
        status = await self.attempt(self.client.unlock(passphrase))
        self.query_one("#state", Static).update("")
        field = self.query_one("#passphrase", Input)
        field.value = ""
        if status is not None:
            self.post_message(self.Opened())
