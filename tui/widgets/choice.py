"""One of a few: all of them on screen; arrows move between them, Space chooses."""

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
    """The lines to choose from; the chosen one has a filled dot.

    The arrows only move among the lines, so that passing through a form changes nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Choose"),
        Binding("enter", "choose_and_leave", "Choose, go on", show=False),
        Binding("right", "turn(1)", "Choose the next one", show=False),
        Binding("left", "turn(-1)", "Choose the one before", show=False),
        Binding("down,j", "move(1)", "Next choice", show=False),
        Binding("up,k", "move(-1)", "Previous choice", show=False),
    ]

    chosen: reactive[int] = reactive(0)
    here: reactive[int] = reactive(0)
    """The line that Space chooses."""

    class Changed(Message):
        """Another one was chosen."""

    class Taken(Message):
        """The reader goes on; comes after `Changed`, which may have changed what is next."""

    def __init__(self, labels: list[str]) -> None:
        super().__init__(markup=False)
        self._labels = labels

    def render(self) -> Content:
        """Draw a line for each choice."""
        lines: list[Content] = []
        for place, label in enumerate(self._labels):
            is_chosen = place == self.chosen
            style = "bold $primary" if is_chosen else "$foreground"
            ground = " on $cursor" if self.has_focus and place == self.here else ""
            lines.append(Content.styled(f"{'●' if is_chosen else '○'} {label}", style + ground))
        return Content("\n").join(lines)

    def watch_chosen(self) -> None:
        """Tell whoever listens."""
        self.here = self.chosen
        self.post_message(self.Changed())

    def on_blur(self) -> None:
        """Begin at what is chosen the next time."""
        self.here = self.chosen

    def action_choose(self) -> None:
        """Choose the line under the cursor."""
        self.chosen = self.here

    def action_choose_and_leave(self) -> None:
        """Choose the line under the cursor, and go on to the next field."""
        self.action_choose()
        self.post_message(self.Taken())

    def action_turn(self, places: int) -> None:
        """Choose the one so many places on, around the end."""
        self.chosen = (self.chosen + places) % len(self._labels)

    def action_move(self, places: int) -> None:
        """Move to another line, or to another field at the end; nothing is chosen by that."""
        if 0 <= self.here + places < len(self._labels):
            self.here += places
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
