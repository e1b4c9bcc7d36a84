"""A box to tick, whose state shows without colour."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static


class Tick(Static, can_focus=True):
    """One promise or choice.

    Args:
        label: What is ticked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "tick", "Tick")]

    is_ticked: reactive[bool] = reactive(False)

    class Changed(Message):
        """It was ticked, or no longer is."""

        def __init__(self, *, is_ticked: bool) -> None:
            super().__init__()
            self.is_ticked = is_ticked

    def __init__(self, label: str) -> None:
        super().__init__(markup=False)
        self._label = label

    def render(self) -> str:
        """Draw the box and the label."""
        return f"[{'x' if self.is_ticked else ' '}] {self._label}"

    def action_tick(self) -> None:
        """Tick it, or no longer."""
        self.is_ticked = not self.is_ticked
        self.post_message(self.Changed(is_ticked=self.is_ticked))

    def on_click(self) -> None:
        """Tick it, or no longer."""
        self.action_tick()
