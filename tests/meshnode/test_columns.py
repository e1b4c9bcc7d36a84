"""What is printed in columns fits the screen, in every script."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnode.commands.columns import cells, column_sizes, fit, padded, row, wrapped
from meshnode.commands.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = ("id", "title", "author", "community")
ROWS = (
    ("1f3b9c02", "Boiling spring water after rain, and for how long", "Elena", "Upper Ridge"),
    ("77aa0e41", "沸騰した水を三分間", "Elena Quispe (given by Rosa)", "Vale of the long name"),
)
GIVES_WAY = ("community", "author", "title")

lines_of_text = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters="水👩‍🌾é\u0301 ")
)


def table(
    rows: Sequence[Sequence[str]] = ROWS, header: Sequence[str] = HEADER, *, is_plain: bool = False
) -> list[str]:
    """Return the lines of a table."""
    out = io.StringIO()
    Terminal(out=out, err=out, source=io.StringIO(), is_plain=is_plain).table(
        header, rows, gives_way=[name for name in GIVES_WAY if name in header]
    )
    return out.getvalue().splitlines()


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((0, 0)))


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    assert cells("水 ab") == 5
    assert cells("man\u0303ana") == 6
    assert cells("👩\u200d🌾") == 4


def test_a_cut_goes_through_no_letter() -> None:
    assert fit("水水水", 4) == "水…"
    assert fit("short", 5) == "short"
    assert fit("man\u0303ana", 4) == "man\u0303…"
    assert fit("a 👩\u200d🌾🌾", 6) == "a 👩…"
    assert fit("anything", 0) == ""


@given(lines_of_text, st.integers(0, 12))
def test_what_was_fitted_fits_and_what_fits_stays(text: str, size: int) -> None:
    assert cells(fit(text, size)) <= size
    assert fit(text, cells(text)) == text
    assert cells(padded(fit(text, size), size)) == size


def test_a_table_fits_eighty_columns_where_there_is_no_screen() -> None:
    assert table()[1:] == [
        "1f3b9c02  Boiling spring water after rain, and for…   Elena         Upper Ridge",
        "77aa0e41  沸騰した水を三分間                          Elena Quisp…  Vale of the…",
    ]
    assert max(map(cells, table())) <= 80


def test_the_least_important_column_gives_way_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "105")
    shown = table()
    assert "Boiling spring water after rain, and for how long  Elena " in shown[1]
    assert shown[2].endswith("Elena Quispe (given by Rosa)  Vale of the l…")

    monkeypatch.setenv("COLUMNS", "200")
    assert table()[2].endswith("Vale of the long name")  # it was the screen


def test_a_table_fits_the_narrowest_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in range(1, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        assert max(map(cells, table())) <= width


def test_plain_lines_are_never_cut() -> None:
    assert table(is_plain=True)[1] == (
        f"id: 77aa0e41; title: {ROWS[1][1]}; author: {ROWS[1][2]}; community: {ROWS[1][3]}"
    )


def test_columns_stand_below_their_names() -> None:
    sizes = column_sizes(("a", "b"), [("水水", "x"), ("1", "y")], (), 80)

    assert [row(values, sizes) for values in (("a", "b"), ("水水", "x"), ("1", "y"))] == [
        "a     b",
        "水水  x",
        "1     y",
    ]


def test_a_text_is_wrapped_between_words_and_inside_one_only_where_it_must() -> None:
    def lines(text: str, size: int) -> list[str]:
        return [text[start:end] for start, end in wrapped(text, size)]

    assert lines(" boil it for  three minutes ", 12) == ["boil it for", "three", "minutes"]
    assert lines("水を三分間沸かす", 6) == ["水を三", "分間沸", "かす"]
    assert lines("see https://example.org", 8) == ["see", "https://", "example.", "org"]
    assert lines("", 8) == []


@given(lines_of_text, st.integers(2, 20))
def test_wrapping_loses_no_word_and_keeps_to_the_width(text: str, size: int) -> None:
    spans = list(wrapped(text, size))

    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(
        text.split()
    )
    assert all(cells(text[start:end]) <= size for start, end in spans)
