"""Make a ticket, and show it as text to copy and as a picture to scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, ContentSwitcher, Input, Static

from meshnode.views.community import InviteRequest, InviteView
from tui import plain_text
from tui.plain_text import count
from tui.screens.dialog import Dialog
from tui.screens.ticket_picture import TicketPictureScreen
from tui.widgets.choice import Choice
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult

DAY_MS = 24 * 3_600_000
ROLES = {
    "contributor": "Contributor: reads, adds and edits",
    "reader": "Reader: reads and asks",
    "steward": "Steward: also invites others and sets roles",
}
WHAT_NOW = "y copies it · p shows it as a picture to scan · Esc closes"


class InviteScreen(Dialog[None]):
    """First what the ticket is for, then the ticket."""

    TITLE_TEXT = "Invite"
    HELP_TEXT = (
        "A ticket lets somebody join. Show the picture, or send the text by a way you trust: "
        "whoever holds the ticket can use it. One used away from this node serves once."
    )
    AUTO_FOCUS = "Options"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_ticket", "Copy the ticket"),
        Binding("p", "show_picture", "Show the picture to scan"),
    ]

    _invite: InviteView | None = None

    def compose_body(self) -> ComposeResult:
        """Give the form; the ticket takes its place."""
        with ContentSwitcher(initial="form"):
            with Vertical(id="form"):
                yield Choice("Role", list(ROLES.items()), id="role")
                yield Field("People", id="uses", value="1")
                yield Field("Days", id="days", value="7")
                with Horizontal(classes="buttons"):
                    yield Button("Make the ticket", id="make", variant="primary", compact=True)
                    yield Button("Close", id="close", compact=True)
            yield Vertical(id="ticket")

    @on(Button.Pressed, "#close")
    def _leave(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#make")
    @on(Input.Submitted)
    def _make(self) -> None:
        uses, days = (self.query_one(f"#{name}", Input).value.strip() for name in ("uses", "days"))
        if not _is_between(uses, 1, 1000) or not _is_between(days, 1, 365):
            self.say_refused("Give whole numbers: 1 to 1000 people, 1 to 365 days.")
            return
        request = InviteRequest(
            role=self.query_one(Choice).value,  # type: ignore[arg-type]  # one of ROLES
            uses=int(uses),
            expires_ms=int(days) * DAY_MS,
        )
        self.start("invite", self._fetch, request)

    async def _fetch(self, request: InviteRequest) -> None:
        invite = await self.attempt(self.client.invite(request))
        if invite is None:
            return
        self._invite = invite
        page = self.query_one("#ticket", Vertical)
        await page.remove_children()
        await page.mount(
            Static(
                f"For {plain_text.line(invite.community)} · {invite.role} · "
                f"{count(invite.uses, 'use')} · until {plain_text.date(invite.expires_ms)}",
                markup=False,
                classes="title",
            ),
            Static(plain_text.line(invite.ticket) + "\n", markup=False, id="ticket-text"),
            Static(WHAT_NOW, markup=False, classes="quiet"),
        )
        self.query_one(ContentSwitcher).current = "ticket"
        self.set_focus(None)

    def action_show_picture(self) -> None:
        """Show the ticket to a camera, once there is one."""
        if self._invite is not None:
            self.app.push_screen(TicketPictureScreen(self.session, self._invite.ticket))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is done with a ticket only once there is one."""
        if action in {"copy_ticket", "show_picture"}:
            return self._invite is not None
        return super().check_action(action, parameters)

    def action_copy_ticket(self) -> None:
        """Copy the ticket, once there is one."""
        if self._invite is not None:
            self.copy(self._invite.ticket, "Ticket")


def _is_between(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and least <= int(text) <= most
