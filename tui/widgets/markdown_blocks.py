"""Markdown from other people as blocks of styled text: no links to follow, no HTML, no images.

markdown-it reads the text; what it finds is turned into a short list of blocks,
which `ReadingView` breaks into lines. Raw HTML stays the text it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from tui import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token
    from rich.style import Style

MAX_MARKDOWN_CHARACTERS = 200_000
"""Longer texts are shown as they are: laying them out would stall the screen."""
MAX_INDENT = 12
"""Cells that nested lists and quotes may take, so that deep nesting leaves room for words."""
MAX_CELL = 30


@dataclass(frozen=True, slots=True)
class Styles:
    """How the parts of a text look in the theme of the moment."""

    text: Style
    heading: Style
    strong: Style
    emphasis: Style
    code: Style
    link: Style
    quiet: Style


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or line of code.

    Attributes:
        text: The words.
        first: What stands before its first line, for example a bullet.
        rest: What stands before its other lines.
        wraps: False for code and tables, whose lines stay as they are.
        is_heading: Whether it is one.
    """

    text: Text
    first: Text
    rest: Text
    wraps: bool = True
    is_heading: bool = False


def blocks(source: str, styles: Styles) -> list[Block]:
    """Give a Markdown text as blocks, with empty ones between paragraphs."""
    source = plain_text.block(source)
    if len(source) > MAX_MARKDOWN_CHARACTERS:
        return [_plain(line, styles) for line in source.split("\n")]
    found = list(_Layout(styles).walk(_parser().parse(source)))
    while found and not found[-1].text:
        found.pop()
    return [_closed(one, following) for one, following in pairwise([*found, None]) if one]


def _closed(block: Block, following: Block | None) -> Block:
    """End a quote's bar at its last words rather than at the gap below them."""
    if block.text or following is None:
        return block
    left = Text(following.rest.plain.rstrip(), block.rest.style)
    return block if len(left) >= len(block.rest) else Block(Text(), left, left)


def _plain(line: str, styles: Styles) -> Block:
    return Block(Text(line, styles.text), Text(), Text())


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


class _Layout:
    """Walks the tokens, keeping what stands at the left of each line."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._left: list[str] = []
        self._bullet = ""
        self._numbers: list[int | None] = []

    def walk(self, tokens: Sequence[Token]) -> Iterator[Block]:
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if token.type == "table_open":
                end = next(i for i in range(place, len(tokens)) if tokens[i].type == "table_close")
                yield from self._table(tokens[place:end])
                place = end
            else:
                yield from self._block(token, tokens[place - 1] if place else None)
            place += 1

    def _block(self, token: Token, before: Token | None) -> Iterator[Block]:
        styles = self._styles
        match token.type:
            case "inline":
                is_heading = before is not None and before.type == "heading_open"
                base = styles.heading if is_heading else styles.text
                for text in self._inline(token.children or (), base):
                    yield replace(self._placed(text), is_heading=is_heading)
            case "paragraph_close" if not token.hidden:
                yield self._gap()
            case "heading_close":
                yield self._gap()
            case "fence" | "code_block":
                for line in token.content.rstrip("\n").split("\n"):
                    yield self._placed(Text(f"  {line} ", styles.code), wraps=False)
                yield self._gap()
            case "hr":
                yield self._placed(Text("─" * 24, styles.quiet))
                yield self._gap()
            case "blockquote_open":
                self._left.append("│ ")
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)))
            case "list_item_open":
                self._open_item()
            case "blockquote_close" | "list_item_close":
                self._left.pop()
                self._bullet = ""
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
                if not self._numbers:
                    yield self._gap()
            case _:
                pass

    def _open_item(self) -> None:
        number = self._numbers[-1]
        self._bullet = "• " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        self._left.append(" " * cell_len(self._bullet))

    def _placed(self, text: Text, *, wraps: bool = True) -> Block:
        rest = "".join(self._left)[:MAX_INDENT]
        first = rest
        if self._bullet:
            first = rest[: -len(self._bullet)] + self._bullet if len(rest) > 2 else self._bullet
            self._bullet = ""
        quiet = self._styles.quiet
        return Block(text, Text(first, quiet), Text(rest, quiet), wraps)

    def _gap(self) -> Block:
        bars = "".join(self._left)[:MAX_INDENT].rstrip()
        left = Text(bars, self._styles.quiet)
        return Block(Text(), left, left)

    def _inline(self, tokens: Sequence[Token], base: Style) -> Iterator[Text]:
        """Give the words of a paragraph, one text for each line that the author broke."""
        styles, open_styles, text = self._styles, [base], Text()
        for token in tokens:
            match token.type:
                case "text" | "html_inline":
                    text.append(token.content, open_styles[-1])
                case "code_inline":
                    text.append(token.content, open_styles[-1] + styles.code)
                case "softbreak":
                    text.append(" ", open_styles[-1])
                case "hardbreak":
                    yield text
                    text = Text()
                case "strong_open":
                    open_styles.append(open_styles[-1] + styles.strong)
                case "em_open":
                    open_styles.append(open_styles[-1] + styles.emphasis)
                case "link_open":
                    open_styles.append(open_styles[-1] + styles.link)
                case "link_close":
                    open_styles.pop()
                case "strong_close" | "em_close":
                    open_styles.pop()
                case "image":
                    text.append(f"[picture: {token.content}]", styles.quiet)
                case _:
                    pass
        yield text

    def _table(self, tokens: Sequence[Token]) -> Iterator[Block]:
        rows: list[list[str]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                words = "".join(
                    text.plain for text in self._inline(token.children or (), self._styles.text)
                )
                rows[-1].append(words)
        columns = max(map(len, rows))
        widths = [
            min(MAX_CELL, max(cell_len(row[i]) for row in rows if i < len(row)))
            for i in range(columns)
        ]
        for number, row in enumerate(rows):
            cells = [set_cell_size(cell, width) for cell, width in zip(row, widths, strict=False)]
            style = self._styles.strong if number == 0 else self._styles.text
            yield self._placed(Text("  ".join(cells), style), wraps=False)
            if number == 0:
                rule = "  ".join("─" * width for width in widths)
                yield self._placed(Text(rule, self._styles.quiet), wraps=False)
        yield self._gap()
