"""Words, numbers and units in a form that can be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.answers.wording import MAX_WORDS, same, words


def texts(sentence: str, language: str = "en") -> list[str]:
    return [word.text for word in words(sentence, language)]


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("Don't boil twenty-five eggs.", "en", ["do", "not", "boil", "25", "eggs"]),
        ("You cannot; we won't.", "en", ["you", "can", "not", "we", "will", "not"]),
        ("10ml or ten millilitres", "en", ["10", "millilitre", "or", "10", "millilitre"]),
        ("three hundred metres", "en", ["300", "metre"]),
        ("½ l at 50%", "en", ["1/2", "litre", "at", "50", "percent"]),
        ("treinta y cinco minutos", "es", ["35", "minute"]),
        ("fünfundzwanzig Minuten", "de", ["25", "minute"]),
        ("dakika ishirini na tano", "sw", ["minute", "25"]),
        ("once", "en", ["once"]),
        ("once", "es", ["11"]),
        ("at 10:30 on 2024-05-01", "en", ["at", "10:30", "on", "2024", "05", "01"]),
        ("पानी उबालें", "hi", ["पानी", "उबालें"]),
    ],
)  # fmt: skip
def test_a_sentence_becomes_words(sentence: str, language: str, expected: list[str]) -> None:
    assert texts(sentence, language) == expected


@pytest.mark.parametrize(
    ("first", "second"), [("boil", "boiled"), ("drink", "drinking"), ("berry", "berries")]
)  # fmt: skip
def test_forms_of_a_word_are_the_same(first: str, second: str) -> None:
    assert same(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("chlorine", "chloride"), ("nitrate", "nitrite"), ("safe", "unsafe"), ("harmful", "harmless"),
     ("methane", "methanol"), ("not", "note"), ("boil", "boiler")],
)  # fmt: skip
def test_like_words_are_not(first: str, second: str) -> None:
    assert not same(first, second)


@given(st.text(max_size=500))
def test_any_text_is_read(sentence: str) -> None:
    assert len(words(sentence)) <= 2 * MAX_WORDS + 2


@pytest.mark.parametrize("text", ["a-" * 50_000, "1.1 " * 30_000, "a'b " * 50_000])
def test_a_hostile_sentence_is_read_in_part(text: str) -> None:
    assert len(words(text)) <= 2 * MAX_WORDS + 2
