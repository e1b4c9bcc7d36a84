"""The frame around every section and page: sections above, keys below, the banner between."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Footer

from tui.node_caller import NodeCaller
from tui.widgets.banner import Banner
from tui.widgets.section_bar import SectionBar

if TYPE_CHECKING:
    from textual.app import ComposeResult

ResultT = TypeVar("ResultT")


class FramedScreen(NodeCaller[ResultT]):
    """A screen with the frame; subclasses give `compose_body` and `refresh_body`."""

    SECTION: ClassVar[str] = ""
    IS_PAGE: ClassVar[bool] = False
    """A page lies on top of its section, and Esc goes back to it."""
    TOPICS: ClassVar[frozenset[str]] = frozenset()
    """Events of the node that change what this screen shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Give the frame with the body in it."""
        yield SectionBar(self.SECTION)
        yield Banner()
        with Vertical(id="body"):
            yield from self.compose_body()
        yield Footer(compact=True, show_command_palette=False)

    def compose_body(self) -> ComposeResult:
        """Give the widgets between the lines of the frame."""
        return iter(())

    def refresh_body(self) -> None:
        """Fetch again what the body shows."""

    def on_screen_resume(self) -> None:
        """Bring the frame and the body up to date whenever this comes on top."""
        self.show_connection()
        if self.session.is_connected:
            self.refresh_body()

    def node_changed(self, topics: frozenset[str]) -> None:
        """Fetch again what is on screen when it may have changed."""
        self.show_connection()
        if topics & self.TOPICS or "reconnected" in topics:
            self.refresh_body()

    def show_connection(self) -> None:
        """Show in the frame whether the node answers."""
        is_connected = self.session.is_connected
        self.query_one(SectionBar).show(self.session.status, is_connected=is_connected)
        self.query_one(Banner).show(is_connected=is_connected, trouble=self.session.trouble)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only where there is one."""
        if action == "back" and not self.IS_PAGE:
            return False
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Go back to what lies beneath, if anything does."""
        if self.IS_PAGE:
            self.dismiss_with(None)
