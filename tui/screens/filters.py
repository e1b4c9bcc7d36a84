"""Choose which contributions to list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.widgets import Button, Input

from tui.screens.dialog import Dialog
from tui.widgets.choice import Choice
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.session import Session

LEVELS = {
    "": "All that I may read",
    "commons": "Open commons",
    "allied": "◇ Allied communities",
    "inner": "⌂ Members only",
}
FIELDS = ("language", "tag", "author")


class FiltersScreen(Dialog[dict[str, str]]):
    """Gives the filters, or None when nothing is to change.

    Args:
        session: What all screens share.
        filters: What is chosen now.
    """

    TITLE_TEXT = "Filter"
    HELP_TEXT = "Empty lines leave nothing out."
    AUTO_FOCUS = "Options"

    def __init__(self, session: Session, filters: dict[str, str]) -> None:
        super().__init__(session)
        self._filters = filters

    def compose_body(self) -> ComposeResult:
        """Give the choices and the three ways out."""
        yield Choice("Level", list(LEVELS.items()), id="level")
        yield Field(
            "Language", id="language", value=self._filters["language"], placeholder="for example es"
        )
        yield Field("Tag", id="tag", value=self._filters["tag"], placeholder="for example water")
        yield Field("Author", id="author", value=self._filters["author"], placeholder="a name")
        with Horizontal(classes="buttons"):
            yield Button("Apply", id="apply", variant="primary", compact=True)
            yield Button("Show all", id="all", compact=True)
            yield Button("Cancel", id="close", compact=True)

    def on_mount(self) -> None:
        """Show the level chosen now."""
        self.query_one(Choice).choose(self._filters["level"])

    @on(Button.Pressed, "#close")
    def _leave(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#all")
    def _show_all(self) -> None:
        self.dismiss_with(dict.fromkeys(("level", *FIELDS), ""))

    @on(Button.Pressed, "#apply")
    @on(Input.Submitted)
    def _apply(self) -> None:
        chosen = {name: self.query_one(f"#{name}", Input).value.strip() for name in FIELDS}
        chosen["tag"] = chosen["tag"].lstrip("#")
        self.dismiss_with(chosen | {"level": self.query_one(Choice).value})
