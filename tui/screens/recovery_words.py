"""The recovery words, shown once, and where things are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from tui import plain_text
from tui.screens.framed import FramedScreen
from tui.widgets.tick import Tick

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.home import InitView
    from tui.session import Session

COLUMNS = 4
BEFORE = (
    "Write these words on paper, in order, and keep the paper where you keep what you must not "
    "lose. They alone bring you back if this machine is lost, and whoever reads them can be you. "
    "They are shown now and never again."
)


class RecoveryWordsScreen(FramedScreen[None]):
    """The words, the promise that they are on paper, and what lies where.

    Args:
        session: What all screens share.
        made: The new home.
    """

    IS_PAGE = True
    HELP_TEXT = "Tick the box by Space once the words are on paper; then go on."
    AUTO_FOCUS = "Tick"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, session: Session, made: InitView) -> None:
        super().__init__(session)
        self._made = made

    def compose_body(self) -> ComposeResult:
        """Give the words in columns, read downwards."""
        with VerticalScroll(id="form", can_focus=False):
            yield Static("Your recovery words", markup=False, classes="title")
            yield Static(BEFORE + "\n", markup=False)
            yield Static(_grid(self._made.words), markup=False, id="words")
            yield Tick("I have written them down")
            with Horizontal(classes="buttons"):
                yield Button("Go on", id="go", variant="primary", compact=True, disabled=True)
            yield Static(
                Content.assemble(
                    ("Everything of this node is in ", "$quiet"),
                    plain_text.line(self._made.home),
                    (
                        "; `meshnode status` shows it. Closing this app does not stop "
                        "the node: `meshnode stop` does.",
                        "$quiet",
                    ),
                ),
                markup=False,
                id="whereabouts",
            )

    @property
    def loss(self) -> str:
        """What closing the app now would lose."""
        is_written = self.query_one(Tick).is_ticked
        return "" if is_written else "These words are never shown again: write them down first."

    @on(Tick.Changed)
    def _promised(self, message: Tick.Changed) -> None:
        button = self.query_one("#go", Button)
        button.disabled = not message.is_ticked
        if message.is_ticked:
            button.focus()

    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        self.dismiss_with(None)

    def action_back(self) -> None:
        """Stay: there is no way back to words that are shown once."""
        self.say("Write the words down first, then tick the box by Space.")


def _grid(words: tuple[str, ...]) -> Table:
    table = Table.grid(padding=(0, 3))
    rows = -(-len(words) // COLUMNS)
    for row in range(rows):
        cells = (
            Text.assemble((f"{number + 1:>2}. ", "dim"), (words[number], "bold"))
            for number in range(row, len(words), rows)
        )
        table.add_row(*cells)
    return table
