"""What this screen is for, and every key that works on it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Input, Static, TextArea

from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import Binding
    from textual.screen import Screen

    from tui.session import Session

NOT_OURS = {
    *("copy_selected_text", "screen.copy_text", "help_quit", "command_palette", "toggle_maximize"),
    *(
        "select_cursor",
        "select",
        "scroll_left",
        "scroll_right",
        "page_left",
        "page_right",
        "cursor_left",
        "cursor_right",
    ),
}
"""Keys of the framework that mean nothing here."""
LISTED_BELOW = {
    *("home", "end", "pageup", "pagedown", "ctrl+home", "ctrl+end", "g", "G", "ctrl+d", "ctrl+u"),
    *(
        "up",
        "down",
        "left",
        "right",
        "j",
        "k",
        "tab",
        "shift+tab",
        "ctrl+q",
        "question_mark",
        "f1",
        "q",
    ),
    *("f2", "f3", "f4", "f5", "f6", "left_square_bracket", "right_square_bracket", "ctrl+t"),
}
IN_A_LINE = [
    ("home end ^← ^→", "Start, end of the line; by words"),
    ("^w ^u ^k", "Delete a word; to the start; to the end"),
    ("^x ^c ^v", "Cut, copy, paste; shift+arrows select"),
]
IN_A_TEXT = [("^home ^end", "Beginning, end of the text"), ("^z ^y", "Undo, redo")]
ALWAYS = [
    ("f2 … f6  [ ]", "Home, Commons, Ask, Network, Members"),
    ("↑ ↓  pgup pgdn", "Move; j k, g G, ^d ^u do so too"),
    ("tab shift+tab", "Next field, previous field"),
    ("^p  ^t", "All commands; change the colours"),
    ("?  f1", "This help; f1 also while typing"),
    ("q  ^q", "Close; ^q also while typing"),
]


class HelpScreen(Dialog[None]):
    """The keys of the screen beneath.

    Args:
        session: What all screens share.
        of: The screen that help is wanted for.
    """

    TITLE_TEXT = "Keys"
    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, session: Session, of: Screen[object]) -> None:
        super().__init__(session)
        self._rows = _keys(of)
        self._text = getattr(of, "HELP_TEXT", "")

    def compose_body(self) -> ComposeResult:
        """Give the sentence and the table."""
        table = Table.grid(padding=(0, 3))
        for keys, description in self._rows:
            table.add_row(Text(keys, style="bold"), Text(description))
        with VerticalScroll():
            if self._text:
                yield Static(self._text + "\n", markup=False, classes="quiet")
            yield Static(table, markup=False)


def _keys(of: Screen[object]) -> list[tuple[str, str]]:
    """Give (keys, what they do) of everything bound on a screen, its own first.

    A field binds a score of keys for editing, which would hide the others: a few stand for them.
    """
    writes = isinstance(of.focused, Input | TextArea)
    nearest = (of, of.app) if writes else (of, of.focused, of.app)
    found: dict[str, list[str]] = {}
    for node in nearest:
        for active in of.active_bindings.values():
            binding = active.binding
            if active.node is not node or not binding.description or _is_not_ours(binding):
                continue
            keys = found.setdefault(binding.description, [])
            key = of.app.get_key_display(binding)
            if key not in keys:
                keys.append(key)
    rows = [(" ".join(keys), description) for description, keys in found.items()] + ALWAYS
    if isinstance(of.focused, TextArea):
        return rows + IN_A_LINE + IN_A_TEXT
    return rows + IN_A_LINE if writes else rows


def _is_not_ours(binding: Binding) -> bool:
    return binding.system or binding.action in NOT_OURS or binding.key in LISTED_BELOW
