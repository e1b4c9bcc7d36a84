"""Who changed what, edit by edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from tui import plain_text
from tui.screens.framed import FramedScreen
from tui.widgets.difference import difference

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.contribution import ContributionView
    from meshnode.views.revision import Revision
    from tui.session import Session


MAX_NAME_CELLS = 24
MAX_FIELDS = 3
"""Fields named on the line of an edit; the difference below it names them all."""


class HistoryScreen(FramedScreen[None]):
    """The edits of one contribution, newest first, and what each one changed.

    Args:
        session: What all screens share.
        view: The contribution.
    """

    SECTION = "commons"
    IS_PAGE = True
    TOPICS: ClassVar[frozenset[str]] = frozenset({"contributions"})
    HELP_TEXT = (
        "[+added] [-removed]: the sign says it, the colour repeats it. Tab moves to the text."
    )
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("j", "move(1)", "Older edit", show=False),
        Binding("k", "move(-1)", "Newer edit", show=False),
    ]

    def __init__(self, session: Session, view: ContributionView) -> None:
        super().__init__(session)
        self._view = view
        self._revisions: list[Revision] = []

    def compose_body(self) -> ComposeResult:
        """Give the title, the edits and the difference."""
        title = Content.assemble(
            "History of ", (plain_text.line(self._view.title) or "(untitled)", "bold $primary")
        )
        yield Static(title, markup=False, id="heading")
        yield OptionList(id="edits", markup=False, compact=True)
        with VerticalScroll(id="change"):
            yield Static("", markup=False)

    def refresh_body(self) -> None:
        """Fetch the edits."""
        self.start("history", self._fetch)

    async def _fetch(self) -> None:
        revisions = await self.attempt(self.client.history(self._view.id), is_reading=True)
        if revisions is None or revisions[::-1] == self._revisions:
            return
        self._revisions = revisions[::-1]
        edits = self.query_one("#edits", OptionList)
        edits.clear_options()
        names = [plain_text.line(one.author) for one in self._revisions]
        cells = min(MAX_NAME_CELLS, max(map(cell_len, names), default=0))
        edits.add_options([_line(one, cells) for one in self._revisions])
        edits.highlighted = 0 if self._revisions else None
        if not self._revisions:  # it was withdrawn while it was read
            self.query_one("#heading", Static).update("Nothing is left: it was withdrawn.")
            self.query_one("#change", VerticalScroll).query_one(Static).update("")

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show what the edit under the cursor changed."""
        change = self.query_one("#change", VerticalScroll)
        change.query_one(Static).update(difference(self._revisions[message.option_index]))
        change.scroll_home(animate=False)

    def action_move(self, rows: int) -> None:
        """Move among the edits."""
        edits = self.query_one("#edits", OptionList)
        if rows > 0:
            edits.action_cursor_down()
        else:
            edits.action_cursor_up()


def _line(revision: Revision, name_cells: int) -> Content:
    added = sum(len(change.text) for change in revision.changes if change.op == "added")
    removed = sum(len(change.text) for change in revision.changes if change.op == "removed")
    what = [f"+{added:,} -{removed:,}"] if revision.changes else []
    what += [plain_text.line(change.field) for change in revision.fields[:MAX_FIELDS]]
    what += ["…"] if len(revision.fields) > MAX_FIELDS else []
    state = " · withdrawn" if revision.is_withdrawn else ""
    state = state if revision.is_effective else " · without effect"
    return Content.assemble(
        (plain_text.date(revision.stamp_ms), "$quiet"),
        f"  {set_cell_size(plain_text.line(revision.author), name_cells)}  ",
        (" ".join(what) + state, "$quiet"),
    )
