"""Sentences are verbatim parts of a text, and never half of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.answers.sentences import MAX_SENTENCES, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Boil it. Drink it!", ["Boil it.", "Drink it!"]),
        ("Use approx. 3.5 l of it. Stop.", ["Use approx. 3.5 l of it.", "Stop."]),
        ("Ask Dr. Amina. She knows.", ["Ask Dr. Amina.", "She knows."]),
        ("# Water\nBoil it.", ["# Water", "Boil it."]),
        ("- one\n- two", ["- one", "- two"]),
        ("1. Boil it.\n2. Drink it.", ["1. Boil it.", "2. Drink it."]),
        ("Adults: 10 ml\nChildren: 5 ml", ["Adults: 10 ml", "Children: 5 ml"]),
        ("Never drink\nfrom the well.", ["Never drink\nfrom the well."]),
        ("¿Cuándo? En octubre.", ["¿Cuándo?", "En octubre."]),
        ("水を沸かす。飲む。", ["水を沸かす。", "飲む。"]),
        ("هل الماء آمن؟ نعم.", ["هل الماء آمن؟", "نعم."]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_text_is_cut_where_sentences_end(text: str, expected: list[str]) -> None:
    assert [sentence.text for sentence in sentences(text)] == expected


@given(st.text(max_size=400))
def test_each_sentence_stands_where_it_says(text: str) -> None:
    end = 0
    for sentence in sentences(text):
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.start >= end
        end = sentence.end


def test_a_hostile_text_is_read_in_part() -> None:
    assert len(sentences("A. B! " * 100_000)) <= MAX_SENTENCES + 1
