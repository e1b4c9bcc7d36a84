"""Widgets by themselves: QR codes, differences, Markdown from strangers, preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from meshnode.views.answer import Citation
from meshnode.views.revision import Change, FieldChange, Revision
from tests.tui.fake_node import TICKET
from tui import preferences
from tui.preferences import Preferences
from tui.widgets import markdown_blocks
from tui.widgets.difference import difference
from tui.widgets.markdown_blocks import Styles, blocks
from tui.widgets.qr_code import half_blocks
from tui.widgets.quote_card import QuoteCard

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = Styles(*[Style()] * 7)


def lines(source: str) -> list[str]:
    return [block.first.plain + block.text.plain for block in blocks(source, PLAIN)]


def test_a_ticket_fits_an_80_column_window_as_a_code() -> None:
    drawn = half_blocks(TICKET)

    assert len(drawn[0]) <= 80
    assert len({len(line) for line in drawn}) == 1


def test_a_text_too_long_for_any_code_gives_none() -> None:
    assert half_blocks("x" * 5000) == []


def test_markdown_becomes_plain_lines() -> None:
    source = "# Title\n\n- one\n- two\n  - deep\n\n3. three\n\n> said\n\n```\ncode [x]\n```\n"

    assert lines(source) == [
        "Title",
        "",
        "• one",
        "• two",
        "  • deep",
        "",
        "3. three",
        "",
        "│ said",
        "",
        "  code [x] ",
    ]


def test_links_pictures_and_html_are_words_only() -> None:
    shown = "\n".join(lines("[go](http://spy/) ![cat](http://spy/pixel.png) <script>x</script>"))

    assert shown == "go [picture: cat] <script>x</script>"


@pytest.mark.parametrize(
    "source",
    ["> " * 3000 + "deep", "- " * 3000 + "deep", "[" * 5000, "*a" * 5000, "|a" * 900 + "\n|-\n"],
    ids=("quotes", "lists", "brackets", "stars", "table"),
)
def test_markdown_made_to_hurt_is_laid_out_all_the_same(source: str) -> None:
    assert all(len(block.first) <= 24 for block in blocks(source, PLAIN))


def test_a_very_long_text_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_blocks, "MAX_MARKDOWN_CHARACTERS", 10)

    assert lines("# a\n# b\n# c") == ["# a", "# b", "# c"]


@given(st.text(alphabet="#*_`[]()<>!|-1. \n\tab\x1b", max_size=80))
def test_no_markdown_breaks_the_layout(source: str) -> None:
    assert "\x1b" not in "".join(lines(source))


def revision(*changes: Change, fields: tuple[FieldChange, ...] = ()) -> Revision:
    return Revision(
        id="ab",
        author="Rosa",
        stamp_ms=0,
        is_effective=True,
        is_withdrawn=False,
        fields=fields,
        changes=changes,
    )


def test_a_difference_is_marked_by_sign_in_a_line_and_across_lines() -> None:
    shown = difference(
        revision(
            Change(op="same", text="Boil for "),
            Change(op="removed", text="ten"),
            Change(op="added", text="one"),
            Change(op="same", text=" minute.\n"),
            Change(op="added", text="Cool it.\nDrink.\n"),
            fields=(FieldChange(field="title", value="Water"),),
        )
    ).plain

    assert shown == "± title: Water\n\nBoil for [-ten][+one] minute.\n+ Cool it.\n+ Drink.\n"


def test_a_long_unchanged_stretch_is_shortened() -> None:
    shown = difference(revision(Change(op="same", text="line\n" * 50))).plain

    assert "lines the same" in shown
    assert shown.count("\n") < 10


def test_choices_come_back_and_damage_counts_as_none(tmp_path: Path) -> None:
    chosen = Preferences(theme="light", knows_sync_goes_on=True)

    assert preferences.load(tmp_path) == Preferences()
    assert preferences.save(tmp_path, chosen)
    assert preferences.load(tmp_path) == chosen
    (tmp_path / preferences.FILE_NAME).write_bytes(b"\xff{")
    assert preferences.load(tmp_path) == Preferences()
    assert not preferences.save(tmp_path / "missing", chosen)


@pytest.mark.parametrize(
    ("author", "given_by", "shown"),
    [
        ("Elena Quispe", "Rosa", "Elena Quispe (given by Rosa)"),
        ("Rosa", "key 3f9a1c2b", "Rosa (given by key 3f9a1c2b)"),
        ("Rosa", "", "Rosa"),
        ("", "key 3f9a1c2b", "given by key 3f9a1c2b"),
    ],
)
def test_a_quote_names_who_gave_it_in_somebody_elses_name(
    author: str, given_by: str, shown: str
) -> None:
    citation = Citation(
        id="ab", title="Water", author=author, community="Ridge", quote="Boil.", given_by=given_by
    )

    assert str(QuoteCard(1, citation).content).endswith(f"  {shown} · Ridge · Water")
