"""The commons: everything the community knows, to search, read and add to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui import plain_text
from tui.plain_text import count
from tui.screens.community_door import why_outside
from tui.screens.editor import EditorScreen
from tui.screens.filters import FiltersScreen
from tui.screens.framed import FramedScreen
from tui.screens.import_files import ImportScreen
from tui.screens.reader import ReaderScreen
from tui.screens.withdrawals import WithdrawalsScreen
from tui.widgets.contribution_list import ContributionList
from tui.widgets.field import LineToAsk

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.contribution import ContributionPage, ContributionView
    from meshnode.views.hit import Hit
    from tui.session import Session

DEBOUNCE_S = 0.15
"""A pause of this length means that the word is finished, at least for now."""
HITS = 100
"""So many rows of a search can show where the words stand."""
LINES_FOR_SNIPPET = 16
"""On a lower screen the list needs them."""


def _advice(first: str, *keys: tuple[str, str]) -> Content:
    lines = [Content.styled(f"{first}\n", "bold")]
    lines += [Content.assemble((f"{key:<3}", "bold $accent"), f"  {what}") for key, what in keys]
    return Content("\n").join(lines)


NO_MATCH = _advice(
    "Nothing here matches.",
    ("Esc", "lists everything again"),
    ("n", "write down what you know about it"),
)
EMPTY = _advice(
    "The commons is empty so far.",
    ("n", "write the first contribution"),
    ("i", "import a folder of notes"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed, and how."""

    words: str = ""
    level: str = ""
    language: str = ""
    tag: str = ""
    author: str = ""
    sort: str = ""


class CommonsScreen(FramedScreen[None]):
    """The list, the search line above it, and all that begins here."""

    SECTION = "commons"
    TOPICS: ClassVar[frozenset[str]] = frozenset({"contributions"})
    HELP_TEXT = (
        "Everything you may read. ⌂ marks what only members see, ◇ what allied communities see. "
        "The list reaches as far as the commons does; only what you look at is fetched."
    )
    AUTO_FOCUS = "ContributionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before anything else reads it: what is typed after it, in one burst, is the search.
        Binding("slash", "search", "Search", key_display="/", priority=True),
        Binding("n", "add", "New"),
        Binding("f", "filter", "Filter"),
        Binding("i", "import", "Import"),
        Binding("o", "sort", "Order"),
        Binding("escape", "clear", "List all"),
        Binding("u", "withdrawals", "Withdrawn", show=False),
        Binding("down", "to_list", "To the list", show=False),
    ]
    SORTS = ("", "title", "author")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._listing = Listing()
        self._hits: dict[str, Hit] = {}

    def compose_body(self) -> ComposeResult:
        """Give the search line, the list, and what to do when it is empty."""
        with Horizontal(id="search-line"):
            yield LineToAsk(placeholder="/ searches as you type", id="search")
            yield Static("", markup=False, id="count")
        with Vertical(id="list-frame"):
            yield ContributionList(self._page, id="list")
            yield Static("", markup=False, id="empty")
        yield Static("", markup=False, id="snippet")

    def on_mount(self) -> None:
        """Begin with the list alone."""
        self.query_one("#empty").display = False

    def refresh_body(self) -> None:
        """Bring the rows on screen up to date."""
        status = self.session.status
        rows = self.query_one(ContributionList)
        rows.has_several_communities = status is not None and len(status.communities) > 1
        rows.fetch_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer "list all" only while something is left out, and no order to what has its own."""
        is_searching = isinstance(self.focused, Input)
        if action == "search":
            return not is_searching
        if action == "clear":
            return is_searching or self._listing != Listing(sort=self._listing.sort)
        if action == "sort":
            return not self._listing.words
        return super().check_action(action, parameters)

    async def _page(self, offset: int, limit: int) -> ContributionPage:
        asked = self._listing
        return await self.client.contributions(
            q=asked.words,
            level=asked.level,
            language=asked.language,
            tag=asked.tag,
            author=asked.author,
            sort=asked.sort,
            offset=offset,
            limit=limit,
        )

    def _list(self, listing: Listing) -> None:
        if listing != self._listing:
            self._listing = listing
            self.refresh_bindings()
            self.query_one(ContributionList).list_from(self._page)
            self.start("hits", self._fetch_hits, listing.words)

    # --- search, filters, order ---

    @on(Input.Changed, "#search")
    def _typed(self, message: Input.Changed) -> None:
        self.start("search", self._search_soon, message.value)

    async def _search_soon(self, words: str) -> None:
        await asyncio.sleep(DEBOUNCE_S)
        self._list(replace(self._listing, words=words.strip()))

    @on(Input.Submitted, "#search")
    def action_to_list(self) -> None:
        """Go from the search line to the list."""
        self._list(replace(self._listing, words=self.query_one("#search", Input).value.strip()))
        self.set_focus(self.query_one(ContributionList))

    async def _fetch_hits(self, words: str) -> None:
        """Fetch where the words stand, for those rows that one looks at first."""
        hits = await self.attempt(self.client.search(words, HITS), is_reading=True) if words else []
        self._hits = {hit.id: hit for hit in hits or ()}
        self._show_snippet()

    @on(ContributionList.Moved)
    def _show_snippet(self) -> None:
        """Show, below the list, where the row under the cursor has the words."""
        rows = self.query_one(ContributionList)
        hit = None if rows.current is None else self._hits.get(rows.current.id)
        place = self.query_one("#snippet", Static)
        has_some = bool(self._hits and rows.total)
        place.display = has_some and self.size.height >= LINES_FOR_SNIPPET
        place.update(Content("") if hit is None else _snippet(hit))

    def on_resize(self) -> None:
        """Give the lines to the list where there are few."""
        self._show_snippet()

    def action_search(self) -> None:
        """Go to the search line; what is typed takes the place of what was searched."""
        search = self.query_one("#search", Input)
        self.set_focus(search)
        search.select_all()

    def action_clear(self) -> None:
        """Leave the search line, or list everything again."""
        search = self.query_one("#search", Input)
        if search.has_focus and search.value:
            self.set_focus(self.query_one(ContributionList))
            return
        search.value = ""
        self._list(Listing(sort=self._listing.sort))
        self.set_focus(self.query_one(ContributionList))

    def action_sort(self) -> None:
        """Order by the next thing: newest, title, author."""
        following = (self.SORTS.index(self._listing.sort) + 1) % len(self.SORTS)
        self._list(replace(self._listing, sort=self.SORTS[following]))

    def action_filter(self) -> None:
        """Choose what to leave out."""
        now = self._listing
        filters = {n: getattr(now, n) for n in ("level", "language", "tag", "author")}
        self.app.push_screen(FiltersScreen(self.session, filters), self._filtered)

    def _filtered(self, filters: dict[str, str] | None) -> None:
        if filters is not None:
            self._list(replace(self._listing, **filters))

    # --- the list ---

    def on_contribution_list_counted(self, message: ContributionList.Counted) -> None:
        """Say how long the list is and what it leaves out, or what to do with an empty one."""
        self._show_snippet()
        asked = self._listing
        kept = [part for part in (asked.level, asked.language, asked.author) if part]
        kept += [f"#{asked.tag}"] if asked.tag else []
        order = (
            "best first"
            if asked.words
            else {"": "newest first"}.get(asked.sort, f"by {asked.sort}")
        )
        facts = [count(message.total, "contribution"), *map(plain_text.line, kept), order]
        self.query_one("#count", Static).update(Content(" · ".join(facts)))
        empty = self.query_one("#empty", Static)
        empty.display = message.total == 0
        self.query_one(ContributionList).styles.height = "1fr" if message.total else 0
        if asked == Listing(sort=asked.sort):
            why = why_outside(self.session.status)
            empty.update(Content.styled(why, "bold") if why else EMPTY)
        else:
            empty.update(NO_MATCH)

    def on_contribution_list_failed(self, message: ContributionList.Failed) -> None:
        """Say why the rows could not be fetched."""
        self.say_refused(message.error.explain())

    def on_contribution_list_opened(self, message: ContributionList.Opened) -> None:
        """Open the contribution to read."""
        self.app.push_screen(ReaderScreen(self.session, message.row.id))

    # --- adding ---

    def action_add(self) -> None:
        """Write a new contribution, and read it when it is saved."""
        if why := why_outside(self.session.status):
            self.say(why)  # before somebody writes a page that has no place
        else:
            self.app.push_screen(EditorScreen(self.session), self._added)

    def _added(self, view: ContributionView | None) -> None:
        if view is not None:
            self.app.push_screen(ReaderScreen(self.session, view.id))

    def action_import(self) -> None:
        """Import files or a folder."""
        if why := why_outside(self.session.status):
            self.say(why)
        else:
            self.app.push_screen(ImportScreen(self.session))

    def action_withdrawals(self) -> None:
        """Show what was withdrawn, and how far that has reached."""
        self.app.push_screen(WithdrawalsScreen(self.session))


def _snippet(hit: Hit) -> Content:
    """Give the words around what was found, with what was found marked."""
    parts: list[Content | tuple[str, str]] = []
    at = 0
    for start, end in hit.marks:
        parts.append((plain_text.line(hit.snippet[at:start]), ""))
        parts.append((plain_text.line(hit.snippet[start:end]), "bold $accent"))
        at = end
    return Content.assemble(*parts, plain_text.line(hit.snippet[at:]))
