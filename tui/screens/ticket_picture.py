"""A ticket for a camera: the picture alone, as large as the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Center, Middle

from tui.node_caller import NodeCaller
from tui.widgets.qr_code import QrCode

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize

    from tui.session import Session


class TicketPictureScreen(NodeCaller[None]):
    """Nothing but the code, whole; any of the usual keys goes back.

    Args:
        session: What all screens share.
        ticket: What the code says.
    """

    HELP_TEXT = "Point a camera at it. A part of it is of no use, so it is shown whole or not."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,p,q,space", "back", "Back")]

    def __init__(self, session: Session, ticket: str) -> None:
        super().__init__(session)
        self._ticket = ticket

    def compose(self) -> ComposeResult:
        """Give the code in the middle."""
        with Middle(), Center():
            yield QrCode(self._ticket)

    def on_resize(self, event: Resize) -> None:
        """Draw it for the terminal as it is."""
        self.query_one(QrCode).draw(event.size)

    def action_back(self) -> None:
        """Go back to the text."""
        self.dismiss_with(None)
