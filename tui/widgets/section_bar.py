"""The top line: the sections, where one is, and whose node it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui import plain_text

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Click

    from meshnode.views.status import Status


FIRST_KEY = 2
"""The function key of the first section; the first function key is for help."""


class SectionTab(Static):
    """The name of one section; a click goes there."""

    class Chosen(Message):
        """The reader wants this section."""

        def __init__(self, section: str) -> None:
            super().__init__()
            self.section = section

    def __init__(self, section: str, label: str, key: str, *, is_here: bool) -> None:
        words = Content.assemble((f" {key}", "" if is_here else "$quiet"), f" {label} ")
        super().__init__(words, markup=False, classes="-here" if is_here else "")
        self._section = section

    def on_click(self, event: Click) -> None:
        """Ask for the section."""
        event.stop()
        self.post_message(self.Chosen(self._section))


class SectionBar(Horizontal):
    """All sections on one line.

    Args:
        here: The section that is on screen; "" for none.
    """

    SECTIONS: ClassVar[dict[str, str]] = {
        "home": "Home",
        "commons": "Commons",
        "ask": "Ask",
        "network": "Network",
        "members": "Members",
    }

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here
        self._whose: Content | None = None

    def compose(self) -> ComposeResult:
        """Give a tab a section, and the node's name at the right; no tabs before it is open."""
        if not self._here:
            yield Static(" Meshnode ", markup=False, classes="brand")
            yield Static("", markup=False, id="whose")
            return
        for number, (section, label) in enumerate(self.SECTIONS.items(), FIRST_KEY):
            yield SectionTab(section, label, f"F{number}", is_here=section == self._here)
        yield Static("", markup=False, id="whose")

    def show(self, status: Status | None, *, is_connected: bool) -> None:
        """Say whose node this is, and whether it answers."""
        names = [] if status is None else [status.community, status.name]
        whose = " · ".join(plain_text.line(name) for name in names if name)
        words = Content(whose) if is_connected else Content.styled("node stopped", "$error")
        if words != self._whose:  # what is unchanged need not travel to the terminal again
            self._whose = words
            self.query_one("#whose", Static).update(words)
