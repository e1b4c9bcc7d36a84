"""What is cleaned away, and how figures read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import plain_text


@given(st.text())
def test_no_control_code_or_change_of_direction_is_left(text: str) -> None:
    for kept in plain_text.block(text) + plain_text.line(text):
        assert kept == "\n" or kept.isprintable() or ord(kept) > 0x9F
        assert not 0x202A <= ord(kept) <= 0x202E
    assert "\n" not in plain_text.line(text)


@given(st.text(alphabet="abcä漢字 ñ0"))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert plain_text.block(text) == plain_text.line(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f469\u200d\U0001f469\u200d\U0001f467 family",
        "\u270c\U0001f3fd hand, \U0001f44d\U0001f3fd thumb",
        "\u2764\ufe0f heart, \u260e\ufe0f phone",
        "\U0001f469\u200d\u2695\ufe0f nurse",
        "\U0001f44d\U0001f3fd\u200d\u2695 one after the other",
    ],
)
def test_pictures_are_as_wide_as_any_terminal_draws_them(text: str) -> None:
    shown = plain_text.line(text)
    assert shown == plain_text.block(text)
    assert cell_len(shown) == sum(map(cell_len, shown))
    assert plain_text.copied(text) == text


def test_joiners_of_letters_stay() -> None:
    spelled = ("\u0915\u094d\u200d\u0937", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")
    for text in spelled:
        assert plain_text.line(text) == plain_text.block(text) == text


@pytest.mark.parametrize(
    ("count_bytes", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (182_331, "182 kB"), (10**15, "1000 TB")],
)
def test_sizes_stay_short(count_bytes: int, words: str) -> None:
    assert plain_text.size(count_bytes) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.2, "now"),
        (-5, "now"),
        (5, "5 min"),
        (130, "2 h"),
        (60 * 50, "2 d"),
        (60 * 24 * 800, "2 y"),
    ],
)
def test_ages_are_in_the_unit_that_keeps_them_short(minutes: float, words: str) -> None:
    now_ms = 2_000_000_000_000
    assert plain_text.ago(int(now_ms - minutes * 60_000), now_ms) == words


def test_times_nobody_could_have_meant_are_unknown() -> None:
    assert plain_text.ago(None) == "never"
    assert plain_text.date(10**30) == "unknown"
