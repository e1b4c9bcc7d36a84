"""Names that a reader would take for each other are one name to the software."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.replica.appearance import appearance


@pytest.mark.parametrize(
    "name",
    [
        "rosa",
        "ROSA",
        "  Ro sa ",
        "Rosa\u00a0",
        "Rós\u0301a",
        "\uff32\uff4f\uff53\uff41",  # full-width letters
        "R\u043es\u0430",  # Cyrillic o and a
        "R0sa",
        "Ro\u200bs\u2060a\u00ad",  # nothing to be seen between the letters
        "\u202eRosa",
    ],
)
def test_names_that_look_the_same_are_the_same(name: str) -> None:
    assert appearance(name) == appearance("Rosa")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rosa", "Rosanna"),
        ("Elena Quispe", "Elena Mamani"),
        ("राम", "रोम"),  # vowels above a letter are part of the word
        ("ราม", "รุม"),
        ("محمد", "أحمد"),
        ("李明", "李月"),
    ],
)
def test_names_that_look_different_stay_different(one: str, other: str) -> None:
    assert appearance(one) != appearance(other)


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u200d", "\u3164", "\u2800 \u00ad"])
def test_a_name_that_nobody_can_see_is_none(name: str) -> None:
    assert appearance(name) == ""


@settings(max_examples=50)
@given(st.text(max_size=20))
def test_case_spaces_and_composition_never_tell_names_apart(name: str) -> None:
    looks = appearance(name)

    assert appearance(f" {name}\u200b ") == looks
    assert appearance(unicodedata.normalize("NFC", name)) == looks
    assert appearance(unicodedata.normalize("NFD", name)) == looks
    assert appearance(name.casefold()) == looks
