"""Home: the community, what is new, what waits, what is wrong, and what to do next."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui import plain_text
from tui.plain_text import count
from tui.screens.community_door import CommunityDoor, why_outside
from tui.screens.reader import ReaderScreen
from tui.widgets.contribution_list import ContributionList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.community import CommunityView
    from meshnode.views.contribution import ContributionPage
    from meshnode.views.status import Status
    from tui.session import Session

LABEL_CELLS = 11
STANDINGS = {
    "founder": "its founder",
    "steward": "a steward",
    "contributor": "a contributor",
    "reader": "a reader",
    None: "a guest",
}


class HomeScreen(CommunityDoor):
    """The node at a glance."""

    SECTION = "home"
    TOPICS: ClassVar[frozenset[str]] = frozenset(
        {"status", "contributions", "peers", "links", "members", "model"}
    )
    HELP_TEXT = "Home shows how your community's node is doing. A dot marks what is new."
    AUTO_FOCUS = "ContributionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "app.section('ask')", "Ask"),
        Binding("c", "app.section('commons')", "Commons"),
        Binding("s", "app.sync_now", "Sync"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._new: int | None = None
        self._glance: Content | None = None

    def compose_body(self) -> ComposeResult:
        """Give the glance, then the newest contributions."""
        with VerticalScroll(id="home", can_focus=False):
            yield Static("", markup=False, id="glance")
            yield Static("", markup=False, id="next")
            yield Static("", markup=False, id="newest-title")
            yield ContributionList(self._newest, id="newest")

    async def _newest(self, offset: int, limit: int) -> ContributionPage:
        return await self.client.contributions(offset=offset, limit=limit)

    @property
    def _width(self) -> int:
        return self.query_one("#home").scrollable_content_region.width

    def on_resize(self) -> None:
        """Break the sentences for the new width."""
        if self.session.status is not None and self._new is not None:
            self._show_glance(self.session.status, self._new)

    def _show_glance(self, status: Status, new: int) -> None:
        glance = _glance(status, new, self._width)
        if glance != self._glance:
            self._glance = glance
            self.query_one("#glance", Static).update(glance)

    def on_screen_suspend(self) -> None:
        """Count as seen what was on screen, so that the dots mean something next time."""
        self._new = None

    def refresh_body(self) -> None:
        """Show the status, and fetch the newest rows."""
        status = self.session.status
        if status is None or status.state != "open":
            return
        if self._new is None or status.new:
            self._new = status.new
            if status.new:
                self.start("seen", self._mark_seen)
        newest = self.query_one(ContributionList)
        newest.marked = self._new
        newest.has_several_communities = len(status.communities) > 1
        newest.display = status.contributions > 0
        newest.fetch_again()
        self._show_glance(status, self._new)
        title = self.query_one("#newest-title", Static)
        title.update(_newest_title(self._new))
        title.display = newest.display
        if not newest.display:
            self.set_focus(None)  # keys are the screen's then
        elif self.focused is None:
            newest.focus()
        steps = _next_steps(status)
        self.query_one("#next", Static).update(steps)
        self.query_one("#next").display = bool(steps)

    async def _mark_seen(self) -> None:
        await self.attempt(self.client.seen(), is_reading=True)

    def on_contribution_list_opened(self, message: ContributionList.Opened) -> None:
        """Open the contribution to read."""
        self.app.push_screen(ReaderScreen(self.session, message.row.id))


def _glance(status: Status, new: int, width: int) -> Content:
    several = len(status.communities) > 1
    lines = [
        _row("" if place else "Community", _community(one, has_count=several))
        for place, one in enumerate(status.communities)
    ] or [_row("Community", Content("none yet"))]
    lines.append(_row("Commons", _commons(status, new)))
    lines.append(_row("Waiting", _waiting(status)))
    lines.append(_row("Peers", _peers(status)))
    lines.append(_row("Model", _model(status)))
    lines.extend(
        _row("Problem", Content.styled(_folded(problem, width), "$error"), style="bold $error")
        for problem in status.problems
    )
    return Content("\n").join(lines)


def _folded(sentence: str, width: int) -> str:
    """Break a sentence so that its lines stay beside the label."""
    indent = "\n" + " " * LABEL_CELLS
    return indent.join(textwrap.wrap(plain_text.line(sentence), max(20, width - LABEL_CELLS)))


def _row(label: str, value: Content, style: str = "$quiet") -> Content:
    return Content.assemble((f"{label:<{LABEL_CELLS}}", style), value)


def _community(one: CommunityView, *, has_count: bool) -> Content:
    name = (plain_text.line(one.name), "bold $primary")
    if one.pending:
        waits = " · you are in once this node has met theirs"
        return Content.assemble(name, (waits, "$warning"), (" (s: sync now)", "$quiet"))
    standing = f"you are {STANDINGS[one.role]}"
    held = f" · {count(one.contributions, 'contribution')}" if has_count else ""
    return Content.assemble(name, f" · {standing} · {count(one.members, 'member')}{held}")


def _commons(status: Status, new: int) -> Content:
    text = count(status.contributions, "contribution")
    return Content.assemble(text, (f" · {new} new", "bold $accent") if new else "")


def _waiting(status: Status) -> Content:
    if not status.peers:
        return Content("nothing; what you write stays here until another node is met")
    if not status.unsynced:
        return Content("nothing: other nodes hold all that you wrote")
    are = "entry of yours is" if status.unsynced == 1 else "entries of yours are"
    words = f"{status.unsynced:,} {are} on no other node yet"
    return Content.assemble((words, "$warning"), (" (s: sync now)", "$quiet"))


def _peers(status: Status) -> Content:
    if not status.peers:
        invite = "" if why_outside(status) else "; i: invite"
        return Content.assemble("none known ", (f"(F5: add an address{invite})", "$quiet"))
    links = count(status.links, "open link") if status.links else "no link open now"
    return Content(f"{status.peers:,} known · {links}")


def _model(status: Status) -> Content:
    model = status.model
    words = {
        "off": "off: answers are passages only",
        "absent": "not installed: passages only; `scripts/setup --model` gets it",
        "loading": "loading: passages only until then",
        "ready": "ready",
        "failed": "failed: answers are passages only",
    }[model.state]
    details = " · ".join(plain_text.line(part) for part in (model.name, model.detail) if part)
    style = "$error" if model.state == "failed" else ""
    return Content.assemble((words, style), f" · {details}" if details else "")


def _newest_title(new: int) -> Content:
    mark = Content.styled("  ● since you last looked", "$accent") if new else Content("")
    return Content.styled("Newest", "bold $primary") + mark


def _next_steps(status: Status) -> Content:
    steps: list[tuple[str, str]] = []
    if not status.communities:
        steps.append(("f", "Found a community: you are its first member"))
        steps.append(("t", "Join one by the ticket that a member gave you"))
    elif not status.contributions and not why_outside(status):
        steps.append(("c", "Write down what you know, or import a folder of notes"))
    if not why_outside(status) and not status.peers:
        steps.append(("i", "Invite somebody: they get a ticket as text and as a picture to scan"))
    if not steps:
        return Content("")
    rows = [Content.assemble((f" {key}  ", "bold $accent"), words) for key, words in steps]
    return Content("\n").join([Content.styled("What to do next", "bold"), *rows])
