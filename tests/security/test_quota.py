"""What strangers may leave here: little, and what members write is never in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.crypto.recovery import words_of
from crdt.entries.entry import Priority, SignedEntry, decode_entry
from crdt.entries.skeletons import Grant, Join, Kind
from crdt.errors import QuotaSpent
from crdt.ids import EntryId
from crdt.replica import quota
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from crdt.withdrawals import withdraw
from tests.crdt.forger import Forger, keys_of
from tests.crdt.people import bytes_for
from tests.crdt.village import Villager
from tests.security.village_rules import deliver, join, remove

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crdt.ids import SpaceId
    from crdt.replica.held_space import HeldSpace


def flood(space: HeldSpace, who: str, count: int) -> list[SignedEntry]:
    """Sign entries of 10 kB for a commons, as somebody who holds nothing but its id."""
    log = Forger(space, who)
    pages = (log.write(b"\x91\x60", bytes(10_000), priority=Priority.BULK) for _ in range(1, count))
    return [log.certificate(), *pages]


def test_a_stranger_leaves_no_more_than_a_few_pages(tmp_path: Path) -> None:
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    entries = flood(rosa.space("commons"), "mallory", 20)

    admitted = rosa.replica.admit(entries)
    again = rosa.replica.admit(entries)

    assert len(admitted.new) == 5
    assert {type(refusal.error) for refusal in admitted.refused} == {QuotaSpent}
    assert (len(again.new), again.known) == (0, 5)


def test_many_strangers_together_leave_no_more_than_a_space_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "MAX_SPACE_BYTES", 100_000)
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    commons = rosa.space("commons")

    kept = sum(len(rosa.replica.admit(flood(commons, f"m{n}", 4)).new) for n in range(8))
    rosa.restart()
    more = rosa.replica.admit(flood(rosa.space("commons"), "late", 4))

    assert kept < 8 * 4
    assert len(more.new) <= 1
    assert rosa.text(rosa.write("Members write on.")) == "Members write on."


def test_members_are_not_counted_among_strangers(tmp_path: Path) -> None:
    rosa, ahmed = Villager(tmp_path, "rosa"), Villager(tmp_path, "ahmed")
    ticket = rosa.ticket(rosa.found())
    ahmed.replica.membership.redeem(read_ticket(ticket))
    rosa.meet(ahmed)
    long = "\n\n".join(f"Paragraph {n} {words_of(bytes([n]) * 16)}" for n in range(100)) * 10

    notes = [ahmed.write(long) for _ in range(3)]
    ahmed.give(rosa)

    assert all(rosa.text(note) == long for note in notes)


def sent(node: Villager, space: SpaceId) -> list[SignedEntry]:
    """Everything in a set, in the order in which a meeting sends it."""
    order = node.store.entries.sending_order(space, None, Priority.BULK)
    return [decode_entry(wire) for _, some in order for wire in node.store.entries.wires(some)]


def test_the_words_of_who_left_reach_those_who_come_later(tmp_path: Path) -> None:
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    ahmed = join(rosa, tmp_path, "ahmed")
    words = "".join(bytes_for(f"word {n}", 32).hex() for n in range(300))
    notes = [ahmed.write(f"Note {n} {words}") for n in range(5)]
    ahmed.give(rosa)
    remove(rosa, ahmed)
    chi, commons = Villager(tmp_path, "chi"), rosa.space("commons").space
    [community] = rosa.replica.membership.communities()
    chi.replica.membership.redeem(read_ticket(rosa.ticket(community)))

    for _ in range(3):
        chi.give(rosa)
        told = [deliver(chi, sent(rosa, held.space)) for held in chi.replica.holdings.all()]

    assert len(told) == 2
    assert not any(admitted.refused for admitted in told)
    assert [chi.text(note) for note in notes] == [rosa.text(note) for note in notes]
    assert chi.store.spaces.summary(commons) == rosa.store.spaces.summary(commons)


def test_a_grant_by_somebody_who_grants_nothing_makes_no_room(tmp_path: Path) -> None:
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    reader = join(rosa, tmp_path, "reader", Role.READER)
    commons, log = rosa.space("commons"), Forger.of(reader, "commons")
    mallory = keys_of(commons, "mallory").pseudonym
    grant = log.write(Grant(1, commons.heads, mallory, int(Role.STEWARD), None, ()))
    deliver(rosa, [grant])

    admitted = deliver(rosa, flood(commons, "mallory", 20))

    assert commons.has_been_raised(mallory)
    assert len(admitted.new) == 5


def on_disk(node: Villager) -> int:
    assert node.store.checkpoint()
    return node.path.stat().st_size


def small(log: Forger) -> list[SignedEntry]:
    return [log.write(b"\x91\x60", priority=Priority.BULK) for _ in range(400)]


def withdrawals(log: Forger) -> list[SignedEntry]:
    key, space = log.keys.withdrawal, log.held.space
    targets = [[EntryId(bytes_for(f"{n} {m}", 32)) for m in range(60)] for n in range(20)]
    return [log.write(withdraw(key, space, some, None, 1)) for some in targets]


def large(log: Forger) -> list[SignedEntry]:
    return [log.write(b"\x91\x60", bytes(10_000), priority=Priority.BULK) for _ in range(20)]


@pytest.mark.slow
@pytest.mark.parametrize("write", [small, withdrawals, large])
def test_what_a_stranger_leaves_is_bounded_on_the_disk(
    tmp_path: Path, write: Callable[[Forger], list[SignedEntry]]
) -> None:
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    before, logs = on_disk(rosa), [Forger(rosa.space("commons"), f"m{n}") for n in range(4)]

    for log in logs:
        assert deliver(rosa, [log.certificate(), *write(log)]).refused

    grown = on_disk(rosa) - before
    assert 0.6 * quota.MAX_LOG_BYTES * len(logs) < grown < 1.1 * quota.MAX_LOG_BYTES * len(logs)


def test_what_is_counted_is_the_same_after_a_start(tmp_path: Path) -> None:
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    commons, log = rosa.space("commons"), Forger(rosa.space("commons"), "mallory")
    pages = [log.certificate(), *small(log)[:20], *withdrawals(log)[:1], *small(log)]
    assert deliver(rosa, pages).refused
    rosa.restart()

    assert not deliver(rosa, pages).new
    assert deliver(rosa, flood(commons, "somebody else", 2)).new


def test_strangers_begin_only_so_many_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_LOGS", 5)
    monkeypatch.setattr(quota, "MAX_NAMELESS_LOGS", 3)
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    pairs = [flood(rosa.space("commons"), f"m{n}", 2) for n in range(20)]

    named = deliver(rosa, [pair[0] for pair in pairs[:10]])
    nameless = deliver(rosa, [pair[1] for pair in pairs[10:]])

    assert (len(named.new), len(nameless.new)) == (5, 3)
    assert len(deliver(rosa, [pair[1] for pair in pairs[:5]]).new) == 5


# --- strangers fill what is theirs, and nothing else ---------------------------------------


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Villager:
    """A founder's node in whose commons strangers left all that they may."""
    monkeypatch.setattr(quota, "MAX_SPACE_BYTES", 60_000)
    monkeypatch.setattr(quota, "MAX_NAMELESS_BYTES", 30_000)
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    commons = rosa.space("commons")
    for name, first in (("named", 0), ("nameless", 1)):
        for size in (10_000, 100, 1):
            log, done = Forger(commons, f"{name} {size}"), False
            deliver(rosa, [log.certificate()][first:])
            while not done:
                page = log.write(b"\x91\x60", bytes(size), priority=Priority.BULK)
                done = bool(deliver(rosa, [page]).refused)
    assert deliver(rosa, flood(commons, "late", 1)).refused
    assert deliver(rosa, flood(commons, "late", 2)[1:]).refused
    return rosa


@pytest.mark.slow
def test_a_members_new_log_has_room_when_strangers_fill_theirs(
    full: Villager, tmp_path: Path
) -> None:
    ahmed = join(full, tmp_path, "ahmed")
    ahmed.replica.pen.reincarnate(ahmed.space("commons"))
    note = ahmed.write("From my new log.")

    ahmed.give(full)

    assert full.text(note) == "From my new log."


@pytest.mark.slow
@pytest.mark.parametrize("uses", [1, 3])
def test_who_redeems_a_ticket_has_room_when_strangers_fill_theirs(
    full: Villager, tmp_path: Path, uses: int
) -> None:
    chi, commons = Villager(tmp_path, "chi"), full.space("commons").space
    [community] = full.replica.membership.communities()
    chi.replica.membership.redeem(read_ticket(full.ticket(community, uses=uses)))
    full.meet_inner(chi)
    full.give(chi)

    refused = [len(deliver(full, sent(chi, commons)).refused) for _ in range(3)]

    access = full.space("commons").access
    assert access is not None
    assert access.role(chi.space("commons").own.pseudonym) is Role.CONTRIBUTOR
    assert not refused[-1]


@pytest.mark.slow
def test_a_copied_ticket_makes_room_for_a_few_and_not_for_everybody(full: Villager) -> None:
    [community] = full.replica.membership.communities()
    ticket, commons = read_ticket(full.ticket(community)), full.space("commons")
    [invite] = commons.access.invites() if commons.access else ()

    kept = 0
    for turn in range(3 * quota.SPARE_JOINS):
        log = Forger(commons, f"mallory {turn}")
        proof = ticket.prove(commons.space, log.keys.pseudonym)
        pair = [log.certificate(), log.write(Join(1, (invite.id,), invite.key, proof, b""))]
        kept += sum(len(deliver(full, [entry]).new) for entry in (*pair, *pair))

    assert 2 <= kept <= 2 * (quota.SPARE_JOINS + 1)


def test_whom_somebody_lets_in_makes_room_for_other_strangers_at_once(full: Villager) -> None:
    commons = full.space("commons")
    assert deliver(full, flood(commons, "late", 1)).refused
    named = keys_of(commons, "named 10000").pseudonym

    full.replica.pen.write(
        commons, Grant(1, (), named, int(Role.READER), None, ()), priority=Priority.URGENT
    )

    assert not deliver(full, flood(commons, "late", 1)).refused


@pytest.mark.slow
def test_a_steward_with_a_long_log_is_known_to_newcomers_after_a_few_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "MAX_LOG_BYTES", 3_000)
    monkeypatch.setattr(quota, "MAX_NAMELESS_BYTES", 3_000)
    monkeypatch.setattr(quota, "MAX_SPACE_BYTES", 3_000)
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    ahmed = join(rosa, tmp_path, "ahmed", Role.STEWARD)
    for _ in range(30):
        ahmed.ticket(ahmed.replica.membership.communities()[0])
    commons, chi = rosa.space("commons").space, Villager(tmp_path, "chi")
    [community] = ahmed.replica.membership.communities()
    chi.replica.membership.redeem(read_ticket(ahmed.ticket(community)))
    chi.meet_inner(ahmed)
    [*everything] = sent(ahmed, commons)
    genesis = next(
        each for each in sent(rosa, commons) if each.skeleton and each.skeleton[9] == Kind.GENESIS
    )

    deliver(chi, [genesis])
    refused = [len(deliver(chi, everything).refused) for _ in range(4)]

    assert refused[0] > 0
    assert refused[-1] == 0
    assert chi.store.spaces.summary(commons).count >= len(everything)


def test_a_single_use_ticket_is_closed_some_weeks_after_it_expired(tmp_path: Path) -> None:
    rosa, mallory = Villager(tmp_path, "rosa"), Villager(tmp_path, "mallory")
    ticket = read_ticket(rosa.ticket(rosa.found()))
    mallory.replica.membership.redeem(ticket)
    rosa.weather.time_ms += 60 * 24 * 3_600_000
    rosa.replica.react_anew()

    rosa.meet(mallory)

    assert mallory.space("inner").role is None
    members = rosa.space("inner").access
    assert members is not None
    assert list(members.members().values()) == [Role.FOUNDER]
