"""Keys of a sealed space: who comes to hold them, and who never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.entries.entry import decode_entry
from crdt.entries.skeletons import Kind
from crdt.tickets import read_ticket
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crdt.entries.entry import SignedEntry


@pytest.fixture
def people(tmp_path: Path) -> Callable[[str], Villager]:
    return lambda name: Villager(tmp_path, name)


def inner_entries(node: Villager, *, last: Kind) -> list[SignedEntry]:
    """Give what a node holds of `inner`, one kind after everything else."""
    stored = list(node.store.entries.since(node.space("inner").space, 0))
    stored.sort(key=lambda each: each.kind == last)
    return [decode_entry(each.entry.wire()) for each in stored]


def rotate(node: Villager) -> None:
    node.replica.membership.rotate(node.space("inner"))
    node.replica.react()


@pytest.mark.parametrize("last", [Kind.SHARE, Kind.EPOCH])
def test_a_newcomer_reads_history_whatever_came_first(
    people: Callable[[str], Villager], last: Kind
) -> None:
    rosa, ahmed = people("rosa"), people("ahmed")
    ticket = rosa.ticket(rosa.found())
    notes = [rosa.write("Under the first key.", "inner")]
    for words in ("Under the second key.", "Under the third key."):
        rotate(rosa)
        notes.append(rosa.write(words, "inner"))
    ahmed.replica.membership.redeem(read_ticket(ticket))
    ahmed.give(rosa)

    for entry in inner_entries(rosa, last=last):
        ahmed.replica.admit([entry])

    assert [ahmed.text(note) for note in notes] == [rosa.text(note) for note in notes]
