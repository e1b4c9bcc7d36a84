"""What a node shows depends on the entries that it holds, never on how they came."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crdt.entries.entry import Priority
from crdt.errors import Withdrawn
from crdt.ids import EntryId
from crdt.tickets import read_ticket
from crdt.withdrawals import withdraw
from tests.crdt.rich_history import entries_of, live_through
from tests.crdt.views import fresh_replica, view_of
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from crdt.entries.entry import SignedEntry
    from crdt.replica.replica import Replica

IN_MEMORY = Path(":memory:")
ORDERS = range(12)


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Villager]:
    return live_through(tmp_path_factory.mktemp("village"))[1]


def like(node: Villager) -> Replica:
    """Make the same person's node with nothing in it."""
    return fresh_replica(IN_MEMORY, node.replica.keys, node.replica.holdings.all())


def admit(replica: Replica, entries: list[SignedEntry], step: int) -> None:
    for start in range(0, len(entries), step):
        assert not replica.admit(entries[start : start + step]).refused


def joined(folder: Path, *names: str) -> tuple[Villager, ...]:
    """Found a community; everybody else joins the first."""
    people = tuple(Villager(folder, name) for name in names)
    community = people[0].found()
    for guest in people[1:]:
        guest.replica.membership.redeem(read_ticket(people[0].ticket(community)))
        people[0].meet(guest)
    return people


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rosa", "ahmed", "chi", "dan"])
@pytest.mark.parametrize("seed", ORDERS)
def test_any_order_of_a_rich_history_shows_the_same(
    village: dict[str, Villager], name: str, seed: int
) -> None:
    chance, node = random.Random(seed), village[name]
    entries = entries_of(node.replica)
    chance.shuffle(entries)
    other = like(node)

    admit(other, entries, chance.randrange(1, 40))

    assert view_of(other) == view_of(node.replica)
    other.store.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", ORDERS)
def test_what_was_stripped_on_the_way_means_nothing(
    village: dict[str, Villager], seed: int
) -> None:
    """A peer may take parts out of entries: only what is in the set counts."""
    chance, node = random.Random(seed), village["rosa"]
    entries = entries_of(node.replica)
    chance.shuffle(entries)
    cut = len(entries) // 2
    stripped = [
        replace(entry, content=None, skeleton=entry.skeleton if chance.random() < 0.7 else None)
        for entry in entries[cut:]
    ]
    harmed, clean = like(node), like(node)

    admit(harmed, entries[:cut], 9)
    admit(harmed, stripped, 9)
    admit(clean, entries_of(harmed), 40)

    assert view_of(harmed) == view_of(clean)
    admit(harmed, entries, 9)
    assert view_of(harmed) == view_of(node.replica)
    harmed.store.close()
    clean.store.close()


@pytest.mark.slow
def test_a_start_anew_shows_the_same(village: dict[str, Villager]) -> None:
    for node in village.values():
        before = view_of(node.replica)
        node.restart()
        assert view_of(node.replica) == before


@pytest.mark.slow
def test_taking_back_the_first_note_leaves_the_next_one_standing(tmp_path: Path) -> None:
    rosa, ahmed = joined(tmp_path, "rosa", "ahmed")
    first, second = ahmed.write("Taken back."), ahmed.write("Stays.")
    ahmed.withdraw(first)
    chi = Villager(tmp_path, "chi")
    community = rosa.replica.membership.communities()[0]
    chi.replica.membership.redeem(read_ticket(rosa.ticket(community)))

    ahmed.meet(rosa)
    rosa.meet(chi)

    for node in (rosa, ahmed, chi):
        assert node.text(second) == "Stays."


@pytest.mark.slow
def test_nobody_else_undoes_a_withdrawal_by_naming_the_document(tmp_path: Path) -> None:
    rosa, ahmed = joined(tmp_path, "rosa", "ahmed")
    note = rosa.write("Taken back.")
    rosa.meet(ahmed)
    rosa.withdraw(note)
    held = ahmed.space("commons")
    theirs = withdraw(held.own.withdrawal, held.space, [EntryId(note)], note, stamp_ms=1)

    ahmed.replica.pen.write(held, theirs, priority=Priority.URGENT)
    rosa.meet(ahmed)

    for node in (rosa, ahmed):
        with pytest.raises(Withdrawn):
            node.text(note)


@pytest.mark.slow
def test_late_edits_that_came_as_stubs_do_not_keep_two_nodes_apart(tmp_path: Path) -> None:
    rosa, ahmed = joined(tmp_path, "rosa", "ahmed")
    note = rosa.write("Taken back.")
    rosa.meet(ahmed)
    ahmed.edit(note, "Taken back, too late.")
    rosa.withdraw(note)
    rosa.meet(ahmed)
    chi = Villager(tmp_path, "chi")
    community = rosa.replica.membership.communities()[0]
    chi.replica.membership.redeem(read_ticket(rosa.ticket(community)))

    rosa.meet(chi)

    commons = rosa.space("commons").space
    assert chi.store.spaces.summary(commons) == rosa.store.spaces.summary(commons)
