"""A document costs whoever opens it little, whatever a contributor put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.documents.shares import SHARE_ENDS
from crdt.entries.contents import encode_values
from crdt.entries.entry import Priority
from crdt.entries.skeletons import Edit, Splice
from crdt.errors import DocumentFull, TooLarge
from tests.crdt.village import Villager
from tests.security.test_borrowed_names import joined

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.ids import DocumentId, EntryId


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


def test_a_correction_is_shown_whatever_others_put_beside_it(
    rosa: Villager, mallory: Villager
) -> None:
    note = rosa.write("Boil it for one minute.")
    start = rosa.replica.library.read(note).heads[0]
    rosa.edit(note, "Boil it for ten minutes.")
    rosa.meet(mallory)
    for number in range(90):
        put(mallory, note, start, 23, Splice(0, 0, 5), words=(f"No {number:02}",))
    mallory.give(rosa)

    assert "ten minutes." in rosa.text(note)
    assert rosa.replica.library.read(note).left_out == 90 - SHARE_ENDS

    rosa.edit(note, "Boil it for ten minutes, covered.")
    assert rosa.text(note) == "Boil it for ten minutes, covered."


def test_deleting_a_text_many_times_over_is_counted_once_or_so(
    rosa: Villager, mallory: Villager
) -> None:
    note = rosa.write("x" * 2_000)
    start = rosa.replica.library.read(note).heads[0]
    rosa.meet(mallory)
    for _ in range(100):
        put(mallory, note, start, 2_000, Splice(0, 2_000, 0))
    mallory.give(rosa)

    shown = rosa.replica.library.read(note)

    assert shown.edits == 1 + SHARE_ENDS
    assert shown.left_out == 100 - SHARE_ENDS


def test_who_has_no_room_left_is_told_and_nothing_is_written(
    rosa: Villager, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = rosa.write("Boil it.")
    monkeypatch.setattr("crdt.documents.shares.SHARE_WORK", 300)

    with pytest.raises(DocumentFull):
        rosa.edit(note, "Boil it twice, at least, and keep it covered.")
    with pytest.raises(TooLarge):
        rosa.write("x" * 300)

    assert rosa.text(note) == "Boil it."
