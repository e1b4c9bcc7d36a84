"""Keys of a sealed space: who comes to hold them, and who never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from crdt.codec import encode
from crdt.entries.authoring import SALTS_BYTES, author
from crdt.entries.entry import Priority, decode_entry, verify
from crdt.entries.opening import open_entry
from crdt.entries.skeletons import Cut, Epoch, Kind, Revocation
from crdt.errors import UnknownEntry
from crdt.ids import NO_ENTRY, EpochId
from crdt.rights.access import MAX_HEADS
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from tests.crdt.village import HOUR_MS, Villager

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crdt.entries.entry import SignedEntry
    from crdt.replica.membership import Community


@pytest.fixture
def people(tmp_path: Path) -> Callable[[str], Villager]:
    return lambda name: Villager(tmp_path, name)


def inner_entries(node: Villager, *, last: Kind) -> list[SignedEntry]:
    """Give what a node holds of `inner`, one kind after everything else."""
    stored = list(node.store.entries.since(node.space("inner").space, 0))
    stored.sort(key=lambda each: each.kind == last)
    return [decode_entry(each.entry.wire()) for each in stored]


def count_of(node: Villager, kind: Kind) -> int:
    stored = node.store.entries.since(node.space("inner").space, 0)
    return sum(each.kind == kind for each in stored)


def rotate(node: Villager) -> None:
    node.replica.distribution.rotate(node.space("inner"))
    node.replica.react()


def settled(*people: Villager) -> Community:
    """Found a community of the first, with all others as stewards."""
    host, *guests = people
    community = host.found()
    for guest in guests:
        guest.replica.membership.redeem(read_ticket(host.ticket(community, Role.STEWARD)))
        host.meet(guest)
    for guest in guests:
        host.meet(guest)
    return community


def remove(node: Villager, whom: Villager) -> None:
    community = node.replica.membership.community(node.space("inner"))
    node.replica.standing.remove(community, whom.replica.keys.enrolment.member)
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


@pytest.mark.slow
def test_who_was_removed_gets_no_later_key_from_somebody_who_has_not_heard_of_it(
    people: Callable[[str], Villager],
) -> None:
    rosa, ahmed, eve = people("rosa"), people("ahmed"), people("eve")
    settled(rosa, ahmed, eve)
    remove(ahmed, eve)
    secret = ahmed.write("Without Eve.", "inner")
    for entry in inner_entries(ahmed, last=Kind.REVOCATION)[:-1]:
        rosa.replica.admit([entry])
    rosa.replica.react()

    rotate(rosa)
    open_words = rosa.write("For everybody whom Rosa knows as a member.", "inner")
    rosa.meet(eve)

    assert eve.text(open_words) == rosa.text(open_words)
    with pytest.raises(UnknownEntry):
        eve.text(secret)
    ahmed.give(rosa)
    ahmed.meet(rosa)
    assert rosa.text(secret) == "Without Eve."


@pytest.mark.slow
def test_who_was_removed_gets_no_key_by_passing_an_epoch_off_as_their_own(
    people: Callable[[str], Villager],
) -> None:
    rosa, ahmed, eve = people("rosa"), people("ahmed"), people("eve")
    settled(rosa, ahmed, eve)
    remove(ahmed, eve)
    secret = ahmed.write("Without Eve.", "inner")
    found = inner_entries(ahmed, last=Kind.EPOCH)[-1]  # on a stick, say: it is clear
    opened = open_entry(verify(found), None)
    assert opened is not None and isinstance(opened.skeleton, Epoch)
    theirs = eve.space("inner")
    stolen = replace(opened.skeleton, cites=theirs.heads, stamp_ms=opened.skeleton.stamp_ms + 9)
    eve.replica.pen.write(theirs, stolen, priority=Priority.URGENT)

    rosa.meet(eve)
    rosa.replica.distribution.rotate(rosa.space("inner"))
    rosa.meet(eve)
    ahmed.give(eve)

    epochs = rosa.space("inner").epochs
    assert epochs is not None and epochs.keyring.key(EpochId(stolen.epoch))
    with pytest.raises(UnknownEntry):
        eve.text(secret)


@pytest.mark.slow
def test_words_under_the_key_of_somebody_removed_since_are_read_by_who_comes_later(
    people: Callable[[str], Villager],
) -> None:
    rosa, ahmed, dan, chi = (people(name) for name in ("rosa", "ahmed", "dan", "chi"))
    community = settled(rosa, ahmed, dan)
    rotate(ahmed)
    ahmed.meet(dan)
    note = dan.write("Under the key of Ahmed.", "inner")
    remove(rosa, ahmed)  # and everything that she had not seen of him

    dan.meet(rosa)
    chi.replica.membership.redeem(read_ticket(rosa.ticket(community)))
    rosa.meet(chi)

    assert rosa.text(note) == chi.text(note) == "Under the key of Ahmed."


@pytest.mark.slow
def test_a_removed_member_makes_nobody_begin_epochs(people: Callable[[str], Villager]) -> None:
    rosa, ahmed = people("rosa"), people("ahmed")
    settled(rosa, ahmed)
    remove(rosa, ahmed)
    before = count_of(rosa, Kind.EPOCH)

    for turn in range(5):
        rotate(ahmed)
        ahmed.write(f"Word {turn}.", "inner")
        ahmed.give(rosa)

    assert count_of(rosa, Kind.EPOCH) == before + 5


@pytest.mark.slow
def test_two_devices_of_the_founder_do_not_begin_epochs_for_ever(
    people: Callable[[str], Villager], tmp_path: Path
) -> None:
    rosa, ahmed, phone = people("rosa"), people("ahmed"), Villager(tmp_path, "rosa", "phone")
    community = settled(rosa, ahmed)
    phone.replica.membership.redeem(read_ticket(rosa.ticket(community)))
    rosa.meet(phone)
    rotate(ahmed)
    rotate(rosa)
    for device in (rosa, phone):  # both hear of both, and not of each other
        ahmed.give(device)
    rotate(phone)

    counts = []
    for _ in range(6):
        said = [inner_entries(device, last=Kind.EPOCH) for device in (rosa, phone)]
        for device, heard in zip((phone, rosa), said, strict=True):
            device.replica.admit(heard)
            device.replica.react()
        counts.append(count_of(rosa, Kind.EPOCH))

    assert counts[-1] == counts[-3]
    assert rosa.space("inner").writing_seal() == phone.space("inner").writing_seal()


@pytest.mark.slow
def test_who_lost_a_copied_ticket_to_somebody_else_cannot_read_what_is_written_after(
    people: Callable[[str], Villager],
) -> None:
    rosa, ahmed, chi, dan = (people(name) for name in ("rosa", "ahmed", "chi", "dan"))
    settled(rosa, ahmed)
    theirs = ahmed.replica.membership.community(ahmed.space("inner"))
    copied = read_ticket(ahmed.ticket(theirs))
    ahmed.meet(rosa)
    chi.replica.membership.redeem(copied)
    rosa.meet(chi)
    welcome = rosa.write("Welcome, Chi.", "inner")
    rosa.meet(chi)
    dan.replica.membership.redeem(copied)
    ahmed.meet(dan)

    ahmed.give(rosa)
    secret = rosa.write("Without Chi.", "inner")
    rosa.give(chi)

    assert chi.text(welcome) == "Welcome, Chi."
    assert rosa.space("inner").may_read(dan.replica.keys.device.public)
    assert not rosa.space("inner").may_read(chi.replica.keys.device.public)
    with pytest.raises(UnknownEntry):
        chi.text(secret)
    rosa.meet(ahmed)
    ahmed.meet(dan)
    assert dan.text(secret) == "Without Chi."


@pytest.mark.slow
def test_members_hear_of_somebody_who_left_even_if_nobody_writes(
    people: Callable[[str], Villager],
) -> None:
    rosa, ahmed, dan = people("rosa"), people("ahmed"), people("dan")
    community = settled(rosa, ahmed)
    dan.replica.membership.redeem(read_ticket(rosa.ticket(community)))
    rosa.meet(dan)
    rotate(ahmed)  # who does not know Dan
    remove(ahmed, ahmed)

    ahmed.give(rosa)
    rosa.meet(dan)

    for node in (rosa, dan):
        assert not node.space("inner").may_read(ahmed.replica.keys.device.public)


def cut_often(node: Villager, times: int) -> None:
    """Cut logs that nobody writes, each time as if unaware of the others."""
    held = node.space("inner")
    heads, seal = held.heads, held.writing_seal()
    for turn in range(times):
        cuts = (Cut(bytes([turn]) * 32, 0, NO_ENTRY),)
        skeleton = encode(Revocation(node.weather.now_ms(), heads, None, cuts, ()))
        position, salts = node.store.logs.position(held.space, held.own.log), bytes(SALTS_BYTES)
        entry = author(held.own, position, Priority.URGENT, skeleton, b"", salts=salts, seal=seal)
        node.replica.admit([decode_entry(entry.wire())])


@pytest.mark.slow
def test_more_removals_than_an_entry_cites_keep_nobody_from_writing(
    people: Callable[[str], Villager],
) -> None:
    rosa, ahmed, dan = people("rosa"), people("ahmed"), people("dan")
    settled(rosa, ahmed, dan)
    cut_often(ahmed, MAX_HEADS + 30)
    before = count_of(rosa, Kind.EPOCH)

    ahmed.give(rosa)
    note = rosa.write("Written all the same.", "inner")
    rosa.meet(dan)

    assert dan.text(note) == "Written all the same."
    assert count_of(rosa, Kind.EPOCH) == before + 1


@pytest.mark.slow
def test_a_device_that_was_cut_off_begins_no_epochs(
    people: Callable[[str], Villager], tmp_path: Path
) -> None:
    rosa, phone = people("rosa"), Villager(tmp_path, "rosa", "phone")
    phone.replica.membership.redeem(read_ticket(rosa.ticket(rosa.found())))
    rosa.meet(phone)
    held = phone.space("inner")
    cuts = (
        Cut(held.own.log, phone.store.logs.position(held.space, held.own.log).sequence, NO_ENTRY),
    )
    lost = Revocation(rosa.weather.now_ms(), (), None, cuts, ())
    rosa.replica.pen.write(rosa.space("inner"), lost, priority=Priority.URGENT)
    before = count_of(phone, Kind.EPOCH)

    rosa.give(phone)

    assert held.writing_seal() is None
    assert count_of(phone, Kind.EPOCH) == before
    rosa.replica.react()
    assert rosa.space("inner").writing_seal() is not None


@pytest.mark.slow
def test_a_clock_that_is_years_ahead_makes_nobody_begin_epochs_for_ever(
    people: Callable[[str], Villager],
) -> None:
    rosa, ahmed = people("rosa"), people("ahmed")
    settled(rosa, ahmed)
    ahmed.weather.time_ms += 10 * 365 * 24 * HOUR_MS
    rotate(ahmed)
    rotate(rosa)
    for _ in range(2):
        rosa.meet(ahmed)
    before = count_of(rosa, Kind.EPOCH)

    for _ in range(3):
        rosa.replica.react_anew()
        rosa.meet(ahmed)

    assert count_of(rosa, Kind.EPOCH) == before
    assert rosa.space("inner").writing_seal() == ahmed.space("inner").writing_seal()
