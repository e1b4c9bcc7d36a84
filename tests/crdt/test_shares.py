"""How much of a document counts: nobody's edits go out through what others write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.documents import shares
from crdt.documents.document import EditFacts
from crdt.documents.draft import Draft
from crdt.documents.plan import plan
from crdt.documents.replay import replay, update
from crdt.documents.room import can_begin, has_room
from crdt.entries.skeletons import Begin, Edit, SetField, Splice
from crdt.ids import DocumentId, EntryId, digest
from tests.crdt.edit_histories import AHMED, MARIA, ROSA, Notebook

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

    from crdt.ids import Pseudonym

START = EntryId(digest(b"test", b"start"))
DOCUMENT = DocumentId(START)
BEGUN = EditFacts(START, ROSA, 0, Begin(0, (), 1, (SetField(1),)), ("title",), is_effective=True)


@pytest.fixture(scope="module", autouse=True)
def small_shares() -> Iterator[None]:
    """Limits that a few edits reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shares, "SHARE_EDITS", 4)
        patch.setattr(shares, "SHARE_WORK", 1_000)
        patch.setattr(shares, "SHARE_ENDS", 2)
        patch.setattr(shares, "RESTING_EDITS", 9)
        patch.setattr(shares, "RESTING_WORK", 2_000)
        yield


def edit(author: Pseudonym, number: int, base: Iterable[EntryId], size: int) -> EditFacts:
    name = EntryId(digest(b"test", number.to_bytes(4, "big"), author))
    operations = tuple(SetField(field + 1) for field in range(size))
    skeleton = Edit(0, (), DOCUMENT, tuple(base), 0, operations)
    return EditFacts(name, author, 0, skeleton, (number,) * size, is_effective=True)


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> list[EditFacts]:
    """Edits by three people on any edits whatsoever, mostly on new ones."""
    edits = [BEGUN]
    for number in range(draw(st.integers(0, most))):
        author = draw(st.sampled_from([ROSA, AHMED, MARIA]))
        place = st.integers(0, len(edits) - 1)
        base = draw(st.sets(place, min_size=1, max_size=3) | st.just({len(edits) - 1}))
        names = [edits[index].id for index in sorted(base)]
        edits.append(edit(author, number, names, draw(st.integers(1, 3))))
    return edits


def counted(edits: Iterable[EditFacts]) -> set[EntryId]:
    return {each.facts.id for each in plan(DOCUMENT, edits).edits}


def resting(edits: list[EditFacts], wanted: set[EntryId]) -> set[EntryId]:
    """Some edits, and all that they rest on."""
    reached = set(wanted)
    for each in reversed(edits):
        if each.id in reached and isinstance(each.skeleton, Edit):
            reached.update(EntryId(name) for name in each.skeleton.base)
    return reached


@pytest.mark.slow
@given(histories(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_what_counts_does_not_depend_on_order(
    edits: list[EditFacts], chance: random.Random
) -> None:
    expected = plan(DOCUMENT, edits)
    chance.shuffle(edits)

    assert plan(DOCUMENT, edits) == expected


@pytest.mark.slow
@given(histories())
@settings(deadline=None)
def test_what_counts_rests_on_what_counts(edits: list[EditFacts]) -> None:
    assert resting(edits, counted(edits)) == counted(edits)


@pytest.mark.slow
@given(histories(most=24), st.integers(0, 24))
@settings(deadline=None, max_examples=200)
def test_whatever_one_person_adds_takes_nothing_of_others_out(
    edits: list[EditFacts], cut: int
) -> None:
    before = edits[: cut + 1]
    later = [each for each in edits[cut + 1 :] if each.pseudonym == AHMED]
    there = {each.id for each in before}
    added: list[EditFacts] = []
    for each in later:
        assert isinstance(each.skeleton, Edit)
        if all(name in there for name in each.skeleton.base):
            there.add(each.id)
            added.append(each)
    by_others = [replace(each, is_effective=each.pseudonym != AHMED) for each in before]

    assert counted(by_others) <= counted([*before, *added])


@pytest.mark.slow
@given(histories(most=20))
@settings(deadline=None, max_examples=200)
def test_who_is_removed_leaves_only_what_others_rest_on(edits: list[EditFacts]) -> None:
    removed = [replace(each, is_effective=each.pseudonym != AHMED) for each in edits]
    others = {each.id for each in edits if each.pseudonym != AHMED}
    without = [each for each in removed if each.id in resting(edits, others)]

    assert counted(removed) == counted(without)
    assert counted(removed) <= counted(edits)


def test_who_fills_a_document_fills_only_their_own_share() -> None:
    flood = [edit(AHMED, number, [START], 3) for number in range(60)]
    correction = edit(ROSA, 100, [START], 1)
    again = edit(ROSA, 101, [correction.id], 1)

    names = counted([BEGUN, *flood, correction, again])

    assert {START, correction.id, again.id} <= names
    assert len(names) == 3 + shares.SHARE_ENDS


def test_what_does_not_fit_takes_up_no_room() -> None:
    notebook = Notebook.begun("text")
    start = notebook.read().heads
    for _ in range(20):
        notebook.add_raw(AHMED, start, 3, (Splice(0, 0, 900),), ("x" * 900,))
    notebook.change(AHMED, "text and more")

    assert notebook.read().text == "text and more"


def test_who_deletes_everything_again_and_again_is_stopped() -> None:
    notebook = Notebook.begun("x" * 100)
    start = notebook.read().heads
    for _ in range(20):
        notebook.add_raw(AHMED, start, 100, (Splice(0, 100, 0),))
    document = notebook.read()

    assert document.edits == 1 + shares.SHARE_ENDS
    assert document.left_out == 20 - shares.SHARE_ENDS


def test_a_share_that_is_full_takes_no_more_and_others_still_write() -> None:
    notebook = Notebook.begun("a")
    base = notebook.read().heads
    for number in range(shares.SHARE_EDITS - 1):
        base = (notebook.add_raw(ROSA, base, 1, (SetField(2),), (number,)),)
    full = notebook.read()
    drafts = full.change({1: "new"})

    assert not has_room(notebook.document, notebook.edits.values(), ROSA, base, drafts)
    assert has_room(notebook.document, notebook.edits.values(), AHMED, base, drafts)

    notebook.add(ROSA, base, drafts[0])
    beyond = notebook.read()
    assert (beyond.edits, beyond.left_out) == (full.edits, 1)
    assert beyond.automerge_heads == full.automerge_heads
    assert update(full, notebook.edits.values()) == beyond

    notebook.add(AHMED, base, drafts[0])
    assert notebook.read().fields[1] == "new"
    assert replay(notebook.document, reversed(notebook.edits.values())) == notebook.read()


def test_a_document_that_would_not_be_shown_whole_is_not_begun() -> None:
    draft = Draft((Splice(0, 0, 500),), ("x" * 500,), 0)
    more = Draft((Splice(500, 0, 500),), ("x" * 500,), 500)

    assert can_begin(ROSA, [draft])
    assert not can_begin(ROSA, [replace(draft, operations=(Splice(0, 0, 1_000),))])
    assert not can_begin(ROSA, [draft, more])
