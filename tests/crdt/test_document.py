"""From what somebody typed to edits, and from a cache back to the document."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.documents.cache import load, save, state_of
from crdt.documents.document import Document
from crdt.documents.draft import MAX_TEXT_LENGTH, begin, change
from crdt.documents.replay import replay, update
from crdt.documents.text_change import BLANK, visible
from crdt.documents.trunk import Trunk
from crdt.entries.contents import encode_values
from crdt.entries.entry import MAX_CONTENT_BYTES
from crdt.entries.skeletons import Edit, Splice
from crdt.errors import Malformed, TooLarge
from crdt.ids import EntryId
from tests.crdt.edit_histories import AHMED, MARIA, ROSA, Notebook

blanked = st.text(alphabet="ab é😀" + BLANK, max_size=40)


def carry_out(text: str, operations: list[tuple[Splice, str]]) -> str:
    for splice, inserted in operations:
        end = splice.position + splice.deleted
        assert end <= len(text)
        text = text[: splice.position] + inserted + text[end:]
    return text


@given(blanked, st.text(alphabet="ab é😀", max_size=40))
def test_drafts_give_the_text_that_was_typed_and_keep_every_blank(old: str, new: str) -> None:
    text = old
    for draft in change(old, {}, new):
        assert draft.base_length == len(text)
        values = iter(draft.values)
        splices = [operation for operation in draft.operations if isinstance(operation, Splice)]
        text = carry_out(
            text, [(splice, str(next(values)) if splice.inserted else "") for splice in splices]
        )

    assert visible(text) == new
    assert text.count(BLANK) == old.count(BLANK)


@pytest.mark.slow
def test_a_long_text_becomes_several_edits_that_fit_their_entries() -> None:
    text = "agua 水 💧\n" * 12_000
    drafts = begin({1: "Long"}, text)

    assert len(drafts) > 5
    assert all(len(encode_values(draft.values)) < MAX_CONTENT_BYTES for draft in drafts)
    assert Notebook.begun(text).read().text == text


def test_nothing_changed_gives_no_draft() -> None:
    document = Notebook.begun("text", {1: "Title", 2: ("a", "b"), 3: True, 4: 1}).read()

    assert document.change({1: "Title", 2: ("a", "b"), 3: True, 4: 1}, "text") == []
    assert [len(draft.operations) for draft in document.change({3: 1})] == [1]


@pytest.mark.parametrize("text", ["a\0b", f"a{BLANK}", "\ud800"])
def test_characters_that_no_document_may_hold_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        begin({}, text)
    with pytest.raises(Malformed):
        begin({1: ("a", text)})


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(TooLarge):
        begin({1: "x" * 50_000})
    with pytest.raises(TooLarge):
        begin({}, "x" * (MAX_TEXT_LENGTH + 1))


def test_a_document_begins_with_something() -> None:
    with pytest.raises(ValueError, match="begins with"):
        begin({})


def test_a_field_is_cleared_by_setting_it_to_nothing() -> None:
    notebook = Notebook.begun("", {1: "Title", 2: "x"})
    notebook.change(ROSA, fields={2: None})

    assert notebook.read().fields == {1: "Title"}


# --- the cache ------------------------------------------------------------------------


def shared_notebook() -> Notebook:
    notebook = Notebook.begun("One.\n\nTwo.\n", {1: "Title"})
    start = notebook.read().heads
    notebook.change(AHMED, "One!\n\nTwo.\n", at=start)
    notebook.change(MARIA, "One.\n\nTwo?\n", {2: ("a", 'b"')}, at=start)
    return notebook


def test_a_document_from_its_cache_is_the_same() -> None:
    document = shared_notebook().read()

    assert load(save(document)) == document
    again = load(save(document))
    assert again is not None
    assert load(save(again)) == document


def test_a_document_from_its_cache_goes_on_where_it_was() -> None:
    notebook = shared_notebook()
    cached = load(save(notebook.read()))
    assert cached is not None
    first = (EntryId(notebook.document),)
    notebook.change(ROSA, "Uno.\n\nOne!\n\nTwo?\n")
    notebook.change(AHMED, "One.\n\nTwo.\n\nThree.\n", {1: "Other"}, at=first)
    trunk = cached.trunk

    updated = update(cached, notebook.edits.values())

    assert updated == notebook.read()
    assert updated.trunk is trunk
    assert load(save(updated)) == updated
    with pytest.raises(ValueError, match="updated since"):
        save(cached)
    assert update(cached, notebook.edits.values()) == updated


def test_an_update_replays_anew_what_was_erased_meanwhile() -> None:
    notebook = shared_notebook()
    document = notebook.read()
    notebook.erase(AHMED)
    notebook.change(ROSA, fields={1: "New"})

    updated = update(document, notebook.edits.values())

    assert updated == notebook.read()
    assert "!" not in updated.text


def test_a_damaged_or_foreign_cache_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = save(shared_notebook().read())
    assert load(cache[:-1]) is None
    assert load(b"") is None
    monkeypatch.setattr("crdt.documents.cache.REPLAY_VERSION", 1_000)

    assert load(cache) is None


def with_trunk(document: Document, trunk: Trunk) -> Document:
    values = {item.name: getattr(document, item.name) for item in fields(document) if item.init}
    return Document(**{**values, "trunk": trunk})


def test_an_update_of_a_damaged_cache_replays_anew() -> None:
    notebook = shared_notebook()
    cached = load(save(notebook.read()))
    assert cached is not None
    broken = Trunk(b"damaged", frozenset(cached.heads), cached.trunk.hashes)
    notebook.change(ROSA, fields={1: "New"})

    assert update(with_trunk(cached, broken), notebook.edits.values()) == notebook.read()


def test_the_state_of_a_document_tells_a_fresh_cache_from_a_stale_one() -> None:
    notebook = shared_notebook()
    before = state_of(list(notebook.edits.values()))
    assert state_of(list(notebook.edits.values())[::-1]) == before

    notebook.erase(AHMED)

    assert state_of(list(notebook.edits.values())) != before


def test_edits_of_other_documents_are_passed_over() -> None:
    notebook, other = shared_notebook(), Notebook.begun("Other", author=MARIA)
    other.change(MARIA, "Other text")
    mixed = [*other.edits.values(), *notebook.edits.values()]

    assert replay(notebook.document, mixed) == notebook.read()
    assert all(isinstance(edit.skeleton, Edit) for edit in list(other.edits.values())[1:])
