"""Write a bundle to carry by hand, or read one that was carried here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from tui import plain_text
from tui.plain_text import count, size
from tui.screens.dialog import Dialog
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.bundle import BundleView
    from tui.session import Session

WRITES = "A file with everything this node holds, sealed as it is here. Carry it by hand.\n"
READS = "Reading a bundle twice, or half of one, is safe.\n"


class BundleScreen(Dialog[None]):
    """Asks for the file's path, then says what was in it.

    Args:
        session: What all screens share.
        is_writing: Whether to write a bundle, rather than read one.
    """

    HELP_TEXT = "The path is one of the machine that the node runs on."

    def __init__(self, session: Session, *, is_writing: bool) -> None:
        super().__init__(session)
        self._is_writing = is_writing

    def compose_body(self) -> ComposeResult:
        """Give the path's line, the result and the two ways out."""
        yield Static(WRITES if self._is_writing else READS, markup=False)
        yield Field("File", id="path", placeholder="/media/stick/ridge.bundle")
        if self._is_writing:
            yield Field(
                "For peer", id="peer", placeholder="an address; empty: for everybody", is_code=True
            )
        yield Static("", markup=False, id="result")
        with Horizontal(classes="buttons"):
            label = "Write" if self._is_writing else "Read"
            yield Button(label, id="go", variant="primary", compact=True)
            yield Button("Close", id="close", compact=True)

    def on_mount(self) -> None:
        """Name the window."""
        title = "Write a bundle" if self._is_writing else "Read a bundle"
        self.query_one("#window").border_title = title

    @on(Button.Pressed, "#close")
    def _leave(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#go")
    @on(Input.Submitted)
    def _go(self) -> None:
        path = self.query_one("#path", Input).value.strip()
        if path:
            self.query_one("#result", Static).update("Working …")
            self.start("bundle", self._carry_out, path)

    async def _carry_out(self, path: str) -> None:
        if self._is_writing:
            peer = self.query_one("#peer", Input).value.strip() or None
            view = await self.attempt(self.client.write_bundle(path, peer))
        else:
            view = await self.attempt(self.client.read_bundle(path))
        self.query_one("#result", Static).update("" if view is None else self._report(view))
        if view is not None:
            self.query_one("#close", Button).focus()

    def _report(self, view: BundleView) -> str:
        entries = count(view.entries, "entry", "entries")
        if self._is_writing:
            return f"✓ {entries}, {size(view.bytes)}, written to {plain_text.line(view.path)}\n"
        lines = [f"✓ {entries}, {view.new:,} of them new, {view.refused:,} refused"]
        lines += [f"✗ {plain_text.line(problem)}" for problem in view.problems[:5]]
        return "\n".join(lines) + "\n"
