"""Edits that were written apart are replayed line by line, causes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crdt.documents.lines import line_by_line
from crdt.documents.step import Step
from crdt.entries.skeletons import Splice
from crdt.ids import EntryId


def step(number: int, base: set[int], inserted: int = 1) -> Step:
    operations = (Splice(0, 0, inserted),)
    return Step(name(number), frozenset(name(under) for under in base), 0, operations, None)


def name(number: int) -> EntryId:
    return EntryId(number.to_bytes(32, "big"))


def numbers(steps: list[Step]) -> list[int]:
    return [int.from_bytes(each.id, "big") for each in steps]


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    steps = [step(0, set())]
    for number in range(1, draw(st.integers(1, 12))):
        base = draw(st.sets(st.integers(0, number - 1), min_size=1, max_size=3))
        steps.append(step(number, base))
    return steps


@given(histories())
def test_every_edit_comes_once_and_after_what_it_rests_on(steps: list[Step]) -> None:
    done: set[EntryId] = set()
    for each in line_by_line(steps):
        assert each.base <= done
        assert each.id not in done
        done.add(each.id)

    assert done == {each.id for each in steps}


def test_lines_that_took_turns_are_followed_one_by_one() -> None:
    steps = [step(0, set()), *(step(number, {max(0, number - 2)}) for number in range(1, 9))]

    assert numbers(line_by_line(steps)) == [0, 1, 3, 5, 7, 2, 4, 6, 8]


def test_the_shorter_line_goes_first() -> None:
    steps = [step(0, set()), step(1, {0}, 50), step(2, {0}), step(3, {2}), step(4, {1, 3})]

    assert numbers(line_by_line(steps)) == [0, 2, 3, 1, 4]


def test_what_an_edit_rests_on_may_be_there_already() -> None:
    assert numbers(line_by_line([step(5, {1}), step(6, {5, 2})])) == [5, 6]
