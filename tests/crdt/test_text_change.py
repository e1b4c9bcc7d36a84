from __future__ import annotations

from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.documents.text_change import BLANK, Replacement, replacements, visible

texts = st.text(alphabet="ab \n.é😀", max_size=60)


def apply(old: str, changes: list[Replacement]) -> str:
    for change in reversed(changes):
        old = old[: change.start] + change.inserted + old[change.end :]
    return old


@given(texts, texts)
def test_the_changes_turn_one_text_into_the_other(old: str, new: str) -> None:
    assert apply(old, replacements(old, new)) == new


@given(texts, texts)
def test_the_changes_rise_and_never_touch(old: str, new: str) -> None:
    changes = replacements(old, new)

    assert all(one.end < other.start for one, other in pairwise(changes))
    assert all(change.start <= change.end for change in changes)
    assert all(change.start < change.end or change.inserted for change in changes)


def test_equal_texts_need_no_change() -> None:
    assert replacements("Water.", "Water.") == []


def test_a_corrected_word_changes_that_word_only() -> None:
    old = "Boil for one minute.\n\nKeep the spring covered.\n"
    new = "Boil for three minutes.\n\nKeep the spring well covered.\n"

    assert replacements(old, new) == [
        Replacement(9, 12, "three"),
        Replacement(13, 19, "minutes"),
        Replacement(37, 37, " well"),
    ]


def test_characters_beyond_the_first_plane_count_as_one() -> None:
    assert replacements("👩👩b", "👩👩c") == [Replacement(2, 3, "c")]


def test_a_word_is_replaced_whole_but_letters_are_added_and_taken_alone() -> None:
    assert replacements("one cup", "three cup") == [Replacement(0, 3, "three")]
    assert replacements("a minute", "a minutes") == [Replacement(8, 8, "s")]
    assert replacements("a minutes", "a minute") == [Replacement(8, 9, "")]


def test_scripts_without_spaces_change_by_the_character() -> None:
    assert replacements("水必須煮沸一分鐘", "水必須煮沸三分鐘") == [Replacement(5, 6, "三")]


def test_blanks_are_not_visible() -> None:
    assert visible(f"a{BLANK}{BLANK}b") == "ab"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n" * 500_000, "b\n" * 500_000),
        ("ab" * 500_000, "ba" * 500_000),
        ("a b\n" * 250_000, "b a\n" * 250_000),
        (
            " ".join(str(number % 999) for number in range(250_000)),
            " ".join(str(number % 998) for number in range(250_000)),
        ),
        (
            "\n".join(str(number) for number in range(150_000)),
            "\n".join(str(number) for number in range(150_000, 0, -1)),
        ),
    ],
    ids=["equal lines", "one word", "repeated lines", "one long line", "reversed lines"],
)
def test_a_megabyte_of_anything_is_compared_in_bounded_time(old: str, new: str) -> None:
    start = perf_counter()
    changes = replacements(old, new)
    spent_s = perf_counter() - start

    assert apply(old, changes) == new
    assert spent_s < 10  # about one second when nothing else runs
