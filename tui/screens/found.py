"""Found a community, at the first or at any later time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from meshnode.views.community import FoundRequest
from tui import plain_text
from tui.screens.dialog import Dialog
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult

MAX_NAME = 200
"""Letters of a community's name, as the node has it."""


class FoundScreen(Dialog[bool]):
    """Asks for the name and founds; gives True when it was done."""

    TITLE_TEXT = "Found a community"
    HELP_TEXT = (
        "A community has members, whom its founder and stewards invite, and a commons. "
        "A node can belong to several."
    )

    def compose_body(self) -> ComposeResult:
        """Give the name's line and the two ways out."""
        yield Static(
            "You become its founder and first member; invite the others by tickets. Its name "
            "stands beside everything that is contributed to it.\n",
            markup=False,
        )
        yield Field("Its name", id="name", placeholder="for example Ridge")
        with Horizontal(classes="buttons"):
            yield Button("Found it", id="found", variant="primary", compact=True)
            yield Button("Not now", id="close", compact=True)

    @on(Button.Pressed, "#close")
    def _leave(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#found")
    @on(Input.Submitted, "#name")
    def _found(self) -> None:
        name = self.query_one("#name", Input).value.strip()
        if not 0 < len(name) <= MAX_NAME:
            at_most = f" of at most {MAX_NAME} letters" if name else ""
            self.say_refused(f"Give the community a name{at_most}.")
            self.set_focus(self.query_one("#name", Input))
            return
        self.start("found", self._send, FoundRequest(name=name))

    async def _send(self, request: FoundRequest) -> None:
        community = await self.attempt(self.client.found(request))
        if community is not None:
            self.say(f"{plain_text.line(community.name)} is founded. i invites others to it.")
            self.dismiss_with(True)
