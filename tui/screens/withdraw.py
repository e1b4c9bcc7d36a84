"""Take a contribution back: say first what that does and what it cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from meshnode.views.withdrawal import Coverage
from tui import plain_text
from tui.screens.dialog import Dialog
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.contribution import ContributionView
    from tui.session import Session

DOES = (
    "It is erased here at once: text, history, search and cached answers.",
    "Nodes that hear of it erase it too, and refuse it from then on.",
    "You can follow which nodes have done so (coverage).",
)
CANNOT = (
    "reach nodes that nobody meets; they erase it when they are met",
    "reach copies outside this software: paper, photos, retyped words",
    "promise that worn flash memory holds no trace",
    "be taken back; you would have to add the text again",
)

REASON = "optional; not secret: whoever carries it can read it"


class WithdrawScreen(Dialog[Coverage]):
    """Explains, asks, withdraws; gives the coverage, or None.

    Args:
        session: What all screens share.
        view: The contribution.
    """

    TITLE_TEXT = "Withdraw"
    HELP_TEXT = "Nothing happens until you choose Withdraw."
    AUTO_FOCUS = "#keep"
    FIXED_LINES = 8

    def __init__(self, session: Session, view: ContributionView) -> None:
        super().__init__(session)
        self._view = view

    def compose_body(self) -> ComposeResult:
        """Give the explanation, the reason and the two ways out."""
        with VerticalScroll(can_focus=False):
            yield Static(self._explanation(), markup=False)
        yield Field("Reason", id="reason", placeholder=REASON)
        with Horizontal(classes="buttons"):
            yield Button("Keep it", id="keep", compact=True)
            yield Button("Withdraw", id="withdraw", variant="error", compact=True)

    def _explanation(self) -> Content:
        others = len(self._view.contributors) - 1
        shared = ""
        if not self._view.is_own:
            giver = plain_text.line(self._view.given_by or self._view.author)
            shared = f"\n{giver} gave it. Only your own words in it are taken out."
        elif others > 0:
            shared = "\nOthers wrote in it too: they keep their own words as drafts."
        return Content.assemble(
            (plain_text.line(self._view.title), "bold $primary"),
            shared,
            "\n\n",
            "\n".join(f"✓ {sentence}" for sentence in DOES),
            ("\n\nIt cannot", "bold"),
            "\n",
            "\n".join(f"✗ {phrase}" for phrase in CANNOT),
            "\n",
        )

    @on(Button.Pressed, "#keep")
    def _keep(self) -> None:
        self.action_close()

    @on(Button.Pressed, "#withdraw")
    def _withdraw(self) -> None:
        self.start("withdraw", self._carry_out)

    async def _carry_out(self) -> None:
        reason = self.query_one("#reason", Input).value.strip()
        coverage = await self.attempt(self.client.withdraw(self._view.id, reason))
        if coverage is not None:
            self.session.drafts.pop(self._view.id, None)
            self.say(f"Withdrawn: {coverage.sentence}.")
            self.dismiss_with(coverage)
