"""What a node keeps of imported texts, beside the texts themselves, says nothing of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.ids import DocumentId
from meshnode.record.import_marks import forget_mark, keep_mark, says_the_same
from meshnode.record.stale_views import read_views
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.replica.replica import Replica

SAID = b"what the file said"


@pytest.fixture
def rosa(tmp_path: Path) -> Villager:
    villager = Villager(tmp_path, "rosa")
    villager.found()
    return villager


def keep(replica: Replica, document: DocumentId) -> None:
    with replica.store.writing():
        keep_mark(replica, document, SAID)


def test_a_mark_knows_the_same_text_again_and_no_other(rosa: Villager) -> None:
    note = rosa.write("A telephone number.")
    keep(rosa.replica, note)

    assert says_the_same(rosa.replica, note, SAID)
    assert not says_the_same(rosa.replica, note, SAID + b"!")
    assert not says_the_same(rosa.replica, DocumentId(b"1" * 32), SAID)


def test_two_nodes_mark_the_same_text_differently(rosa: Villager, tmp_path: Path) -> None:
    ahmed = Villager(tmp_path, "ahmed")
    note = DocumentId(b"1" * 32)
    for node in (rosa, ahmed):
        keep(node.replica, note)

    ours, theirs = (node.store.shelves.items("import marks") for node in (rosa, ahmed))
    assert ours and ours != theirs


def test_a_mark_goes_with_the_words_of_its_document_and_stays_with_those_of_others(
    rosa: Villager,
) -> None:
    note, other = rosa.write("A telephone number."), rosa.write("Another.")
    keep(rosa.replica, note)
    keep(rosa.replica, other)

    rosa.withdraw(note)
    read_views(rosa.replica, rosa.replica.stale_documents(10))

    assert not says_the_same(rosa.replica, note, SAID)
    assert says_the_same(rosa.replica, other, SAID)


def test_forgetting_a_mark_that_is_not_there_does_nothing(rosa: Villager) -> None:
    with rosa.store.writing():
        forget_mark(rosa.replica, DocumentId(b"1" * 32))

    assert not says_the_same(rosa.replica, DocumentId(b"1" * 32), SAID)
