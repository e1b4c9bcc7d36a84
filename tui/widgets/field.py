"""One line of a form: what is asked, and where to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.widgets import Input, Static
from textual.widgets.input import Selection

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key, Paste


class QuietInput(Input):
    """An input that does not blink: a blink is a repaint, and repaints cost on a slow line.

    Args:
        value: What stands in it at first.
        placeholder: An example or a hint.
        password: Whether to hide what is typed.
        is_code: Whether spaces in it mean nothing, as in a ticket.
        id: Its id.
    """

    def __init__(
        self,
        value: str = "",
        placeholder: str = "",
        *,
        password: bool = False,
        is_code: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(
            value, placeholder, password=password, id=id, compact=True, select_on_focus=False
        )
        self.cursor_blink = False
        self._is_code = is_code
        self._left_at: int | None = None

    def on_paste(self, event: Paste) -> None:
        """Take every line of what is pasted; Textual would take only the first."""
        event.prevent_default()
        event.stop()
        text = event.text
        line = "".join(text.split()) if self._is_code else " ".join(text.splitlines())
        self.replace(line, *self.selection)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Say that "/" is typed here, so that the footer does not offer it for something else."""
        return key == "slash" or super().check_consume_key(key, character)

    def on_blur(self) -> None:
        """Show the beginning of what is longer than the line: of a ticket, that it is one."""
        self._left_at = self.cursor_position
        self.cursor_position = 0

    def on_focus(self) -> None:
        """Go on where one left off, at first behind what stands in it."""
        if self.selection != Selection.cursor(0):
            return  # whoever led here chose a place
        at = len(self.value) if self._left_at is None else self._left_at
        self.cursor_position = min(at, len(self.value))


class LineToAsk(QuietInput):
    """The line of a search or a question, which "/" leads to from everywhere on the screen."""

    async def _on_key(self, event: Key) -> None:
        # Who presses "/" once more than needed means the line, not a word that begins with it.
        if event.key == "slash" and not self.value:
            event.stop()
            event.prevent_default()


class Field(Horizontal):
    """A label and an input.

    Args:
        label: What is asked.
        id: Id of the input.
        value: What stands in it at first.
        placeholder: An example or a hint.
        password: Whether to hide what is typed.
        is_code: Whether spaces in it mean nothing, as in a ticket.
    """

    def __init__(
        self,
        label: str,
        *,
        id: str,  # noqa: A002
        value: str = "",
        placeholder: str = "",
        password: bool = False,
        is_code: bool = False,
    ) -> None:
        super().__init__()
        self._label = label
        self._input = QuietInput(value, placeholder, password=password, is_code=is_code, id=id)

    def compose(self) -> ComposeResult:
        """Give the label, then the input."""
        yield Static(self._label, markup=False, classes="label")
        yield self._input
