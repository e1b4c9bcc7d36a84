"""Web pages: what a person reads in them, laid out as plain paragraphs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from selectolax.lexbor import LexborHTMLParser

from knowledge.errors import ImportRefused
from knowledge.imports.decoding import CONTROL, cleaned, decoded
from knowledge.imports.heading import first_heading
from knowledge.imports.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

MAX_HTML_BYTES = 8 * 1024 * 1024

MAX_DEPTH = 2_000
"""Tags within tags. The parser's work grows with the square of it: 90,000 took 7 seconds."""

_UNREAD: Final = frozenset(
    {"script", "style", "head", "template", "noscript", "svg", "iframe", "object"}
    | {"nav", "form", "button", "select", "textarea"}
)
_PARAGRAPHS: Final = frozenset(
    {"address", "article", "aside", "blockquote", "dl", "fieldset", "figure", "figcaption"}
    | {"footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "ol", "p", "pre"}
    | {"section", "table", "ul"}
)
_LINES: Final = frozenset({"br", "caption", "dd", "div", "dt", "li", "tr"})
_STARTS: Final = {
    "h1": "# ",
    "h2": "## ",
    "h3": "### ",
    "h4": "#### ",
    "h5": "##### ",
    "h6": "###### ",
    "li": "- ",
}
_UNNESTED: Final = frozenset(
    {b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta"}
    | {b"source", b"track", b"wbr", b"p", b"li", b"dt", b"dd", b"td", b"th", b"tr", b"tbody"}
    | {b"thead", b"tfoot", b"option", b"colgroup", b"html", b"head", b"body"}
)
"""Tags that have no end, or that a next one of their kind ends: open ones do not add up."""

_META: Final = {"author": "author", "dc.creator": "author", "keywords": "tags"}
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_SPACE = re.compile(r"\s+")
_PARAGRAPH_BREAK: Final = "\x1d"
_LINE_BREAK: Final = "\x1e"


def read_html(data: bytes) -> list[Reading]:
    """Read a web page: headings, paragraphs, lists and tables; no scripts, no menus, no links.

    Raises:
        UnsupportedFile: It is not text.
        ImportRefused: It is too large to be a page.
    """
    if len(data) > MAX_HTML_BYTES:
        raise ImportRefused("the page is too large; save the part that matters as text")
    _check_nesting(data)
    source, notes = decoded(data)
    page = LexborHTMLParser(source)
    title_node = page.css_first("title")
    title = _SPACE.sub(" ", title_node.text()).strip() if title_node is not None else ""
    body = page.body
    text = _laid_out("".join(_parts(body))) if body is not None else ""
    return [Reading(text, title or first_heading(text), _fields(page), notes)]


def _check_nesting(data: bytes) -> None:
    depth = 0
    for closes, tag in _TAG.findall(data):
        if tag.lower() not in _UNNESTED:
            depth = max(0, depth - 1) if closes else depth + 1
        if depth > MAX_DEPTH:
            raise ImportRefused("its tags are nested too deeply; save the text that matters")


def _fields(page: LexborHTMLParser) -> dict[str, str | tuple[str, ...]]:
    fields: dict[str, str | tuple[str, ...]] = {}
    root = page.css_first("html")
    if root is not None and (language := root.attributes.get("lang")):
        fields["language"] = language
    for meta in page.css("meta[name][content]")[:100]:
        key = _META.get((meta.attributes.get("name") or "").lower())
        if key is not None and (content := meta.attributes.get("content")):
            fields.setdefault(key, cleaned(content))
    return fields


def _parts(body: LexborNode) -> Iterator[str]:
    """Walk the tree without recursion: a hostile page nests as deep as it likes."""
    node: LexborNode | None = body
    is_after_start = False
    while node is not None:
        tag = str(node.tag)
        child = None
        if tag == "-text":
            words = _words(node)
            if words.strip() or not is_after_start:
                yield words
                is_after_start = False
        elif tag not in _UNREAD:
            # "<li><p>words" is "- words": nothing comes between a start and what it starts.
            if not is_after_start:
                yield _break(tag)
            if tag in _STARTS:
                yield _STARTS[tag]
                is_after_start = True
            child = node.child
        while child is None and node is not None and node.mem_id != body.mem_id:
            if node.tag in _STARTS:
                is_after_start = False
            if not is_after_start:
                yield _end(node)
            child = node.next
            node = node.parent
        node = child


def _words(node: LexborNode) -> str:
    words = CONTROL.sub("", node.text_content or "")
    is_kept = node.parent is not None and node.parent.tag == "pre"
    return words if is_kept else _SPACE.sub(" ", words)


def _end(node: LexborNode) -> str:
    if node.tag in ("td", "th"):
        return " | " if node.next is not None else ""
    return _break(str(node.tag))


def _break(tag: str) -> str:
    if tag in _PARAGRAPHS:
        return _PARAGRAPH_BREAK
    return _LINE_BREAK if tag in _LINES else ""


def _laid_out(text: str) -> str:
    paragraphs = (
        "\n".join(line for line in map(_trimmed, paragraph.split(_LINE_BREAK)) if line)
        for paragraph in text.split(_PARAGRAPH_BREAK)
    )
    return "\n\n".join(filter(None, paragraphs))


def _trimmed(line: str) -> str:
    line = line.strip()
    return line if line.strip("#-| ") else ""
