"""What strangers may leave here: little, and what members write is never in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.certificates import certify
from crdt.codec import encode
from crdt.crypto.keys import INCARNATION_BYTES
from crdt.crypto.recovery import words_of
from crdt.entries.authoring import SALTS_BYTES, Position, author
from crdt.entries.entry import Priority, SignedEntry
from crdt.errors import QuotaSpent
from crdt.ids import NO_ENTRY
from crdt.replica import quota
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from tests.crdt.people import bytes_for, device_keys
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from crdt.replica.held_space import HeldSpace


def flood(space: HeldSpace, who: str, count: int) -> list[SignedEntry]:
    """Sign entries of 10 kB for a commons, as somebody who holds nothing but its id."""
    keys = device_keys(who).log(space.realm, bytes_for(who, INCARNATION_BYTES))
    written, previous = [], NO_ENTRY
    for number in range(1, count + 1):
        skeleton = encode(certify(keys, space.space, 1)) if number == 1 else b"\x91\x60"
        entry = author(
            keys,
            Position(space.space, number, previous),
            Priority.URGENT if number == 1 else Priority.BULK,
            skeleton,
            b"" if number == 1 else bytes(10_000),
            salts=bytes_for(f"{who} {number}", SALTS_BYTES),
            seal=None,
        )
        previous = entry.id
        written.append(
            SignedEntry(entry.raw_header, entry.signature, entry.skeleton, entry.content)
        )
    return written


def test_a_stranger_leaves_no_more_than_a_few_pages(tmp_path: Path) -> None:
    rosa = Villager(tmp_path, "rosa")
    rosa.found()
    entries = flood(rosa.space("commons"), "mallory", 20)

    admitted = rosa.replica.admit(entries)
    again = rosa.replica.admit(entries)

    assert len(admitted.new) == 7
    assert {type(refusal.error) for refusal in admitted.refused} == {QuotaSpent}
    assert (len(again.new), again.known) == (0, 7)


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
