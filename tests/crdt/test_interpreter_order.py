"""What a node shows depends on the entries that it holds, never on how they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.tickets import read_ticket
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path


def joined(folder: Path, *names: str) -> tuple[Villager, ...]:
    """Found a community; everybody else joins the first."""
    people = tuple(Villager(folder, name) for name in names)
    community = people[0].found()
    for guest in people[1:]:
        guest.replica.membership.redeem(read_ticket(people[0].ticket(community)))
        people[0].meet(guest)
    return people


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
