"""No text steers the terminal that shows it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.terminal_text import (
    MAX_COMBINING,
    terminal_line,
    terminal_text,
    written_line,
    written_text,
)

STEERING = "\x1b[]PX^_\\\x07\x9b\x9d\x90\x9c\r\n\t\x85\u202e\u2066\u200f\u0301\u0489m0;?A\U000e0041"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jgone", "gone"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]52;c;cGFzdGU=\x1b\\after", "after"),
        ("\x1bP1$r\x1b\\after", "after"),
        ("\x1bcreset", "reset"),
        ("a\x1b", "a"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("over\rwritten", "over\nwritten"),
        ("bell\x07 back\x08", "bell back"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * MAX_COMBINING),
        (
            "Tiếng Việt, العربية, हिन्दी, 日本語, 👩🏽‍🌾",
            "Tiếng Việt, العربية, हिन्दी, 日本語, 👩🏽‍🌾",
        ),
        ("hidden\U000e0048\U000e0049", "hidden"),
    ],
)
def test_letters_stay_and_steering_goes(text: str, shown: str) -> None:
    assert terminal_text(text) == shown


@given(st.text() | st.text(alphabet=STEERING))
def test_nothing_but_newline_and_tab_controls_anything(text: str) -> None:
    shown = terminal_text(text)

    assert not {c for c in shown if unicodedata.category(c) in ("Cc", "Cs")} - {"\n", "\t"}
    assert not {c for c in shown if unicodedata.bidirectional(c) in ("LRO", "RLO", "LRE", "RLE")}
    assert terminal_text(shown) == shown
    assert "\n" not in terminal_line(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u200fماء\u200f (3)",  # noqa: RUF001
        "\u2067שלום \u2066+591\u2069\u2069",  # noqa: RUF001
        "\u202aembedded\u202c",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "e" + "\u0301" * 9,
        "two\n\tlines",
    ],
)
def test_what_is_written_on_keeps_all_that_languages_need(text: str) -> None:
    assert written_text(text) == text


@given(st.text() | st.text(alphabet=STEERING))
def test_what_is_written_on_has_no_controls_and_no_overrides(text: str) -> None:
    kept = written_text(text)

    assert not {c for c in kept if unicodedata.category(c) in ("Cc", "Cs")} - {"\n", "\t"}
    assert not {c for c in kept if unicodedata.bidirectional(c) in ("LRO", "RLO")}
    assert terminal_text(kept) == terminal_text(text)
    assert "\n" not in written_line(text)
