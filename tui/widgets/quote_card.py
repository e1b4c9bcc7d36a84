"""A passage that answers, with whose words it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from meshnode.views.attribution import attribution
from tui import plain_text

if TYPE_CHECKING:
    from meshnode.views.answer import Citation


class QuoteCard(Static, can_focus=True):
    """One citation.

    Args:
        number: Its number in the answer, from 1.
        citation: Whose words, and which.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Open passage", show=False)]

    class Opened(Message):
        """The reader wants to see where it stands."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, number: int, citation: Citation) -> None:
        author = attribution(citation.author, citation.given_by)
        whose = f"{author} · {citation.community} · {citation.title}"
        super().__init__(
            Content.assemble(
                (f"{number} ", "bold $accent"),
                f"“{' '.join(plain_text.line(citation.quote).split())}”",
                "\n  ",
                (plain_text.line(whose), "$quiet"),
            ),
            markup=False,
        )
        self._number = number

    def action_open(self) -> None:
        """Ask for the contribution."""
        self.post_message(self.Opened(self._number))

    def on_click(self) -> None:
        """Ask for the contribution."""
        self.action_open()
