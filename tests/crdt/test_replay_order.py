"""Random histories of people who write apart: same bytes in any order, erasure in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.documents.cache import load, save
from crdt.documents.replay import replay, update
from crdt.documents.text_change import BLANK
from crdt.entries.skeletons import Operation, SetField, Splice
from crdt.ids import DocumentId, EntryId
from tests.crdt.edit_histories import AHMED, MARIA, ROSA, Notebook

if TYPE_CHECKING:
    import random

    from crdt.documents.document import Document, EditFacts
    from crdt.entries.contents import Value

LETTERS = {ROSA: "abc😀", AHMED: "klm水", MARIA: "uvw👩"}
AUTHORS = list(LETTERS)


@st.composite
def notebooks(draw: st.DrawFn, most: int = 10) -> Notebook:
    """Each edit is based on any edits whatsoever; each author has letters of their own."""
    notebook = Notebook.begun(draw(st.text("abc😀", max_size=8)), {1: "abc"})
    for _ in range(draw(st.integers(0, most))):
        author = draw(st.sampled_from(AUTHORS))
        names = list(notebook.edits)
        recent = st.integers(max(0, len(names) - 4), len(names) - 1)
        base = tuple(names[index] for index in draw(st.sets(recent, min_size=1, max_size=3)))
        length = base_length = len(notebook.read(base).full_text)
        operations: list[Operation] = []
        values: list[Value] = []
        for _ in range(draw(st.integers(1, 3))):
            inserted = draw(st.text(LETTERS[author], max_size=4))
            if draw(st.integers(0, 3)) == 0:
                operations.append(SetField(draw(st.integers(1, 3))))
                values.append(inserted)
                continue
            position = draw(st.integers(0, length))
            deleted = draw(st.integers(0, min(3, length - position)))
            if inserted or deleted:
                operations.append(Splice(position, deleted, len(inserted)))
                length += len(inserted) - deleted
                if inserted:
                    values.append(inserted)
        if operations:
            notebook.add_raw(author, base, base_length, tuple(operations), tuple(values))
    return notebook


def automerge_operations(document: Document) -> list[int]:
    """How many operations each change holds, by edit."""
    changes = document.trunk._opened().get_changes([])
    by_actor = {bytes(change.actor_id): len(change) for change in changes}
    return [by_actor[name[:16]] for name in sorted(document.shown)]


@pytest.mark.slow
@given(notebooks(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=80)
def test_edits_in_any_order_give_the_same_bytes(notebook: Notebook, chance: random.Random) -> None:
    edits = list(notebook.edits.values())
    expected = notebook.read()
    assert expected.edits == len(edits)
    assert expected.damage is None

    for _ in range(2):
        chance.shuffle(edits)
        assert replay(notebook.document, edits) == expected


@pytest.mark.slow
@given(notebooks(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_edits_that_arrive_one_by_one_give_the_same_bytes(
    notebook: Notebook, chance: random.Random
) -> None:
    edits = list(notebook.edits.values())
    expected = notebook.read()
    chance.shuffle(edits)
    here: list[EditFacts] = []
    document = replay(notebook.document, here)

    for edit in edits:
        here.append(edit)
        document = update(document, here)
        if chance.random() < 0.3:
            document = load(save(document)) or document

    assert document == expected


@pytest.mark.slow
@given(notebooks(), st.sampled_from(AUTHORS))
@settings(deadline=None, max_examples=80)
def test_erasing_one_authors_words_leaves_all_others_in_their_places(
    notebook: Notebook, author: bytes
) -> None:
    before = notebook.read()
    shapes = automerge_operations(before)
    notebook.erase(type(ROSA)(author))
    after = notebook.read()

    survivors = "".join(letter for letter in before.text if letter not in LETTERS[author])  # type: ignore[index]
    assert after.text == survivors
    assert len(after.full_text) == len(before.full_text)
    assert automerge_operations(after) == shapes
    assert after.heads == before.heads
    assert update(before, notebook.edits.values()) == after


@pytest.mark.slow
@given(notebooks())
@settings(deadline=None, max_examples=60)
def test_fields_show_what_automerge_lets_win(notebook: Notebook) -> None:
    document = notebook.read()

    for field in range(1, 4):
        winner = document.trunk.field_winner(field)
        assert (winner is None) == (field not in document.fields)
        if winner is not None:
            assert winner[68:] == f'"{document.fields[field]}"'


@pytest.mark.slow
@given(notebooks(), st.data())
@settings(deadline=None, max_examples=60)
def test_what_has_no_effect_shows_nothing_and_moves_nothing(
    notebook: Notebook, data: st.DataObject
) -> None:
    author = data.draw(st.sampled_from([AHMED, MARIA]))
    before = notebook.read()
    for name, edit in list(notebook.edits.items()):
        notebook.put(name, is_effective=edit.pseudonym != author)
    after = notebook.read()

    assert not set(after.text) & set(LETTERS[author])
    assert author not in after.contributors
    assert set(after.shown) <= set(before.shown)
    assert update(before, notebook.edits.values()) == after


@pytest.mark.slow
@given(notebooks(), st.sampled_from(AUTHORS))
@settings(deadline=None, max_examples=60)
def test_what_was_typed_on_a_document_with_blanks_is_what_is_shown(
    notebook: Notebook, author: bytes
) -> None:
    notebook.erase(type(ROSA)(author))
    document = notebook.read()
    typed = document.text[1:] + "new"

    notebook.write(ROSA, document.heads, document.change({}, typed))

    after = notebook.read()
    assert after.text == typed
    assert after.full_text.count(BLANK) == document.full_text.count(BLANK)


operations = st.one_of(
    st.builds(SetField, st.integers(1, 255)),
    st.builds(
        Splice,
        st.integers(0, 12) | st.integers(0, (1 << 32) - 1),
        st.integers(0, 4) | st.integers(0, (1 << 32) - 1),
        st.integers(0, 4) | st.integers(0, (1 << 32) - 1),
    ),
)
contents = st.none() | st.lists(
    st.text(max_size=4) | st.integers(-(1 << 63), (1 << 63) - 1) | st.booleans() | st.none(),
    max_size=4,
).map(tuple)


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(-1, 8), min_size=1, max_size=3),
            st.integers(0, 8),
            st.lists(operations, min_size=1, max_size=3),
            contents,
            st.booleans(),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=150)
def test_nothing_that_a_peer_can_write_breaks_a_document(
    hostile: list[tuple[set[int], int, list[Operation], tuple[Value, ...] | None, bool]],
    chance: random.Random,
) -> None:
    notebook = Notebook.begun("text")
    for bases, length, wanted, values, is_effective in hostile:
        names = [*notebook.edits, EntryId(b"?" * 32)]
        base = tuple(names[index % len(names)] for index in bases)
        name = notebook.add_raw(AHMED, base, length, tuple(wanted), values)
        notebook.put(name, values=values, is_effective=is_effective)
    edits = list(notebook.edits.values())
    document = replay(notebook.document, edits)

    chance.shuffle(edits)

    assert replay(DocumentId(notebook.document), edits) == document
    assert load(save(document)) == document
