"""A founder, who joins, who is removed: what the tests of this folder begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crdt.entries.entry import SignedEntry
    from crdt.entries.skeletons import Kind
    from crdt.replica.admission import Admitted


def join(host: Villager, folder: Path, name: str, role: Role = Role.CONTRIBUTOR) -> Villager:
    guest = Villager(folder, name)
    [community] = host.replica.membership.communities()
    guest.replica.membership.redeem(read_ticket(host.ticket(community, role)))
    host.meet(guest)
    return guest


def remove(host: Villager, guest: Villager) -> None:
    [community] = host.replica.membership.communities()
    host.replica.standing.remove(community, guest.replica.keys.enrolment.member)
    host.replica.react()


def deliver(node: Villager, entries: Iterable[SignedEntry]) -> Admitted:
    admitted = node.replica.admit(entries)
    node.replica.react()
    return admitted


def count_of(node: Villager, kind: Kind) -> int:
    stored = node.store.entries.since(node.space("inner").space, 0)
    return sum(each.kind == kind for each in stored)
