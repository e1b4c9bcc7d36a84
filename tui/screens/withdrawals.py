"""What this node's member withdrew, and how far each withdrawal has reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from tui import plain_text
from tui.screens.coverage import CoverageScreen
from tui.screens.framed import FramedScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.withdrawal import Coverage


class WithdrawalsScreen(FramedScreen[None]):
    """One line for each withdrawal, newest first."""

    SECTION = "commons"
    IS_PAGE = True
    TOPICS: ClassVar[frozenset[str]] = frozenset({"contributions", "peers"})
    HELP_TEXT = "Enter shows which nodes have erased it."
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back")]

    _coverages: tuple[Coverage, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Give the list."""
        yield Static("Withdrawn by you", markup=False, id="heading", classes="title")
        yield OptionList(markup=False, compact=True)

    def refresh_body(self) -> None:
        """Fetch the withdrawals."""
        self.start("withdrawals", self._fetch)

    async def _fetch(self) -> None:
        coverages = await self.attempt(self.client.withdrawals(), is_reading=True)
        if coverages is None:
            return
        self._coverages = tuple(coverages)
        heading = "Withdrawn by you" if coverages else "You have withdrawn nothing."
        self.query_one("#heading", Static).update(heading)
        options = self.query_one(OptionList)
        highlighted = options.highlighted
        options.clear_options()
        options.add_options([_line(one) for one in coverages])
        options.highlighted = min(highlighted or 0, len(coverages) - 1) if coverages else None

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Show the coverage of the withdrawal."""
        chosen = self._coverages[message.option_index]
        self.app.push_screen(CoverageScreen(self.session, chosen.id))


def _line(coverage: Coverage) -> Content:
    name = plain_text.line(coverage.title) or coverage.id[:12]
    style = "$success" if coverage.done == coverage.total else "$warning"
    reason = plain_text.line(coverage.reason)
    return Content.assemble(
        name,
        "  ",
        (plain_text.line(coverage.sentence), style),
        (f"  {reason}" if reason else "", "$quiet"),
    )
