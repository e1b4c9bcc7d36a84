"""Which nodes hold a contribution or, after a withdrawal, have erased it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable, Static

from tui import plain_text
from tui.screens.framed import FramedScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.withdrawal import Coverage
    from tui.session import Session

HELD = {"erased": "✓ holds it", "waiting": "· not known to hold it", "unheard": "? not heard from"}
ERASED = {"erased": "✓ erased", "waiting": "· not yet", "unheard": "? not heard from"}


class CoverageScreen(FramedScreen[None]):
    """One line for each device of the community.

    Args:
        session: What all screens share.
        contribution_id: Which contribution, withdrawn or not.
    """

    SECTION = "commons"
    IS_PAGE = True
    TOPICS: ClassVar[frozenset[str]] = frozenset({"contributions", "links", "peers", "status"})
    HELP_TEXT = (
        "Every device signs which withdrawals it has carried out. One that has not been met since "
        "does not know yet: it erases as soon as it meets a node that does."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("s", "app.sync_now", "Sync"),
    ]

    def __init__(self, session: Session, contribution_id: str) -> None:
        super().__init__(session)
        self._contribution_id = contribution_id

    def compose_body(self) -> ComposeResult:
        """Give the sentence and the table."""
        yield Static("", markup=False, id="heading")
        yield DataTable(cursor_type="row", zebra_stripes=False)

    def on_mount(self) -> None:
        """Name the columns."""
        self.query_one(DataTable).add_columns("Node", "State", "Last heard from")

    def refresh_body(self) -> None:
        """Fetch the coverage."""
        self.start("coverage", self._fetch)

    async def _fetch(self) -> None:
        coverage = await self.attempt(self.client.coverage(self._contribution_id), is_reading=True)
        if coverage is not None:
            self._show(coverage)

    def _show(self, coverage: Coverage) -> None:
        done = coverage.done == coverage.total
        after = (
            "\nNodes erase it as they meet. Copies outside this software cannot be reached."
            if coverage.is_withdrawn
            else ""
        )
        reason = plain_text.line(coverage.reason)
        self.query_one("#heading", Static).update(
            Content.assemble(
                (plain_text.line(coverage.title) or "Withdrawn contribution", "bold $primary"),
                "\n",
                (plain_text.line(coverage.sentence), "bold $success" if done else "bold $warning"),
                (f"\nReason: {reason}" if reason else "", ""),
                (after, "$quiet"),
            )
        )
        table = self.query_one(DataTable)
        table.clear()
        words = ERASED if coverage.is_withdrawn else HELD
        for node in coverage.nodes:
            name = plain_text.line(node.name) or plain_text.line(node.device)[:16]
            heard = "" if node.last_heard_ms is None else plain_text.ago(node.last_heard_ms)
            table.add_row(Text(name), Text(words[node.state]), Text(heard))
