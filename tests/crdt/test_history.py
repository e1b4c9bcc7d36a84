from __future__ import annotations

import pytest
from hypothesis import given, settings

from crdt.documents.authorship import Stretch, authorship
from crdt.documents.history import (
    CONTEXT_LENGTH,
    MAX_RUN_LENGTH,
    MAX_RUNS,
    PastEdit,
    Run,
    RunKind,
    history,
)
from crdt.entries.skeletons import Splice
from crdt.ids import EntryId
from tests.crdt.edit_histories import AHMED, MARIA, ROSA, Notebook
from tests.crdt.test_replay_order import LETTERS, notebooks

SAME, ADDED, REMOVED, OMITTED = RunKind


def past_of(notebook: Notebook) -> tuple[PastEdit, ...]:
    return history(notebook.document, notebook.edits.values())


def test_a_history_tells_who_changed_what() -> None:
    notebook = Notebook.begun("Boil one minute.", {1: "Water"})
    notebook.change(AHMED, "Boil three minutes.", {2: ("a",), 1: None})
    first, second = past_of(notebook)

    assert (first.pseudonym, first.fields) == (ROSA, {1: "Water"})
    assert first.runs == (Run(ADDED, "Boil one minute."),)
    assert (second.pseudonym, second.fields) == (AHMED, {1: None, 2: ("a",)})
    assert second.runs == (
        Run(SAME, "Boil "),
        Run(REMOVED, "one"),
        Run(ADDED, "three"),
        Run(SAME, " "),
        Run(REMOVED, "minute"),
        Run(ADDED, "minutes"),
        Run(SAME, "."),
    )
    assert second.is_effective
    assert not second.is_erased


def test_a_change_is_shown_against_what_its_author_saw() -> None:
    notebook = Notebook.begun("one two")
    start = notebook.read().heads
    notebook.change(AHMED, "1 two", at=start)
    notebook.change(MARIA, "one 2", at=start)
    notebook.change(ROSA, "1 2 3")
    added = [[run.text for run in edit.runs if run.kind is ADDED] for edit in past_of(notebook)[1:]]

    assert sorted(added[:2]) == [["1"], ["2"]]
    assert added[2] == [" 3"]


def test_erased_words_are_not_in_the_history() -> None:
    notebook = Notebook.begun("Rosa. ")
    notebook.change(AHMED, "Rosa. Ahmed. ", {2: "secret"})
    notebook.change(MARIA, "Rosa. Ahmed. Maria. ")
    notebook.change(ROSA, "Rosa. Maria. ")
    notebook.erase(AHMED)
    past = past_of(notebook)

    assert [edit.is_erased for edit in past] == [False, True, False, False]
    assert [edit.runs for edit in past[1:]] == [
        (),
        (Run(SAME, "Rosa. "), Run(ADDED, "Maria. ")),
        (),
    ]
    assert past[1].fields == {}


def test_edits_without_effect_stand_in_the_history_only_when_others_rest_on_them() -> None:
    notebook = Notebook.begun("text")
    (bad,) = notebook.change(AHMED, "text, bad")
    notebook.put(bad, is_effective=False)
    assert len(past_of(notebook)) == 1

    notebook.put(bad, is_effective=True)
    notebook.change(ROSA, "text, bad, good")
    notebook.put(bad, is_effective=False)

    assert [edit.is_effective for edit in past_of(notebook)] == [True, False, True]
    assert past_of(notebook)[1].runs == ()


def test_long_unchanged_and_changed_runs_are_shortened() -> None:
    words = " ".join(f"w{number}" for number in range(2_000))
    notebook = Notebook.begun(words)
    notebook.change(ROSA, words.replace("w9 ", "nine ").replace("w1990 ", "x" * 5_000 + " "))
    runs = past_of(notebook)[1].runs

    assert max(len(run.text) for run in runs) == MAX_RUN_LENGTH
    assert max(len(run.text) for run in runs if run.kind is SAME) <= 2 * CONTEXT_LENGTH
    ahead = words[words.index(" w10 ") :][:CONTEXT_LENGTH]
    assert runs[3] == Run(SAME, ahead[: ahead.rindex(" ") + 1])
    assert runs[4] == Run(OMITTED, "")


@pytest.mark.parametrize(
    ("context", "before", "after"),
    [
        ("boil it, " * 20, " it, " + "boil it, " * 6, "boil it, " * 6 + "boil "),
        ("example.org/" * 20, "example.org/" * 5, "example.org/" * 5),
        ("三分間も沸" * 20, "三分間も沸" * 12, "三分間も沸" * 12),
        ("x" * 200, "x" * CONTEXT_LENGTH, "x" * CONTEXT_LENGTH),
    ],
    ids=["words", "an address", "no spaces", "one long word"],
)
def test_context_is_cut_between_words(context: str, before: str, after: str) -> None:
    notebook = Notebook.begun(f"{context}+{context}")
    notebook.change(ROSA, f"{context}-{context}")

    assert past_of(notebook)[1].runs == (
        Run(OMITTED, ""),
        Run(SAME, before),
        Run(REMOVED, "+"),
        Run(ADDED, "-"),
        Run(SAME, after),
        Run(OMITTED, ""),
    )


def test_an_edit_of_very_many_places_is_shortened() -> None:
    text = "word " * 300
    notebook = Notebook.begun(text)
    operations = tuple(Splice(5 * number, 1, 1) for number in range(300))
    notebook.add_raw(ROSA, notebook.read().heads, len(text), operations, ("W",) * 300)

    assert len(past_of(notebook)[1].runs) <= MAX_RUNS + 1


@pytest.mark.slow
@given(notebooks())
@settings(deadline=None, max_examples=50)
def test_every_character_belongs_to_who_wrote_it(notebook: Notebook) -> None:
    text = notebook.read().text
    stretches = authorship(notebook.document, notebook.edits.values())

    assert [stretch.start for stretch in stretches] == [
        0,
        *(stretch.end for stretch in stretches),
    ][: len(stretches)]
    assert (stretches[-1].end if stretches else 0) == len(text)
    for stretch in stretches:
        assert set(text[stretch.start : stretch.end]) <= set(LETTERS[stretch.pseudonym])


@pytest.mark.slow
@given(notebooks())
@settings(deadline=None, max_examples=50)
def test_the_last_edit_in_a_history_ends_in_the_text_that_is_shown(notebook: Notebook) -> None:
    notebook.change(ROSA, f"{notebook.read().text}abc")
    document = notebook.read()
    last = {edit.id: edit for edit in past_of(notebook)}[document.heads[0]]

    assert len(document.heads) == 1
    shown = "".join(run.text for run in last.runs if run.kind in (SAME, ADDED))
    assert document.text.endswith(shown)


def test_authorship_names_the_edit() -> None:
    notebook = Notebook.begun("one three")
    (edit,) = notebook.change(AHMED, "one two three")
    begin = EntryId(notebook.document)

    assert authorship(notebook.document, notebook.edits.values()) == (
        Stretch(0, 4, begin, ROSA),
        Stretch(4, 8, edit, AHMED),
        Stretch(8, 13, begin, ROSA),
    )


def test_erased_words_have_no_author() -> None:
    notebook = Notebook.begun("one three")
    notebook.change(AHMED, "one two three")
    notebook.erase(AHMED)
    stretches = authorship(notebook.document, notebook.edits.values())

    assert [(stretch.start, stretch.end) for stretch in stretches] == [(0, 9)]
