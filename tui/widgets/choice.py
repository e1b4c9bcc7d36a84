"""One of a few: all of them on screen, arrows move between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Click


class Options(Static, can_focus=True):
    """The lines to choose from; the chosen one has a filled dot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,j,space", "move(1)", "Next choice", show=False),
        Binding("left,k", "move(-1)", "Previous choice", show=False),
        Binding("down", "move_or_leave(1)", "Next choice", show=False),
        Binding("up", "move_or_leave(-1)", "Previous choice", show=False),
    ]

    chosen: reactive[int] = reactive(0)

    class Changed(Message):
        """Another one was chosen."""

    def __init__(self, labels: list[str]) -> None:
        super().__init__(markup=False)
        self._labels = labels

    def render(self) -> Content:
        """Draw a line for each choice."""
        lines = [
            Content.styled(f"● {label}", "bold $primary")
            if place == self.chosen
            else Content.styled(f"○ {label}", "$text")
            for place, label in enumerate(self._labels)
        ]
        return Content("\n").join(lines)

    def watch_chosen(self) -> None:
        """Tell whoever listens."""
        self.post_message(self.Changed())

    def action_move(self, places: int) -> None:
        """Choose the one so many places on, around the end."""
        self.chosen = (self.chosen + places) % len(self._labels)

    def action_move_or_leave(self, places: int) -> None:
        """Choose the next one, or leave for the next field at the end."""
        if 0 <= self.chosen + places < len(self._labels):
            self.chosen += places
        elif places > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def on_click(self, event: Click) -> None:
        """Choose the line under the mouse."""
        if 0 <= event.y < len(self._labels):
            self.chosen = int(event.y)


class Choice(Horizontal):
    """A label and its options.

    Args:
        label: What is asked.
        options: (value, what to show), the first chosen at first.
        id: Id of the whole.
    """

    def __init__(self, label: str, options: list[tuple[str, str]], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label = label
        self._values = [value for value, _ in options]
        self._options = Options([shown for _, shown in options])

    def compose(self) -> ComposeResult:
        """Give the label, then the options."""
        yield Static(self._label, markup=False, classes="label")
        yield self._options

    @property
    def value(self) -> str:
        """The value chosen."""
        return self._values[self._options.chosen]

    def choose(self, value: str) -> None:
        """Choose by value; an unknown one changes nothing."""
        if value in self._values:
            self._options.chosen = self._values.index(value)
