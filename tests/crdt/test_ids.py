"""What a person may type for an id."""

from __future__ import annotations

import pytest

from crdt.errors import AmbiguousId, BadId, UnknownEntry
from crdt.ids import DocumentId, find_by_prefix

ONE, TWO = DocumentId(b"\xab\xcd\x01" + bytes(29)), DocumentId(b"\xab\xcd\x02" + bytes(29))


@pytest.mark.parametrize("typed", ["", "9f", "abc", "The upper spring", "ab" * 33])
def test_what_is_no_id_is_called_none(typed: str) -> None:
    with pytest.raises(BadId) as caught:
        find_by_prefix(typed, [ONE])

    assert caught.value.explain().startswith("That is no id.")


def test_the_beginning_of_an_id_finds_it() -> None:
    assert find_by_prefix(" ABCD01 ", [ONE, TWO]) == ONE


def test_a_beginning_that_fits_none_or_two_is_refused() -> None:
    with pytest.raises(AmbiguousId):
        find_by_prefix("abcd", [ONE, TWO])
    with pytest.raises(UnknownEntry):
        find_by_prefix("abce", [ONE, TWO])
