"""Whoever is removed is gone, under every name and on every machine, whatever they prepared."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from crdt.certificates import bind
from crdt.crypto.keys import DeviceKey, DeviceKeys, MemberKey
from crdt.entries.entry import Priority
from crdt.entries.skeletons import Grant, Join, Kind, Revocation
from crdt.errors import NotAuthorised, UnknownEntry
from crdt.ids import EntryId
from crdt.replica.people import MAX_DEVICES
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from meshnode.desks.community_desk import _member, _members
from tests.crdt.forger import Forger, keys_of
from tests.crdt.people import bytes_for
from tests.crdt.rich_history import entries_of
from tests.crdt.views import fresh_replica, view_of
from tests.crdt.village import Villager
from tests.security.village_rules import count_of, deliver, join, remove

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crdt.crypto.keys import LogKeys
    from crdt.entries.entry import SignedEntry

pytestmark = pytest.mark.slow


def ghost_of(node: Villager, level: str) -> tuple[DeviceKeys, LogKeys]:
    """A second name of the same member, lower than the first."""
    own, held = node.replica.keys, node.space(level)
    for number in range(1000):
        keys = DeviceKeys(own.device, bytes_for(f"ghost {number}", 32), own.enrolment)
        log = keys.log(held.realm, bytes(16))
        if log.pseudonym < held.own.pseudonym:
            return keys, log
    raise AssertionError("no lower name")


def test_a_second_name_hides_nobody_from_a_removal(rosa: Villager, tmp_path: Path) -> None:
    eve = join(rosa, tmp_path, "eve", Role.READER)
    inner = eve.space("inner")
    seal, own = inner.writing_seal(), Forger.of(eve, "inner")
    keys, log = ghost_of(eve, "inner")
    ghost = Forger(inner, log)
    inside = bind(keys, inner.space, log, 1)
    outer_keys, outer_log = ghost_of(eve, "commons")
    outside = bind(outer_keys, eve.space("commons").space, outer_log, 1)
    deliver(rosa, [ghost.certificate(), ghost.write(inside, seal=seal)])
    deliver(rosa, [own.write(outside, seal=seal)])

    remove(rosa, eve)

    secret = rosa.write("Without Eve.", "inner")
    rosa.give(eve)
    assert not rosa.space("inner").may_read(eve.replica.keys.device.public)
    for level in ("inner", "commons"):
        access = rosa.space(level).access
        assert access is not None and access.role(eve.space(level).own.pseudonym) is None
    with pytest.raises(UnknownEntry):
        eve.text(secret)


def test_a_removal_that_removes_nobody_says_so(rosa: Villager, tmp_path: Path) -> None:
    eve = join(rosa, tmp_path, "eve")
    remove(rosa, eve)

    with pytest.raises(NotAuthorised, match="no role"):
        remove(rosa, eve)


def test_whom_somebody_else_brought_back_is_not_removed_again(
    rosa: Villager, tmp_path: Path
) -> None:
    dan, eve = (join(rosa, tmp_path, name, Role.STEWARD) for name in ("dan", "eve"))
    for guest in (dan, eve, dan):
        rosa.meet(guest)
    remove(rosa, eve)
    rosa.meet(dan)
    theirs = dan.replica.membership.community(dan.space("inner"))
    dan.replica.standing.appoint(theirs, eve.replica.keys.enrolment.member, Role.READER)

    for _ in range(2):
        rosa.meet(dan)
        rosa.replica.react_anew()

    for level in ("inner", "commons"):
        access = rosa.space(level).access
        assert access is not None
        assert access.role(eve.space(level).own.pseudonym) is Role.READER


def many_devices(node: Villager, count: int) -> Iterator[SignedEntry]:
    held, member, forger = node.space("inner"), MemberKey(bytes_for("eve", 16)), None
    forger, seal = Forger.of(node, "inner"), held.writing_seal()
    for number in range(count):
        device = DeviceKey(bytes_for(f"device {number}", 64))
        keys = DeviceKeys(device, member.withdrawal_seed, member.enrol(device.public))
        yield forger.write(bind(keys, held.space, held.own, 1), seal=seal)
    yield forger.write(Revocation(1, held.heads, None, (), ()), seal=seal)


def test_a_member_with_hundreds_of_devices_stops_nobody_and_can_be_removed(
    rosa: Villager, tmp_path: Path
) -> None:
    eve = join(rosa, tmp_path, "eve", Role.READER)
    assert not deliver(rosa, many_devices(eve, 600)).refused

    assert len(rosa.space("inner").reading_devices()) <= MAX_DEVICES + 1
    assert rosa.text(rosa.write("Still written.", "inner")) == "Still written."
    remove(rosa, eve)
    assert set(rosa.space("inner").reading_devices()) == {rosa.replica.keys.device.device}


def test_more_readers_than_one_entry_gives_a_key_to_all_get_it(
    rosa: Villager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crdt.replica.key_distribution.MAX_BOXES", 2)
    guests = [join(rosa, tmp_path, name) for name in ("ahmed", "chi", "dan", "eve")]
    before = count_of(rosa, Kind.EPOCH)

    rosa.replica.distribution.rotate(rosa.space("inner"))
    note = rosa.write("For all of us.", "inner")

    assert count_of(rosa, Kind.EPOCH) == before + 1
    for guest in guests:
        rosa.give(guest)
        assert guest.text(note) == "For all of us."


def test_what_hinders_one_community_keeps_no_other_waiting(
    rosa: Villager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rosa.space("inner")
    second = rosa.replica.membership.found("Other")
    rosa.replica.react()
    reacted = []
    react = rosa.replica.membership.react

    def hindered(inner: object) -> None:
        if inner is first:
            raise NotAuthorised("not here")
        reacted.append(inner)
        react(second.inner)

    monkeypatch.setattr(rosa.replica.membership, "react", hindered)
    changes = rosa.replica.react_anew()

    assert reacted[:1] == [second.inner]
    assert {type(error) for error in changes.hindered.values()} == {NotAuthorised}
    assert set(changes.hindered) == {first.space}


def test_who_redeems_a_ticket_in_the_commons_alone_is_shown_and_can_be_removed(
    rosa: Villager,
) -> None:
    [community] = rosa.replica.membership.communities()
    ticket = read_ticket(rosa.ticket(community, Role.STEWARD))
    commons = rosa.space("commons")
    assert commons.access is not None
    [invite] = commons.access.invites()
    mallory = Forger(commons, "mallory")
    name = mallory.keys.pseudonym
    proof = ticket.prove(commons.space, name)
    join_alone = Join(1, (invite.id,), ticket.signing.public, proof, b"")
    deliver(rosa, [mallory.certificate(), mallory.write(join_alone)])
    assert commons.access.role(name) is Role.STEWARD

    shown = [view for view in _members(rosa.replica, community) if view.member == name.hex()]
    found = _member(rosa.replica, community, name.hex()[:10])
    rosa.replica.standing.remove(community, found)

    assert [view.role for view in shown] == ["steward"]
    assert commons.access.role(name) is None


def test_a_removed_steward_gives_no_role_with_a_number_they_used_before(
    rosa: Villager, tmp_path: Path
) -> None:
    eve = join(rosa, tmp_path, "eve", Role.STEWARD)
    heads = {level: eve.space(level).heads for level in ("inner", "commons")}
    seal = eve.space("inner").writing_seal()
    kept = eve.write("Before.", "commons")
    eve.give(rosa)
    remove(rosa, eve)

    for level in ("inner", "commons"):
        held, sealed = rosa.space(level), seal if level == "inner" else None
        mallory = keys_of(held, "mallory").pseudonym
        forger = Forger(eve.space(level), eve.space(level).own)
        for number, previous in ((2, EntryId(b"x" * 32)), (3, first_of(rosa, forger))):
            grant = Grant(number, heads[level], mallory, int(Role.STEWARD), None, ())
            deliver(rosa, [forger.write(grant, place=(number, previous), seal=sealed)])

        assert held.access is not None and held.access.role(mallory) is None
    assert rosa.text(kept) == "Before."
    assert set(rosa.space("commons").access.members()) == {rosa.space("commons").own.pseudonym}  # type: ignore[union-attr]


def first_of(node: Villager, forger: Forger) -> EntryId:
    entry = node.store.logs.entry_at(forger.held.space, forger.keys.log, 1)
    assert entry is not None
    return entry


def test_whom_a_removed_steward_had_let_in_stays_though_they_sign_the_number_again(
    rosa: Villager, tmp_path: Path
) -> None:
    eve = join(rosa, tmp_path, "eve", Role.STEWARD)
    theirs = eve.replica.membership.community(eve.space("inner"))
    dan = Villager(tmp_path, "dan")
    dan.replica.membership.redeem(read_ticket(eve.ticket(theirs)))
    eve.meet(dan)
    eve.meet(rosa)
    remove(rosa, eve)
    commons = rosa.space("commons")
    assert commons.access is not None
    members = dict(commons.access.members())
    forger = Forger(eve.space("commons"), eve.space("commons").own)

    for number in range(2, 8):
        deliver(rosa, [forger.write(b"\x91\x60", place=(number, first_of(rosa, forger)))])

    assert dict(rosa.space("commons").access.members()) == members  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(4))
def test_what_stands_below_a_cut_does_not_depend_on_the_order(
    rosa: Villager, tmp_path: Path, seed: int
) -> None:
    eve = join(rosa, tmp_path, "eve", Role.STEWARD)
    for word in ("One.", "Two.", "Three."):
        eve.write(word, "commons")
    eve.give(rosa)
    held, forger = eve.space("commons"), Forger(eve.space("commons"), eve.space("commons").own)
    heads, mallory = held.heads, keys_of(held, "mallory").pseudonym
    remove(rosa, eve)
    grant = Grant(1, heads, mallory, int(Role.STEWARD), None, ())
    entries = [*entries_of(rosa.replica), forger.write(grant, place=(3, first_of(rosa, forger)))]
    rosa.replica.admit(entries)
    random.Random(seed).shuffle(entries)
    other = fresh_replica(tmp_path / "other.db", rosa.replica.keys, rosa.replica.holdings.all())

    for start in range(0, len(entries), 3):
        assert not other.admit(entries[start : start + 3]).refused

    assert view_of(other) == view_of(rosa.replica)
    rosa.restart()
    assert view_of(rosa.replica) == view_of(other)
    other.store.close()


def test_a_number_far_ahead_of_a_log_keeps_nobody_reading(rosa: Villager, tmp_path: Path) -> None:
    eve = join(rosa, tmp_path, "eve", Role.READER)
    forger, far = Forger.of(eve, "inner"), (1 << 50, EntryId(b"x" * 32))
    deliver(rosa, [forger.write(b"\x91\x60", priority=Priority.BULK, place=far)])

    remove(rosa, eve)

    assert not rosa.space("inner").may_read(eve.replica.keys.device.public)


def test_a_steward_who_has_not_heard_of_it_ends_no_founders_role(
    rosa: Villager, tmp_path: Path
) -> None:
    eve, ahmed = (join(rosa, tmp_path, name, Role.STEWARD) for name in ("eve", "ahmed"))
    for guest in (eve, ahmed, eve):
        rosa.meet(guest)
    [community] = rosa.replica.membership.communities()
    rosa.replica.standing.appoint(community, ahmed.replica.keys.enrolment.member, Role.FOUNDER)
    remove_unheard = eve.replica.membership.community(eve.space("inner"))
    eve.replica.standing.remove(remove_unheard, ahmed.replica.keys.enrolment.member)

    eve.give(rosa)

    for level in ("inner", "commons"):
        access, who = rosa.space(level).access, ahmed.space(level).own.pseudonym
        assert access is not None and access.role(who) is Role.FOUNDER
    remove(rosa, ahmed)
    assert not rosa.space("inner").may_read(ahmed.replica.keys.device.public)
