"""Taking words back reaches one's own words, whatever somebody else says, and nothing else."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from crdt.entries.contents import encode_values
from crdt.entries.entry import Priority, SignedEntry, decode_entry
from crdt.entries.skeletons import Edit, Grant, SetField
from crdt.errors import Withdrawn
from crdt.ids import DocumentId, EntryId
from crdt.rights.authority import Role
from crdt.store import erasures
from crdt.withdrawals import MAX_TARGETS, withdraw
from tests.crdt.village import Villager
from tests.security.village_rules import join

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.entries.entry import VerifiedEntry
    from crdt.ids import SpaceId


def written_by(node: Villager, space: SpaceId) -> list[VerifiedEntry]:
    """A node's own entries in a space, oldest first."""
    own = node.replica.holdings.get(space).own.log
    return [
        stored.entry
        for stored in node.store.entries.since(space, 0)
        if stored.entry.header.log == own
    ]


def say_withdrawn(
    node: Villager, targets: list[EntryId], document: DocumentId | None, level: str = "commons"
) -> None:
    held = node.space(level)
    said = withdraw(held.own.withdrawal, held.space, targets, document, node.weather.now_ms())
    node.replica.pen.write(held, said, priority=Priority.URGENT)
    node.replica.react()


def is_gone(node: Villager, document: DocumentId) -> bool:
    with pytest.raises(Withdrawn):
        node.text(document)
    edits = list(node.store.entries.of_document(document))
    return all(stored.entry.content in (None, b"") for stored in edits)


def test_nobody_calls_off_somebody_elses_withdrawal(rosa: Villager, tmp_path: Path) -> None:
    mallory = join(rosa, tmp_path, "mallory", Role.READER)
    note = rosa.write("Where the key is.")
    rosa.withdraw(note)

    say_withdrawn(mallory, [EntryId(note)], note)
    mallory.meet(rosa)

    assert is_gone(rosa, note)
    assert is_gone(mallory, note)


def test_nobody_withdraws_beforehand_what_others_will_write(rosa: Villager, tmp_path: Path) -> None:
    mallory = join(rosa, tmp_path, "mallory")
    note = rosa.write("Boil the water.")

    say_withdrawn(mallory, [EntryId(note)], note)
    mallory.meet(rosa)

    assert rosa.text(note) == mallory.text(note) == "Boil the water."


@pytest.mark.slow
def test_a_document_with_more_edits_than_a_withdrawal_names_is_withdrawn_all_the_same(
    rosa: Villager, tmp_path: Path
) -> None:
    mallory = join(rosa, tmp_path, "mallory")
    note = rosa.write("Where the key is.")
    rosa.meet(mallory)
    held = mallory.space("commons")
    with mallory.store.writing():
        for turn in range(MAX_TARGETS + 30):
            edit = Edit(turn, (), note, (note,), 0, (SetField(9),))
            mallory.replica.pen.write(
                held, edit, encode_values((turn,)), priority=Priority.DOCUMENT
            )
    mallory.give(rosa)

    rosa.withdraw(note)
    rosa.give(mallory)

    for node in (rosa, mallory):
        assert is_gone(node, note)


@pytest.mark.parametrize("level", ["commons", "inner"])
def test_what_the_rights_of_others_rest_on_cannot_be_withdrawn(
    rosa: Villager, tmp_path: Path, level: str
) -> None:
    ahmed = join(rosa, tmp_path, "ahmed")
    own = [entry.id for entry in written_by(rosa, rosa.space(level).space)]

    say_withdrawn(rosa, own, DocumentId(own[0]), level)
    rosa.restart()
    rosa.meet(ahmed)
    late = join(rosa, tmp_path, "late")

    rosa.meet(ahmed)
    note = late.write("Still here.", level)
    late.meet(ahmed)

    for node in (rosa, ahmed, late):
        access = node.space(level).access
        assert access is not None
        assert len(access.members()) == 3
    assert ahmed.text(note) == "Still here."


def test_a_grant_that_pretends_to_be_a_document_grants_nothing(
    rosa: Villager, tmp_path: Path
) -> None:
    mallory = join(rosa, tmp_path, "mallory", Role.STEWARD)
    commons = mallory.space("commons")
    grant = Grant(mallory.weather.now_ms(), (), b"p" * 32, int(Role.STEWARD), None, ())

    mallory.replica.pen.write(commons, grant, priority=Priority.DOCUMENT)
    mallory.give(rosa)

    for node in (rosa, mallory):
        access = node.space("commons").access
        assert access is not None
        assert b"p" * 32 not in access.members()


def test_withdrawing_one_note_hides_no_other_from_those_who_come_later(
    rosa: Villager, tmp_path: Path
) -> None:
    ahmed = join(rosa, tmp_path, "ahmed")
    first, second = ahmed.write("First."), ahmed.write("Second.")
    ahmed.withdraw(first)
    rosa.meet(ahmed)

    late = join(rosa, tmp_path, "late")

    assert is_gone(late, first)
    assert late.replica.library.read(second).contributors
    assert late.text(second) == "Second."


def test_what_a_note_rests_on_does_not_depend_on_what_came_first(
    rosa: Villager, tmp_path: Path
) -> None:
    ahmed, chidi = join(rosa, tmp_path, "ahmed"), join(rosa, tmp_path, "chidi")
    rosa.meet(ahmed)
    before = len(written_by(ahmed, ahmed.space("commons").space))
    notes = [ahmed.write(f"Note {turn}.") for turn in range(3)]

    newest = written_by(ahmed, ahmed.space("commons").space)[: before - 1 : -1]
    for entry in newest[:-1]:  # the first note has not come yet
        chidi.replica.admit([decode_entry(entry.wire())])

    assert [bool(chidi.replica.library.read(note).contributors) for note in notes[1:]] == [True] * 2


@pytest.mark.slow
def test_a_withdrawal_erases_also_what_it_does_not_name_whatever_came_first(
    rosa: Villager, tmp_path: Path
) -> None:
    ahmed = join(rosa, tmp_path, "ahmed")
    space = rosa.space("commons").space
    rosa.meet(ahmed)
    note = rosa.write("Where the key is.")
    rosa.meet(ahmed)
    ahmed.edit(note, "Where the key is: under the stone.")
    rosa.withdraw(note)  # not knowing of Ahmed's edit
    certificate, beginning, withdrawal = (
        next(e for e in written_by(rosa, space) if e.header.sequence == 1),
        ahmed.store.entries.get(EntryId(note)),
        written_by(rosa, space)[-1],
    )
    assert beginning is not None
    edits = [s.entry for s in ahmed.store.entries.of_document(note)]
    others = [e for e in written_by(ahmed, space) if e.id not in {x.id for x in edits}]

    for turn, order in enumerate(permutations([[certificate], edits, [withdrawal], others])):
        node = Villager(tmp_path, f"chidi{turn}")
        row = ahmed.store.spaces.get(space)
        with node.store.writing():
            node.replica.holdings.hold(row)
        node.replica.admit(decode_entry(entry.wire()) for part in order for entry in part)
        node.replica.react()
        kept = [s.entry.content for s in node.store.entries.of_document(note)]
        assert kept.count(None) + kept.count(b"") == len(kept), order
        node.store.close()


def test_withdrawals_of_what_never_comes_leave_room_for_everybody_elses(
    rosa: Villager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasures, "MAX_AWAITED", 50)
    mallory = join(rosa, tmp_path, "mallory", Role.READER)
    note = rosa.write("Where the key is.")
    for turn in range(2):
        named = [EntryId(bytes([turn, number]) * 16) for number in range(25)]
        say_withdrawn(mallory, named, None)
    mallory.give(rosa)

    rosa.withdraw(note)

    assert is_gone(rosa, note)


def test_nobody_passes_others_words_off_as_edits_of_a_note_they_took_back(
    rosa: Villager, tmp_path: Path
) -> None:
    mallory = join(rosa, tmp_path, "mallory")
    wanted = rosa.write("Boil the water.")
    rosa.meet(mallory)
    late = Villager(tmp_path, "late")
    row = rosa.store.spaces.get(rosa.space("commons").space)
    with late.store.writing():
        late.replica.holdings.hold(row)
    bait = mallory.write("Bait.")
    held = mallory.space("commons")
    edits = [s.entry for s in rosa.store.entries.of_document(wanted)]
    said = withdraw(
        held.own.withdrawal, held.space, [EntryId(bait), *(e.id for e in edits)], bait, 1
    )
    mallory.replica.pen.write(held, said, priority=Priority.URGENT)
    stubs = [SignedEntry(e.raw_header, e.signature, None, None) for e in edits]
    certificates = [e for e in written_by(rosa, held.space) if e.header.sequence == 1]

    for entry in (*certificates, *written_by(mallory, held.space)):
        late.replica.admit([decode_entry(entry.wire())])
    late.replica.admit(stubs)
    late.replica.react()
    mallory.replica.react()
    rosa.give(late)
    rosa.meet(mallory)

    assert late.text(wanted) == rosa.text(wanted) == mallory.text(wanted) == "Boil the water."


def test_who_comes_later_holds_the_same_set_though_a_co_author_never_came_back(
    rosa: Villager, tmp_path: Path
) -> None:
    ahmed = join(rosa, tmp_path, "ahmed")
    note = rosa.write("Where the key is.")
    rosa.meet(ahmed)
    ahmed.edit(note, "Where the key is: under the stone.")
    ahmed.meet(rosa)
    rosa.withdraw(note)

    late = join(rosa, tmp_path, "late")

    assert is_gone(rosa, note)
    assert is_gone(late, note)
    space = rosa.space("commons").space
    assert late.store.spaces.summary(space) == rosa.store.spaces.summary(space)
