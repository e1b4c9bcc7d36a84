"""Every part of the node, checked, with what to do about what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui import plain_text
from tui.screens.framed import FramedScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.status import CheckView

MARKS = {"good": ("✓", "$success"), "warning": ("!", "$warning"), "bad": ("✗", "$error")}


class DoctorScreen(FramedScreen[None]):
    """One line for each check."""

    SECTION = "home"
    IS_PAGE = True
    HELP_TEXT = "✓ is well, ! works but could be better, ✗ does not work."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("r", "refresh", "Check again"),
    ]

    def compose_body(self) -> ComposeResult:
        """Give the place of the list."""
        yield Static("Doctor", markup=False, classes="title")
        with VerticalScroll():
            yield Static("Checking …", markup=False, id="checks")

    def refresh_body(self) -> None:
        """Run the checks."""
        self.start("doctor", self._fetch)

    def action_refresh(self) -> None:
        """Run the checks again."""
        self.query_one("#checks", Static).update("Checking …")
        self.refresh_body()

    async def _fetch(self) -> None:
        checks = await self.attempt(self.client.doctor())
        if checks is not None:
            self.query_one("#checks", Static).update(Content("\n").join(map(_line, checks)))


def _line(check: CheckView) -> Content:
    mark, style = MARKS[check.state]
    advice = f"\n    {plain_text.line(check.advice)}" if check.advice else ""
    return Content.assemble(
        (f" {mark} ", style),
        (f"{plain_text.line(check.name)}: ", "bold"),
        plain_text.line(check.detail),
        (advice, style),
    )
