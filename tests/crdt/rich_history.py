"""A year of a village in a few calls: everything whose order of arrival could matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.codec import encode
from crdt.entries.contents import ProfileText
from crdt.entries.entry import Priority, decode_entry
from crdt.entries.skeletons import Profile
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.entries.entry import SignedEntry
    from crdt.replica.replica import Replica

TEXT = "Boil spring water for ten minutes.\n\nThe north spring is muddy after rain.\n"


def live_through(folder: Path) -> tuple[Villager, dict[str, Villager]]:
    """Found, join in every way, write, quarrel, withdraw and remove.

    Returns:
        Who has seen everything, and everybody by name.
    """
    names = ("rosa", "ahmed", "chi", "dan", "eve")
    people = {name: Villager(folder, name) for name in names}
    rosa, ahmed, chi, dan, eve = people.values()
    community = rosa.found()
    _join(ahmed, rosa.ticket(community, Role.STEWARD), rosa)
    first, second = ahmed.write(TEXT, title="First"), ahmed.write("Of Ahmed.", title="Second")
    inner_note = ahmed.write("Inner words.", "inner")
    many = rosa.ticket(community, uses=2)
    _join(chi, many, rosa)
    _join(dan, many, rosa)
    on_paper = ahmed.ticket(ahmed.replica.membership.community(ahmed.space("inner")))
    ahmed.meet(rosa)
    _join(eve, on_paper, chi)
    _everybody(people)

    shared = rosa.write(TEXT, title="Shared")
    _everybody(people)
    for writer, old, new in (
        (rosa, "ten", "three"),
        (chi, "muddy", "brown"),
        (dan, "rain", "snow"),
    ):
        writer.edit(shared, TEXT.replace(old, new))
        writer.edit(inner_note, f"Inner words, by {writer.name}.")
    doomed = chi.write("These words will be taken back.")
    _everybody(people)
    dan.edit(doomed, "These words of Dan come too late.")
    chi.withdraw(doomed)
    ahmed.withdraw(first)
    ahmed.edit(second, "Of Ahmed, afterwards.")
    _everybody(people)

    eve_root = eve.replica.keys.enrolment.member
    rosa.replica.standing.remove(community, eve_root)
    rosa.replica.react()
    eve.edit(shared, "Vandalised.")
    own = eve.write("Written after the removal.")
    eve.withdraw(own)
    rosa.write("Not for Eve.", "inner")
    dan.replica.pen.write(
        dan.space("inner"),
        Profile(dan.weather.now_ms(), ()),
        encode(ProfileText("Daniel")),
        priority=Priority.URGENT,
    )
    dan.withdraw(dan.write("Gone at once.", "inner"))
    _everybody(people)
    return rosa, people


def entries_of(node: Replica) -> list[SignedEntry]:
    """Everything that a node holds, as it would send it."""
    found = []
    for held in node.holdings.all():
        numbers = [stored.number for stored in node.store.entries.since(held.space, 0)]
        found += [decode_entry(wire) for wire in node.store.entries.wires(numbers)]
    return found


def _join(guest: Villager, ticket: str, host: Villager) -> None:
    guest.replica.membership.redeem(read_ticket(ticket))
    host.meet(guest)


def _everybody(people: dict[str, Villager]) -> None:
    """Everybody meets Rosa, twice, so that what one says reaches all."""
    rosa, *others = people.values()
    for _ in range(2):
        for other in others:
            other.give(rosa)
        for other in others:
            rosa.give(other)
