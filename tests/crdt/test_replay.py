"""Documents from edits: merging, erasure, and edits that no honest node writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.documents import trunk
from crdt.documents.draft import MAX_TEXT_LENGTH
from crdt.documents.replay import replay, update
from crdt.documents.text_change import BLANK
from crdt.entries.entry import MAX_CONTENT_BYTES
from crdt.entries.skeletons import Operation, SetField, Splice
from crdt.errors import DocumentDamaged
from crdt.ids import DocumentId, EntryId
from tests.crdt.edit_histories import AHMED, MARIA, ROSA, Notebook

if TYPE_CHECKING:
    from crdt.entries.contents import Value

WATER = "Water must boil one minute.\n\nKeep the spring covered.\n"


def heads_of(notebook: Notebook) -> tuple[EntryId, ...]:
    return notebook.read().heads


# --- merging ------------------------------------------------------------------------


def test_a_corrected_word_and_another_paragraph_both_survive() -> None:
    notebook = Notebook.begun(WATER)
    start = heads_of(notebook)
    notebook.change(AHMED, WATER.replace("one minute", "three minutes"), at=start)
    notebook.change(ROSA, WATER.replace("covered", "covered, and clean it in spring"), at=start)

    assert notebook.read().text == (
        "Water must boil three minutes.\n\nKeep the spring covered, and clean it in spring.\n"
    )


def test_two_corrections_of_one_word_stand_beside_each_other() -> None:
    notebook = Notebook.begun("one cup")
    start = heads_of(notebook)
    notebook.change(AHMED, "two cup", at=start)
    notebook.change(ROSA, "three cup", at=start)

    assert notebook.read().text in {"twothree cup", "threetwo cup"}


def test_a_field_set_twice_apart_shows_what_automerge_lets_win() -> None:
    notebook = Notebook.begun("", {1: "old"})
    start = heads_of(notebook)
    notebook.change(AHMED, fields={1: "by Ahmed"}, at=start)
    notebook.change(ROSA, fields={1: "by Rosa"}, at=start)
    document = notebook.read()

    assert document.trunk.field_winner(1) is not None
    assert str(document.trunk.field_winner(1)).endswith(f'"{document.fields[1]}"')


def test_positions_are_code_points() -> None:
    notebook = Notebook.begun("👩‍🚒 fire 🔥 水")
    notebook.change(AHMED, "👩‍🚒 fire 🔥 water 水")

    assert notebook.read().text == "👩‍🚒 fire 🔥 water 水"


def test_a_document_can_be_read_as_it_was() -> None:
    notebook = Notebook.begun("one")
    start = heads_of(notebook)
    notebook.change(AHMED, "two")

    assert notebook.read().text == "two"
    assert notebook.read(start).text == "one"
    assert notebook.read(start).heads == start


def test_values_come_back_as_they_were_set() -> None:
    fields: dict[int, Value] = {1: "é\n\"'", 2: 7, 3: True, 4: ("a", "b"), 5: (), 6: -(1 << 63)}
    document = Notebook.begun("", fields).read()

    assert document.fields == fields
    assert {type(value) for value in document.fields.values()} == {str, int, bool, tuple}


def test_contributors_stand_in_the_order_of_their_first_edit() -> None:
    notebook = Notebook.begun("a", author=MARIA)
    for author in (ROSA, MARIA, AHMED, ROSA):
        notebook.change(author, f"{notebook.read().text} {author[:1].decode()}")

    assert notebook.read().contributors == (MARIA, ROSA, AHMED)
    assert notebook.read().edits == 5


def test_an_edit_may_name_a_base_and_what_that_rests_on() -> None:
    notebook = Notebook.begun("abc")
    first = heads_of(notebook)
    second = notebook.change(AHMED, "abcd")
    notebook.change(MARIA, "xabc", at=first)
    notebook.write(ROSA, first + second, notebook.read(second).change({}, "abcde"))

    assert notebook.read().text == "xabcde"


# --- erasure ------------------------------------------------------------------------


def test_erased_words_leave_blanks_that_nobody_sees_and_everybody_keeps() -> None:
    notebook = Notebook.begun("Rosa was here. ")
    notebook.change(AHMED, "Rosa was here. Ahmed too. ")
    notebook.change(MARIA, "Rosa was here. Ahmed too. Maria as well.")
    notebook.erase(AHMED)
    document = notebook.read()

    assert document.text == "Rosa was here. Maria as well."
    assert document.full_text.count(BLANK) == len("Ahmed too. ")

    notebook.change(ROSA, document.text.replace("here", "there"))

    assert notebook.read().text == "Rosa was there. Maria as well."


def test_an_erased_field_shows_the_value_before_it() -> None:
    notebook = Notebook.begun("", {1: "Water"})
    notebook.change(AHMED, fields={1: "Spring water", 2: "x"})
    notebook.erase(AHMED)

    assert notebook.read().fields == {1: "Water"}


def test_content_that_is_not_what_the_skeleton_says_is_blank() -> None:
    splice, field = Splice(0, 0, 2), SetField(1)
    misfits: list[tuple[Value, ...]] = [
        (),
        ("new",),
        ("new", "ab", "more"),
        ("new", "abc"),
        ("new", 12),
        ("new", ("a", "b")),
        ("new", f"a{BLANK}"),
        ("new", "a\0"),
        (f"new{BLANK}", "ab"),
    ]
    for values in misfits:
        notebook = Notebook.begun("text")
        notebook.add_raw(AHMED, heads_of(notebook), 4, (field, splice), values)
        document = notebook.read()

        assert document.full_text == f"{BLANK * 2}text"
        assert document.fields == {1: "title"}
        assert document.damage is None


# --- authority ----------------------------------------------------------------------


def test_an_edit_without_effect_is_left_out() -> None:
    notebook = Notebook.begun("text")
    start = heads_of(notebook)
    (edit,) = notebook.change(AHMED, "vandalised")
    notebook.put(edit, is_effective=False)
    document = notebook.read()

    assert document.text == "text"
    assert document.heads == start
    assert document.contributors == (ROSA,)


def test_an_edit_without_effect_on_which_others_rest_keeps_its_shape_alone() -> None:
    notebook = Notebook.begun("text")
    (edit,) = notebook.change(AHMED, "text, bad words")
    notebook.change(ROSA, "text, bad words, good words")
    notebook.put(edit, is_effective=False)
    document = notebook.read()

    assert document.text == "text, good words"
    assert document.contributors == (ROSA,)
    assert document.edits == 3


def test_a_beginning_without_effect_is_no_document() -> None:
    notebook = Notebook.begun("text")
    notebook.put(EntryId(notebook.document), is_effective=False)
    document = notebook.read()

    assert (document.text, document.fields, document.genre, document.edits) == ("", {}, None, 0)


def test_an_update_follows_a_change_of_effect() -> None:
    notebook = Notebook.begun("text")
    (edit,) = notebook.change(AHMED, "text and more")
    document = notebook.read()
    notebook.put(edit, is_effective=False)

    assert update(document, notebook.edits.values()) == notebook.read()


# --- what does not fit -----------------------------------------------------------------


def test_edits_wait_for_what_they_refer_to() -> None:
    notebook = Notebook.begun("one")
    (middle,) = notebook.change(AHMED, "one two")
    notebook.change(ROSA, "one two three")
    kept = notebook.edits.pop(middle)
    document = notebook.read()
    assert (document.text, document.waiting) == ("one", 1)

    notebook.edits[middle] = kept

    assert update(document, notebook.edits.values()).text == "one two three"
    assert notebook.read().waiting == 0


def test_a_document_without_its_beginning_waits_whole() -> None:
    notebook = Notebook.begun("one")
    notebook.change(AHMED, "one two")
    del notebook.edits[EntryId(notebook.document)]
    document = notebook.read()

    assert (document.waiting, document.heads, document.text, document.genre) == (1, (), "", None)
    assert document.automerge_heads == ()


@pytest.mark.parametrize(
    ("base_length", "operations"),
    [
        (5, (Splice(0, 0, 1),)),
        (4, (Splice(5, 0, 1),)),
        (4, (Splice(3, 2, 0),)),
        (4, (Splice(0, 4, 0), Splice(1, 0, 1))),
        (4, (Splice((1 << 32) - 1, 0, 1),)),
        (4, (Splice(0, (1 << 32) - 1, 0),)),
        (4, (Splice(0, 0, (1 << 32) - 1),)),
        (4, (Splice(0, 0, MAX_CONTENT_BYTES), Splice(0, 0, 1))),
        (4, (Splice(0, 0, 0),)),
        (4, (SetField(1), Splice(2, 0, 0))),
    ],
)
def test_an_edit_that_does_not_fit_is_left_out_with_what_rests_on_it(
    base_length: int, operations: tuple[Operation, ...]
) -> None:
    notebook = Notebook.begun("text")
    start = heads_of(notebook)
    before = notebook.read()
    bad = notebook.add_raw(AHMED, start, base_length, operations)
    after = notebook.add_raw(AHMED, (bad,), base_length, (Splice(0, 0, 1),), ("x",))
    document = notebook.read()

    assert document.text == "text"
    assert document.automerge_heads == before.automerge_heads
    assert document.damage is not None
    assert "with 1 more" in document.damage

    notebook.change(ROSA, "text by Rosa", at=start)
    assert notebook.read().text == "text by Rosa"
    assert after not in notebook.read().shown


def test_an_edit_that_inserts_more_than_its_content_can_hold_is_left_out() -> None:
    notebook = Notebook.begun("text")
    operations = (SetField(1), Splice(0, 0, 3))
    honest = notebook.add_raw(ROSA, heads_of(notebook), 4, operations, ("é", "abc"))
    hollow = notebook.add_raw(AHMED, (honest,), 7, operations)
    notebook.put(honest, content_bytes=4)
    notebook.put(hollow, content_bytes=3)
    document = notebook.read()

    assert document.text == "abctext"
    assert document.damage is not None


def test_words_that_were_erased_keep_their_places_whatever_is_left_of_the_content() -> None:
    notebook = Notebook.begun("text")
    (edit,) = notebook.change(AHMED, "text and more")
    notebook.put(edit, content_bytes=9, values=None)

    assert notebook.read().full_text == f"text{BLANK * 9}"
    assert notebook.read().damage is None


def test_a_text_never_grows_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk, "MAX_TEXT_LENGTH", 6)
    notebook = Notebook.begun("text")
    notebook.add_raw(AHMED, heads_of(notebook), 4, (Splice(4, 0, 3),), ("xyz",))

    assert notebook.read().text == "text"
    assert notebook.read().damage is not None
    assert MAX_TEXT_LENGTH == 2_000_000


def test_edits_whose_ids_begin_alike_are_left_out_on_every_node() -> None:
    notebook = Notebook.begun("text")
    edit = notebook.edits[notebook.change(AHMED, "text one")[0]]
    twin = EntryId(edit.id[:16] + bytes(16))
    notebook.edits[twin] = type(edit)(twin, MARIA, 0, edit.skeleton, (" two"[: len(" one")],), True)
    document = notebook.read()

    assert document.text == "text"
    assert document.damage is not None


def test_edits_that_refer_to_each_other_wait_for_ever() -> None:
    notebook = Notebook.begun("text")
    one, two = EntryId(b"1" * 32), EntryId(b"2" * 32)
    for name, base in ((one, two), (two, one)):
        notebook.add_raw(AHMED, (base,), 4, (Splice(0, 0, 1),), ("x",))
        _, edit = notebook.edits.popitem()
        notebook.edits[name] = type(edit)(name, AHMED, 0, edit.skeleton, ("x",), True)

    assert notebook.read().waiting == 2


def test_an_edit_cannot_pose_as_the_beginning() -> None:
    notebook = Notebook.begun("text")
    fake = EntryId(b"f" * 32)
    first = notebook.edits[EntryId(notebook.document)]
    notebook.edits[fake] = type(first)(fake, AHMED, 0, first.skeleton, first.values, True)

    assert notebook.read().edits == 1


def test_a_failure_inside_automerge_is_our_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As PyO3 raises it: no ordinary exception."""

    def panics(*_: object) -> int:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(trunk, "length_after", panics)

    with pytest.raises(DocumentDamaged, match="out of bounds"):
        Notebook.begun("text").read()


def test_a_defect_of_ours_is_not_taken_for_a_damaged_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> int:
        raise TypeError("ours")

    monkeypatch.setattr(trunk, "length_after", fails)

    with pytest.raises(TypeError):
        Notebook.begun("text").read()


def test_an_unknown_document_is_empty() -> None:
    document = replay(DocumentId(b"?" * 32), [])

    assert (document.edits, document.text, document.heads) == (0, "", ())


@pytest.mark.slow
def test_many_who_write_apart_and_meet_late_give_the_same_bytes_in_any_order() -> None:
    notebook = Notebook.begun("start. ")
    first = heads_of(notebook)
    tips = [first] * 12
    for round_number in range(3):
        for writer, tip in enumerate(tips):
            seen = notebook.read(tip)
            mark = f"{seen.text}{writer}-{round_number}. "
            tips[writer] = notebook.write(AHMED, seen.heads, seen.change({}, mark))
    notebook.change(ROSA, f"{notebook.read().text}end.")
    document = notebook.read()

    assert document.edits == 1 + 36 + 1
    assert all(f"{writer}-{number}. " in document.text for writer in range(12) for number in (0, 2))
    assert replay(notebook.document, reversed(notebook.edits.values())) == document
