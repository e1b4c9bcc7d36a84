"""Import files and folders, watch it happen, read the report."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Static

from meshnode.views.file_import import ImportDone, ImportedFile, ImportRequest
from tui import plain_text
from tui.screens.framed import FramedScreen
from tui.widgets.choice import Choice
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.session import Session

LEVELS = {"": "As each file says, else the commons", "commons": "Commons", "inner": "Members only"}
MAX_ROWS = 2000
"""Files in the report; beyond that only what went wrong is listed."""


class ImportScreen(FramedScreen[None]):
    """A form above, the report below."""

    SECTION = "commons"
    IS_PAGE = True
    HELP_TEXT = (
        "Markdown, text, HTML, CSV, PDF and DOCX. Importing the same folder again updates what "
        "changed and adds nothing twice. Esc while it runs stops it; what was imported stays."
    )
    AUTO_FOCUS = "#path"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "begin", "Import"),
        Binding("escape", "back", "Back"),
    ]

    _is_running = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._details: list[str] = []

    def compose_body(self) -> ComposeResult:
        """Give the form and the report."""
        yield Field("Folder or file", id="path", placeholder="/home/rosa/notes, then Enter")
        yield Choice("Who reads", list(LEVELS.items()), id="level")
        yield Static(
            "Enter imports. The path is one of the machine that the node runs on.",
            markup=False,
            id="progress",
        )
        yield DataTable(cursor_type="row", id="report")
        yield Static("", markup=False, id="detail")

    def on_mount(self) -> None:
        """Name the columns of the report."""
        self.query_one(DataTable).add_columns("Result", "File", "What")
        self._show_detail()

    @on(Input.Submitted, "#path")
    def action_begin(self) -> None:
        """Begin the import."""
        path = self.query_one("#path", Input).value.strip()
        if path and not self._is_running:
            level = self.query_one(Choice).value or None
            request = ImportRequest(paths=(path,), level=level)  # type: ignore[arg-type]  # of LEVELS
            self.query_one(DataTable).clear()
            self._details.clear()
            self._show_detail()
            self.start("import", self._run, request)

    async def _run(self, request: ImportRequest) -> None:
        self._is_running = True
        try:
            await self.attempt(self._follow(request))
        finally:
            self._is_running = False

    async def _follow(self, request: ImportRequest) -> None:
        async with aclosing(self.client.import_files(request)) as events:
            async for event in events:
                match event:
                    case ImportedFile():
                        self._show_file(event)
                    case ImportDone():
                        self._say_progress(_sum(event))
                        self.query_one(DataTable).focus()

    def _show_file(self, file: ImportedFile) -> None:
        total = f" of {file.total:,}" if file.total else ""
        self._say_progress(f"{file.done:,}{total}: {file.path}")
        table = self.query_one(DataTable)
        if table.row_count >= MAX_ROWS and file.outcome not in {"skipped", "refused"}:
            return
        colour = {"refused": "error", "skipped": "warning"}.get(file.outcome, "foreground")
        style = self.app.theme_variables[colour]
        what = "; ".join((file.reason or file.title, *file.notes))
        name = file.path.rsplit("/", 1)[-1]
        self._details.append(plain_text.line(f"{name}: {what}"))
        cells = (plain_text.line(cell) for cell in (file.outcome, name, what))
        table.add_row(*(Text(cell, style=style if not i else "") for i, cell in enumerate(cells)))

    @on(DataTable.RowHighlighted)
    def _show_detail(self) -> None:
        """Show the whole of the row under the cursor: why a file was refused is a sentence."""
        row = self.query_one(DataTable).cursor_row
        detail = self.query_one("#detail", Static)
        detail.update(self._details[row] if row < len(self._details) else "")
        detail.display = row < len(self._details)

    def _say_progress(self, words: str) -> None:
        self.query_one("#progress", Static).update(plain_text.line(words))

    def action_back(self) -> None:
        """Stop a running import, else go back."""
        if self._is_running:
            self.workers.cancel_group(self, "import")
            self._say_progress("Stopped. What was imported stays.")
        else:
            super().action_back()


def _sum(done: ImportDone) -> str:
    parts = ("added", "updated", "unchanged", "skipped", "refused")
    counts = [f"{number:,} {part}" for part in parts if (number := getattr(done, part))]
    return "Done: " + (", ".join(counts) or "there was nothing to import") + "."
