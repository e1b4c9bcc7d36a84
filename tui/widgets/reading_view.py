"""A text to read: laid out once for the width, drawn line by line, with one quote marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui import plain_text
from tui.widgets.markdown_blocks import Block, Styles, blocks

if TYPE_CHECKING:
    from rich.text import Text
    from textual.events import Resize

WIDEST = 88
"""Cells: longer lines are hard to read."""


class ReadingView(ScrollView, can_focus=True):
    """Markdown as lines. Keys scroll it; nothing in it can be followed or run."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "reading--text",
        "reading--heading",
        "reading--strong",
        "reading--emphasis",
        "reading--code",
        "reading--link",
        "reading--quiet",
        "reading--quote",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("pagedown,space,ctrl+d", "page_down", "Next page", show=False),
        Binding("pageup,ctrl+u", "page_up", "Previous page", show=False),
        Binding("home,g", "scroll_home", "Beginning", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
    ]

    def __init__(self, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._source = ""
        self._quote = ""
        self._title = ""
        self._lines: list[Text] = []
        self._quoted: range = range(0)
        self._laid_out_width = 0

    def read(self, source: str, quote: str = "", title: str = "") -> None:
        """Show a text.

        Args:
            source: Markdown.
            quote: A passage of it, to mark and begin at.
            title: What stands above it already; a first heading that says the same is left out.
        """
        self._source, self._quote, self._title = source, quote, title
        self._lay_out()
        self.scroll_to(0, max(0, self._quoted.start - 2), animate=False)

    @property
    def plain(self) -> str:
        """What is laid out, without styles."""
        return "\n".join(line.plain for line in self._lines)

    def on_resize(self, event: Resize) -> None:
        """Lay out again for the new width."""
        if event.size.width != self._laid_out_width:
            self._lay_out()

    def notify_style_update(self) -> None:
        """Lay out again when the theme changed."""
        super().notify_style_update()
        if self.is_mounted and self._source:
            self._lay_out()

    def _lay_out(self) -> None:
        self._laid_out_width = self.size.width
        width = max(16, min(WIDEST, self.size.width - 5))  # 2 each side, 1 for the scroll bar
        self._lines = [
            line
            for block in _without_title(blocks(self._source, self._styles()), self._title)
            for line in self._wrapped(block, width)
        ]
        self._quoted = _find(self._lines, self._quote)
        self.virtual_size = Size(1, len(self._lines))
        self.refresh()

    def _wrapped(self, block: Block, width: int) -> list[Text]:
        if not block.text:
            return [block.first]
        room = width - block.rest.cell_len
        if block.wraps:
            lines = list(block.text.wrap(self.app.console, room))
        else:
            lines = [block.text.copy()]
            lines[0].truncate(room, overflow="ellipsis")
        for line in lines:
            line.rstrip()
        return [(block.rest if place else block.first) + line for place, line in enumerate(lines)]

    def _styles(self) -> Styles:
        def part(name: str) -> Style:
            return self.get_component_rich_style(f"reading--{name}")

        return Styles(
            text=part("text"),
            heading=part("heading"),
            strong=part("strong"),
            emphasis=part("emphasis"),
            code=part("code"),
            link=part("link"),
            quiet=part("quiet"),
        )

    def render_line(self, y: int) -> Strip:
        """Draw the line of the text that is at line `y` of the screen."""
        width, place = self.scrollable_content_region.width, y + int(self.scroll_offset.y)
        background = Style(bgcolor=self.rich_style.bgcolor)
        if place >= len(self._lines):
            return Strip.blank(width, background)
        is_quoted = place in self._quoted
        mark = self.get_component_rich_style("reading--quote")
        edge = Segment("▌ " if is_quoted else "  ", mark if is_quoted else background)
        words = self._lines[place].render(self.app.console)
        strip = Strip([edge, *words]).crop(0, width)
        if is_quoted and mark.bgcolor is not None:
            strip = strip.apply_style(Style(bgcolor=mark.bgcolor))
        return strip.extend_cell_length(
            width, Style(bgcolor=mark.bgcolor) if is_quoted else background
        )


def _without_title(found: list[Block], title: str) -> list[Block]:
    """Leave out a first heading that only repeats the title, which may end in an ellipsis."""
    if not found or not title or not found[0].is_heading:
        return found
    heading, title = found[0].text.plain, plain_text.line(title)
    is_cut = title.endswith("…") and heading.startswith(title[:-1])
    if heading != title and not is_cut:
        return found
    return found[2:] if found[1:] and not found[1].text else found[1:]


def _find(lines: list[Text], quote: str) -> range:
    """Give the lines that hold a quote; Markdown's signs and line breaks do not matter."""
    wanted = _letters(quote)
    if not wanted:
        return range(0)
    found, starts = "", []
    for line in lines:
        starts.append(len(found))
        found += _letters(line.plain)
    at = found.find(wanted)
    if at < 0:
        at = found.find(wanted[:40])
        wanted = wanted[:40]
    if at < 0:
        return range(0)
    first = max(i for i, start in enumerate(starts) if start <= at)
    last = max(i for i, start in enumerate(starts) if start < at + len(wanted))
    return range(first, last + 1)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
