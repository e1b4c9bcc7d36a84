"""Redeem a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from tui import plain_text
from tui.screens.dialog import Dialog
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult


class JoinScreen(Dialog[bool]):
    """Asks for the ticket and joins with it."""

    TITLE_TEXT = "Join a community"
    HELP_TEXT = (
        "Paste the ticket that a member gave you; it begins with MESH1. Spaces and line breaks in "
        "it do not matter."
    )

    def compose_body(self) -> ComposeResult:
        """Give the ticket's line and the two ways out."""
        yield Static(
            "Paste the ticket that a member gave you. You become a member as soon as this node has "
            "met theirs; until then it waits.\n",
            markup=False,
        )
        yield Field(
            "Ticket", id="ticket", placeholder="paste here; it begins with MESH1", is_code=True
        )
        with Horizontal(classes="buttons"):
            yield Button("Join", id="join", variant="primary", compact=True)
            yield Button("Not now", id="close", compact=True)

    @on(Button.Pressed, "#close")
    def _leave(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#join")
    @on(Input.Submitted, "#ticket")
    def _join(self) -> None:
        ticket = "".join(self.query_one("#ticket", Input).value.split())
        if ticket:
            self.start("join", self._redeem, ticket)

    async def _redeem(self, ticket: str) -> None:
        community = await self.attempt(self.client.join(ticket))
        if community is None:
            self.query_one("#ticket", Input).select_all()  # for the next paste
            return
        name = plain_text.line(community.name)
        self.say(
            f"Ticket for {name} taken. You are in once this node has met theirs."
            if community.pending
            else f"You are a member of {name}."
        )
        self.dismiss_with(True)
