"""One edit of a contribution, as lines: what it set, and what it added and removed."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from meshnode.commands.wording import moment, short

if TYPE_CHECKING:
    from meshnode.commands.terminal import Terminal
    from meshnode.views.revision import Revision


def show_revision(terminal: Terminal, revision: Revision) -> None:
    """Print who made an edit and when, what it set, and what it changed in the text."""
    marks = [
        *(["withdrawn"] if revision.is_withdrawn else []),
        *(["without effect: its author had no right to it"] if not revision.is_effective else []),
    ]
    state = f"  ({'; '.join(marks)})" if marks else ""
    head = f"{short(revision.id)}  {moment(revision.stamp_ms)}  {revision.author}{state}"
    terminal.say(terminal.coloured(head, "1"))
    for field in revision.fields:
        terminal.say(
            f"    {field.field} = {field.value}" if field.value else f"    no {field.field}"
        )
    for op, changes in groupby(revision.changes, lambda change: change.op):
        _show_change(terminal, op, "".join(change.text for change in changes))


def _show_change(terminal: Terminal, op: str, text: str) -> None:
    sign, style = {"same": (" ", "2"), "added": ("+", "32"), "removed": ("-", "31")}[op]
    lines = text.splitlines()
    if op == "same" and len(lines) > 2:
        lines = [lines[0], "…", lines[-1]]
    for line in lines:
        terminal.say(terminal.coloured(f"  {sign} {line}".rstrip(), style))
