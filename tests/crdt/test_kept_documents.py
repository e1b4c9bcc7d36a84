"""Long documents are kept as replay left them, never longer than their words may stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.documents.cache import load
from crdt.documents.replay import replay
from crdt.entries.entry import Priority
from crdt.errors import Withdrawn
from crdt.replica import kept_documents
from crdt.withdrawals import withdraw
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.documents.document import Document
    from crdt.ids import DocumentId


LONG = 8


@pytest.fixture(autouse=True)
def few_edits_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_documents, "KEPT_FROM", LONG)


@pytest.fixture
def rosa(tmp_path: Path) -> Villager:
    villager = Villager(tmp_path, "rosa")
    villager.found()
    return villager


def long_note(villager: Villager, level: str = "commons") -> DocumentId:
    """A note of one line an edit: "line 0", "line 1" and so on."""
    document = villager.write("line 0", level)
    for number in range(1, LONG):
        villager.edit(document, f"{villager.text(document)}\nline {number}")
    return document


def kept(villager: Villager, document: DocumentId) -> Document | None:
    found = villager.store.documents.load(document)
    return None if found is None else load(found.saved)


def replayed(villager: Villager, document: DocumentId) -> Document:
    return replay(document, villager.replica.library.edits(document))


def test_a_renewed_document_is_kept_and_reads_as_replay_makes_it(rosa: Villager) -> None:
    document = long_note(rosa)

    renewed = rosa.replica.library.renew(document)

    assert kept(rosa, document) == renewed == replayed(rosa, document)
    rosa.restart()
    assert rosa.replica.library.read(document) == renewed


def test_reading_writes_nothing_and_short_notes_are_not_kept(rosa: Villager) -> None:
    long, short = long_note(rosa), rosa.write("Brief.")

    rosa.replica.library.read(long)
    rosa.replica.library.renew(short)

    assert kept(rosa, long) is None
    assert kept(rosa, short) is None


def test_what_was_kept_follows_later_edits(rosa: Villager) -> None:
    document = long_note(rosa)
    rosa.replica.library.renew(document)

    rosa.edit(document, f"{rosa.text(document)}\nand one more")

    assert rosa.text(document).endswith("and one more")
    assert rosa.replica.library.read(document) == replayed(rosa, document)
    assert kept(rosa, document) == kept_heads_before(rosa, document)


def kept_heads_before(villager: Villager, document: DocumentId) -> Document:
    """The document without its newest edit."""
    edits = villager.replica.library.edits(document)
    return replay(document, edits[:-1])


def test_erasing_one_edit_drops_what_was_kept_at_once(rosa: Villager) -> None:
    document = long_note(rosa)
    rosa.replica.library.renew(document)
    held = rosa.space("commons")
    regretted = rosa.replica.library.edits(document)[5].id

    taken = withdraw(held.own.withdrawal, held.space, [regretted], None, rosa.weather.now_ms())
    rosa.replica.pen.write(held, taken, priority=Priority.URGENT)

    assert kept(rosa, document) is None
    assert "line 5" not in rosa.replica.library.renew(document).text
    again = kept(rosa, document)
    assert again is not None
    assert "line 5" not in again.full_text
    assert "line 6" in again.text


def test_a_withdrawn_document_is_not_kept(rosa: Villager) -> None:
    document = long_note(rosa)
    rosa.replica.library.renew(document)

    rosa.withdraw(document)

    assert kept(rosa, document) is None
    with pytest.raises(Withdrawn):
        rosa.replica.library.renew(document)


def test_what_was_kept_by_other_software_is_replayed_anew(
    rosa: Villager, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = long_note(rosa)
    with monkeypatch.context() as patch:
        patch.setattr("crdt.replica.kept_documents.made_with", lambda: "replay 0, automerge 0")
        rosa.replica.library.renew(document)

    assert rosa.replica.library.renew(document) == replayed(rosa, document)
    found = rosa.store.documents.load(document)
    assert found is not None
    assert found.replay_version != "replay 0, automerge 0"


def test_nothing_is_kept_of_what_may_yet_be_undone(rosa: Villager) -> None:
    document = long_note(rosa)

    with rosa.store.writing():
        rosa.replica.library.renew(document)

    assert kept(rosa, document) is None
