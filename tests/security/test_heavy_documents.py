"""A document costs whoever opens it little, whatever a contributor put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.entries.entry import Priority
from crdt.entries.skeletons import Edit, Splice, encode_values
from tests.crdt.village import Villager
from tests.security.test_borrowed_names import joined

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.ids import DocumentId, EntryId


@pytest.fixture
def rosa(tmp_path: Path) -> Villager:
    villager = Villager(tmp_path, "rosa")
    villager.found()
    return villager


@pytest.fixture
def mallory(rosa: Villager, tmp_path: Path) -> Villager:
    """A member who may write."""
    return joined(Villager(tmp_path, "mallory"), rosa)


def put(
    node: Villager,
    note: DocumentId,
    base: EntryId,
    base_length: int,
    *splices: Splice,
    words: tuple[str, ...] = (),
) -> EntryId:
    """Sign any edit whatsoever."""
    edit = Edit(node.weather.now_ms(), (), note, (base,), base_length, splices)
    content = encode_values(words) if words else b""
    written = node.replica.pen.write(
        node.space("commons"), edit, content, priority=Priority.DOCUMENT
    )
    return written.id


def test_text_has_to_be_sent_before_it_takes_any_room(rosa: Villager, mallory: Villager) -> None:
    note = rosa.write("Boil it.")
    rosa.meet(mallory)
    start = rosa.replica.library.read(note).heads[0]
    for _ in range(8):
        put(mallory, note, start, 8, Splice(0, 0, 49_152))
    put(mallory, note, start, 8, Splice(8, 0, 7), words=(" Twice.",))
    mallory.give(rosa)

    shown = rosa.replica.library.read(note)

    assert shown.full_text == "Boil it. Twice."
    assert shown.damage is not None
