"""Add a peer's address, or forget one."""

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

    from meshnode.views.peer import PeerView
    from tui.session import Session


class AddPeerScreen(Dialog[bool]):
    """Asks for an address; gives True when it was added."""

    TITLE_TEXT = "Add a peer"
    HELP_TEXT = "An address alone lets nobody in: who belongs is decided by tickets."

    def compose_body(self) -> ComposeResult:
        """Give the address's line and the two ways out."""
        yield Static(
            "An address as the other node shows it on its Network screen. This node then tries "
            "to reach it by itself.\n",
            markup=False,
        )
        yield Field("Address", id="address", placeholder="paste here", is_code=True)
        with Horizontal(classes="buttons"):
            yield Button("Add", id="add", variant="primary", compact=True)
            yield Button("Cancel", id="close", compact=True)

    @on(Button.Pressed, "#close")
    def _leave(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#add")
    @on(Input.Submitted, "#address")
    def _add(self) -> None:
        address = "".join(self.query_one("#address", Input).value.split())
        if address:
            self.start("peer", self._send, address)

    async def _send(self, address: str) -> None:
        if await self.attempt(self.client.add_peer(address)) is not None:
            self.say("Peer added.")
            self.dismiss_with(True)


class RemovePeerScreen(Dialog[bool]):
    """Asks before a peer is forgotten; gives True when it was.

    Args:
        session: What all screens share.
        peer: Which one.
    """

    TITLE_TEXT = "Forget a peer"
    HELP_TEXT = "This forgets an address. It removes nobody from the community."
    AUTO_FOCUS = "#close"

    def __init__(self, session: Session, peer: PeerView) -> None:
        super().__init__(session)
        self._peer = peer

    def compose_body(self) -> ComposeResult:
        """Give the question and the two ways out."""
        name = plain_text.line(self._peer.name or self._peer.address)
        yield Static(
            f"Forget the address of {name}? Nobody leaves a community by that, and this node may "
            "hear of the address again.\n",
            markup=False,
        )
        with Horizontal(classes="buttons"):
            yield Button("Keep", id="close", compact=True)
            yield Button("Forget", id="remove", variant="error", compact=True)

    @on(Button.Pressed, "#close")
    def _leave(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#remove")
    def _remove(self) -> None:
        self.start("peer", self._send)

    async def _send(self) -> None:
        is_done = await self.attempt(self._forget())
        if is_done:
            self.say("Peer forgotten.")
            self.dismiss_with(True)

    async def _forget(self) -> bool:
        await self.client.remove_peer(self._peer.address)
        return True
