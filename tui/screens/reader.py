"""Read one contribution, and go from it to everything that can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from meshnode.client import ApiError, ClientError
from meshnode.views.attribution import attribution
from tui import plain_text
from tui.plain_text import count
from tui.screens.coverage import CoverageScreen
from tui.screens.editor import EditorScreen
from tui.screens.framed import FramedScreen
from tui.screens.history import HistoryScreen
from tui.screens.withdraw import WithdrawScreen
from tui.widgets.reading_view import ReadingView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.contribution import ContributionView
    from meshnode.views.withdrawal import Coverage
    from tui.session import Session

LEVELS = {
    "inner": "⌂ members only",
    "allied": "◇ allied communities",
    "commons": "open commons",
}


class ReaderScreen(FramedScreen[None]):
    """One contribution.

    Args:
        session: What all screens share.
        contribution_id: Which one.
        quote: A passage of it to mark and begin at.
    """

    SECTION = "commons"
    IS_PAGE = True
    TOPICS: ClassVar[frozenset[str]] = frozenset({"contributions"})
    HELP_TEXT = "Read here. A bar marks the passage that an answer quoted."
    AUTO_FOCUS = "ReadingView"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("e", "edit", "Edit"),
        Binding("h", "history", "History"),
        Binding("v", "coverage", "Coverage"),
        Binding("w", "withdraw", "Withdraw"),
        Binding("y", "copy_text", "Copy"),
    ]

    def __init__(self, session: Session, contribution_id: str, quote: str = "") -> None:
        super().__init__(session)
        self._contribution_id = contribution_id
        self._quote = quote
        self._view: ContributionView | None = None

    def compose_body(self) -> ComposeResult:
        """Give the heading and the text."""
        yield Static("", markup=False, id="heading")
        yield ReadingView(id="text")

    def refresh_body(self) -> None:
        """Fetch the contribution."""
        self.start("read", self._fetch)

    async def _fetch(self) -> None:
        try:
            view = await self.client.contribution(self._contribution_id)
        except ApiError as error:
            self._show_refused(error)
        except ClientError:
            return  # the banner says so
        else:
            if view != self._view:
                self._show(view)

    def _show_refused(self, error: ApiError) -> None:
        """Take the words off the screen: whoever withdrew them wants them read no more."""
        self._view = None
        self.query_one("#heading", Static).update(
            Content.styled(plain_text.line(error.explain()), "bold $warning")
        )
        self.query_one(ReadingView).read("")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is done with a contribution only while there is one."""
        if action in {"edit", "history", "withdraw", "copy_text"}:
            return self._view is not None
        return super().check_action(action, parameters)

    def _show(self, view: ContributionView) -> None:
        self._view = view
        self.refresh_bindings()
        self.query_one("#heading", Static).update(_heading(view))
        self.query_one(ReadingView).read(view.text, self._quote, view.title)
        self._quote = ""

    def action_edit(self) -> None:
        """Edit it, and show what came of it."""
        if self._view is None:
            return
        if not self._view.may_edit:
            self.say("You may read this, but not edit it. Ask a steward for the contributor role.")
            return
        self.app.push_screen(EditorScreen(self.session, self._view), self._edited)

    def _edited(self, view: ContributionView | None) -> None:
        if view is not None:
            self._show(view)

    def action_history(self) -> None:
        """Show who changed what."""
        if self._view is not None:
            self.app.push_screen(HistoryScreen(self.session, self._view))

    def action_coverage(self) -> None:
        """Show which nodes hold it or, once withdrawn, have erased it."""
        self.app.push_screen(CoverageScreen(self.session, self._contribution_id))

    def action_withdraw(self) -> None:
        """Ask, then withdraw."""
        if self._view is None:
            return
        if not self._view.may_withdraw:
            self.say("Only who began this contribution can withdraw it.")
            return
        self.app.push_screen(WithdrawScreen(self.session, self._view), self._withdrawn)

    def _withdrawn(self, coverage: Coverage | None) -> None:
        if coverage is not None:
            self.app.switch_screen(CoverageScreen(self.session, coverage.id))

    def action_copy_text(self) -> None:
        """Copy the text with whose it is."""
        if self._view is not None:
            view = self._view
            author = attribution(view.author, view.given_by)
            whose = f"{view.title}. {author}, {view.community}. {view.licence}"
            self.copy(plain_text.copied(f"{view.text}\n\n— {whose}\n"), "Text")


def _heading(view: ContributionView) -> Content:
    others = [name for name in view.contributors if name not in {view.author, view.given_by}]
    giver = f" (given by {plain_text.line(view.given_by)})" if view.given_by else ""
    edited = f" · with {', '.join(map(plain_text.line, others))}" if others else ""
    facts = [LEVELS[view.level], plain_text.language(view.language), view.licence, view.place]
    facts += [f"#{tag}" for tag in view.tags]
    edits = view.edits - 1  # the first one wrote it
    when = f"{'changed' if edits > 0 else 'written'} {plain_text.date(view.changed_ms)}"
    changed = f"{when} · {count(edits, 'edit')}" if edits > 0 else when
    return Content("\n").join(
        [
            Content.styled(plain_text.line(view.title) or "(untitled)", "bold $primary"),
            Content.assemble(
                (plain_text.line(view.author), "bold"),
                f"{giver} · {plain_text.line(view.community)}{edited}",
                (f" · {changed}", "$quiet"),
            ),
            Content.styled(" · ".join(plain_text.line(fact) for fact in facts if fact), "$quiet"),
        ]
    )
