"""A list of contributions of any length: only what is on screen is fetched and drawn.

Rows come in pages. A page is asked for when one of its rows is to be drawn, one
page at a time, those on screen first; rows not here yet are drawn as dots. A
change of what is listed begins a new *generation*: answers that belong to an
older one are dropped, and the old rows stay until the first new page is here.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshnode.client import ClientError, NodeUnreachable
from meshnode.views.attribution import attribution
from tui import plain_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.events import Click

    from meshnode.views.contribution import ContributionPage, ContributionRow

    Source = Callable[[int, int], Awaitable[ContributionPage]]

PAGE_ROWS = 100
KEPT_PAGES = 12
"""Pages kept in memory: a few screens around every place one may jump between."""
NARROW_CELLS, WIDE_CELLS = 50, 100
"""A row narrower than the first has title and age only; a wide one has everything."""
AGE_CELLS = 6
LANGUAGE_CELLS = 4


class ContributionList(ScrollView, can_focus=True):
    """A virtual list with a cursor.

    Args:
        source: Gives a page: (offset, limit) to a `ContributionPage`.
        marked: The first so many rows of others' carry a dot: they are new.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "list--row",
        "list--quiet",
        "list--mark",
        "list--cursor",
        "list--cursor-quiet",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Next row", show=False),
        Binding("up,k", "move(-1)", "Previous row", show=False),
        Binding("pagedown,ctrl+d", "move_page(1)", "Next page", show=False),
        Binding("pageup,ctrl+u", "move_page(-1)", "Previous page", show=False),
        Binding("home,g", "go_first", "First row", show=False),
        Binding("end,G", "go_last", "Last row", show=False),
        Binding("enter", "open", "Open"),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    marked: reactive[int] = reactive(0)
    has_several_communities: reactive[bool] = reactive(False)
    """Whether even a narrow row says whose commons it is from."""

    class Opened(Message):
        """The reader wants to read this one."""

        def __init__(self, row: ContributionRow) -> None:
            super().__init__()
            self.row = row

    class Moved(Message):
        """The cursor is on another row."""

    class Counted(Message):
        """A page is here, and with it the length of the list."""

        def __init__(self, total: int) -> None:
            super().__init__()
            self.total = total

    class Failed(Message):
        """The node refused a page."""

        def __init__(self, error: ClientError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, source: Source, *, marked: int = 0, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._source = source
        self.set_reactive(ContributionList.marked, marked)
        self.total: int | None = None
        self._generation = 0
        self._pages: OrderedDict[int, tuple[ContributionRow, ...]] = OrderedDict()
        self._stale: set[int] = set()
        self._followed: str | None = None

    # --- what is listed ---

    def list_from(self, source: Source) -> None:
        """List something else from its beginning; the old rows stay until it is here."""
        self._source = source
        self._generation += 1
        self._stale = set(self._pages)
        self.cursor = 0
        self.scroll_to(0, 0, animate=False)
        self._fetch()

    def fetch_again(self) -> None:
        """Bring the rows on screen up to date, keeping the place."""
        self._generation += 1
        self._stale = set(self._pages)
        self._followed = self.current.id if self.current is not None and self.cursor else None
        self._fetch()

    def row_at(self, index: int) -> ContributionRow | None:
        """Give a row, or None when it is not here."""
        page = self._pages.get(index // PAGE_ROWS, ())
        place = index % PAGE_ROWS
        return page[place] if place < len(page) else None

    @property
    def current(self) -> ContributionRow | None:
        """The row under the cursor, or None when it is not here."""
        return self.row_at(self.cursor)

    def _fetch(self) -> None:
        work: Callable[[], Awaitable[None]] = self._fetch_missing
        self.run_worker(work, group="pages", exclusive=True)

    def _missing(self) -> list[int]:
        """Give the numbers of pages on screen that are missing or stale, topmost first."""
        if self.total is None:
            return [0]
        first = int(self.scroll_offset.y)
        last = min(first + max(self.size.height, 1), self.total) - 1
        wanted = range(first // PAGE_ROWS, max(last, 0) // PAGE_ROWS + 1)
        return [page for page in wanted if page not in self._pages or page in self._stale]

    async def _fetch_missing(self) -> None:
        generation = self._generation
        while missing := self._missing():
            page = missing[0]
            try:
                answer = await self._source(page * PAGE_ROWS, PAGE_ROWS)
            except NodeUnreachable:
                return  # the banner says so; the page is asked for again after it
            except ClientError as error:
                self.post_message(self.Failed(error))
                return
            if generation != self._generation:
                return
            self._take(page, answer)

    def _take(self, page: int, answer: ContributionPage) -> None:
        before = self.total, self._pages.get(page)
        if self._stale:  # the first page of a new generation replaces the old rows
            self._pages.clear()
            self._stale.clear()
        self._pages[page] = answer.items
        self._pages.move_to_end(page)
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        if answer.total != self.total or not answer.items:
            self.total = answer.total
            self.refresh_bindings()
            self.virtual_size = Size(1, answer.total)
            self.cursor = max(0, min(self.cursor, answer.total - 1))
        if self._followed is not None and page == self.cursor // PAGE_ROWS:
            self._follow(self._followed, page)
        if before != (answer.total, answer.items):
            self.refresh()
        self.post_message(self.Counted(answer.total))

    def _follow(self, followed: str, page: int) -> None:
        """Keep the cursor on the contribution it was on when others arrived above it."""
        self._followed = None
        for place, row in enumerate(self._pages[page]):
            if row.id == followed:
                self.cursor = page * PAGE_ROWS + place

    # --- moving ---

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw the two rows that changed, and keep the cursor on screen."""
        self.scroll_to_region(
            Region(0, new, 1, 1), animate=False, force=True, immediate=True, x_axis=False
        )
        for index in (old, new):
            self.refresh(Region(0, index - int(self.scroll_offset.y), self.size.width, 1))
        self.post_message(self.Moved())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the pages that came into sight."""
        super().watch_scroll_y(old_value, new_value)
        if self.total and self._missing():
            self._fetch()

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.cursor = max(0, min(self.cursor + rows, (self.total or 1) - 1))

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by screens."""
        self.action_move(pages * max(1, self.size.height - 1))

    def action_go_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_go_last(self) -> None:
        """Go to the last row."""
        self.cursor = max(0, (self.total or 1) - 1)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to open a row only where there is one."""
        if action == "open":
            return bool(self.total)
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.current is not None:
            self.post_message(self.Opened(self.current))

    def on_click(self, event: Click) -> None:
        """Go to the row; a click on the cursor's row opens it."""
        index = int(event.y + self.scroll_offset.y)
        if self.total is None or index >= self.total:
            return
        if index == self.cursor and self.has_focus:
            self.action_open()
        self.cursor = index

    # --- drawing ---

    def on_resize(self) -> None:
        """Fetch what came into sight."""
        if self.total is None or self._missing():
            self._fetch()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Show whether keys go here."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the row that is at line `y` of the screen."""
        index, width = y + int(self.scroll_offset.y), self.scrollable_content_region.width
        base = self.get_component_rich_style("list--row")
        if self.total is None or index >= self.total:
            return Strip.blank(width, base)
        quiet = self.get_component_rich_style("list--quiet")
        if index == self.cursor and self.has_focus:
            base = self.get_component_rich_style("list--cursor")
            quiet = self.get_component_rich_style("list--cursor-quiet")
        row = self.row_at(index)
        if row is None:
            return Strip([Segment(set_cell_size("   ·····", width), quiet)], width)
        is_here, is_new = index == self.cursor, self._is_new(index, row)
        mark = self.get_component_rich_style("list--mark", partial=True)
        edge = f"{'▌' if is_here else ' '}{'●' if is_new else ' '} "
        title = _fit(row.title or "(untitled)", width - 3 - self._side_cells(width))
        # Few segments: each costs its own colour codes on the way to the terminal.
        left = [Segment(edge, base + mark), Segment(title, base)]
        if not is_here and not is_new:
            left = [Segment(edge + title, base)]
        return Strip([*left, Segment(self._side(row, width), quiet)], width)

    def _is_new(self, index: int, row: ContributionRow) -> bool:
        """Say whether it is one of the newest that others gave."""
        if not self.marked or row.is_own or index >= PAGE_ROWS:
            return False
        before = self._pages.get(0, ())[:index]
        return sum(not one.is_own for one in before) < self.marked

    def _columns(self, width: int) -> tuple[int, int, int]:
        """Give the cells of author, community and language; 0: there is no room for it."""
        if width < NARROW_CELLS:
            return 0, 0, 0
        if width >= WIDE_CELLS:
            return min(28, 16 + (width - WIDE_CELLS) * 3 // 4), 13, LANGUAGE_CELLS
        return (13, 9, 0) if self.has_several_communities else (16, 0, LANGUAGE_CELLS)

    def _side_cells(self, width: int) -> int:
        columns = [cells + 1 for cells in self._columns(width) if cells]
        return sum(columns) + (2 if columns else 0) + AGE_CELLS + 2

    def _side(self, row: ContributionRow, width: int) -> str:
        author = attribution(row.author, row.given_by)
        facts = author, row.community, plain_text.language(row.language)
        columns = zip(facts, self._columns(width), strict=True)
        parts = [f" {_fit(text, cells)}" for text, cells in columns if cells]
        level = {"inner": " ⌂", "allied": " ◇", "commons": "  "}[row.level] if parts else ""
        return f"{level}{''.join(parts)} {plain_text.ago(row.changed_ms).rjust(AGE_CELLS)} "


def _fit(text: str, cells: int) -> str:
    """Give a text in exactly so many cells; what is cut off ends in an ellipsis."""
    text = plain_text.line(text[: cells * 4])
    if cell_len(text) <= cells:
        return set_cell_size(text, cells)
    return set_cell_size(text, max(0, cells - 1)) + "…"
