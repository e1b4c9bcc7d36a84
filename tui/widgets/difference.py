"""What an edit changed: added and removed lines marked by sign as well as by colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui import plain_text

if TYPE_CHECKING:
    from meshnode.views.revision import Change, Revision

CONTEXT_LINES = 2
"""Unchanged lines that are shown beside a change."""


def difference(revision: Revision) -> Content:
    """Give one revision: its fields, then its text with + and - before changed stretches."""
    parts: list[Content] = []
    if revision.is_withdrawn:
        parts.append(Content.styled("This edit was withdrawn; its words are gone.\n", "$warning"))
    if not revision.is_effective:
        sentence = "Kept, but without effect: the author had no right to edit here.\n"
        parts.append(Content.styled(sentence, "$warning"))
    for change in revision.fields:
        words = f"± {plain_text.line(change.field)}: {plain_text.line(change.value)}\n"
        parts.append(Content.styled(words, "$accent"))
    if revision.fields and revision.changes:
        parts.append(Content("\n"))
    parts.extend(_stretch(change) for change in revision.changes)
    if not revision.fields and not revision.changes:
        parts.append(Content.styled("Nothing to show.", "$quiet"))
    return Content("").join(parts)


def _stretch(change: Change) -> Content:
    text = plain_text.block(change.text)
    if change.op == "same":
        return Content.styled(_shortened(text), "$quiet")
    sign, style = ("+", "$success") if change.op == "added" else ("-", "$error strike")
    if "\n" not in text.strip("\n"):
        end = "\n" if text.endswith("\n") else ""
        return Content.assemble((f"[{sign}{text.strip(chr(10))}]", style), end)
    lines = text.strip("\n").split("\n")
    return Content.styled("".join(f"{sign} {line}\n" for line in lines), style)


def _shortened(text: str) -> str:
    """Leave out the middle of a long unchanged stretch."""
    lines = text.split("\n")
    left_out = len(lines) - 2 * CONTEXT_LINES - 1
    if left_out < 2:
        return text
    middle = f"  … {left_out} lines the same …"
    return "\n".join([*lines[:CONTEXT_LINES], middle, *lines[-CONTEXT_LINES - 1 :]])
