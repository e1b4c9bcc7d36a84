"""An edit is shown with what stands beside its changes."""

from __future__ import annotations

import io

from meshnode.commands.revision_lines import show_revision
from meshnode.commands.terminal import Terminal
from meshnode.views.revision import Change, FieldChange, Revision


def shown(*changes: Change, fields: tuple[FieldChange, ...] = ()) -> list[str]:
    """Return the lines below the head."""
    out = io.StringIO()
    revision = Revision(
        id="ab" * 32,
        author="Rosa",
        stamp_ms=0,
        is_effective=True,
        is_withdrawn=False,
        fields=fields,
        changes=changes,
    )
    show_revision(Terminal(out=out), revision)
    return out.getvalue().splitlines()[1:]


def test_unchanged_words_are_joined_over_those_that_are_left_out() -> None:
    lines = shown(
        Change(op="same", text="…"),
        Change(op="same", text=" after rain, "),
        Change(op="removed", text="boil"),
        Change(op="added", text="seethe"),
        Change(op="same", text=" it for "),
        Change(op="same", text="…"),
        Change(op="same", text=" and drink "),
        Change(op="added", text="it"),
    )

    assert lines == [
        "    … after rain,",
        "  - boil",
        "  + seethe",
        "     it for … and drink",
        "  + it",
    ]


def test_of_many_unchanged_lines_the_first_and_the_last_are_shown() -> None:
    lines = shown(Change(op="added", text="+"), Change(op="same", text="a\nb\nc\nd"))

    assert lines == ["  + +", "    a", "    …", "    d"]


def test_a_field_that_was_taken_out_is_said_to_be_none() -> None:
    lines = shown(
        fields=(FieldChange(field="place", value="Ridge"), FieldChange(field="tags", value=""))
    )

    assert lines == ["    place = Ridge", "    no tags"]
