"""Whole nodes: founding, joining, writing together, taking back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.entries.opening import open_entry
from crdt.entries.skeletons import Withdrawal
from crdt.errors import BadInvite, Malformed, NotAuthorised, NotYours, UnknownEntry, Withdrawn
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from tests.crdt.village import HOUR_MS, Villager

if TYPE_CHECKING:
    from pathlib import Path

SPRING = "Boil spring water for ten minutes.\n\nThe north spring is muddy after rain.\n"


@pytest.fixture
def rosa(tmp_path: Path) -> Villager:
    return Villager(tmp_path, "rosa")


@pytest.fixture
def ahmed(tmp_path: Path) -> Villager:
    return Villager(tmp_path, "ahmed")


def joined(host: Villager, guest: Villager, role: Role = Role.CONTRIBUTOR) -> None:
    community = host.found()
    guest.replica.membership.redeem(read_ticket(host.ticket(community, role)))
    host.meet(guest)


def test_a_founder_writes_in_both_spaces(rosa: Villager) -> None:
    community = rosa.found("Ridge")

    assert (community.inner.name, community.inner.role) == ("Ridge", Role.FOUNDER)
    for level in ("inner", "commons"):
        assert rosa.text(rosa.write("Words.", level)) == "Words."


def test_a_ticket_makes_a_member_who_reads_what_was_written_before(
    rosa: Villager, ahmed: Villager
) -> None:
    community = rosa.found()
    secret = rosa.write("The key is under the stone.", "inner")
    ahmed.replica.membership.redeem(read_ticket(rosa.ticket(community)))

    rosa.meet(ahmed)

    assert ahmed.text(secret) == "The key is under the stone."
    assert ahmed.space("inner").role is Role.CONTRIBUTOR
    assert ahmed.space("commons").role is Role.CONTRIBUTOR
    assert ahmed.space("inner").name == "Ridge"


def test_members_know_each_other_by_name_and_device(rosa: Villager, ahmed: Villager) -> None:
    joined(rosa, ahmed)

    for node in (rosa, ahmed):
        inner = node.space("inner")
        assert inner.people is not None
        names = {inner.people.name(reader.pseudonym) for reader in inner.people.readers()}
        assert names == {"Rosa", "Ahmed"}
        assert len(inner.reading_devices()) == 2


def test_without_a_ticket_there_is_nothing_to_read(rosa: Villager, ahmed: Villager) -> None:
    rosa.found()
    rosa.write("Words.")

    assert not ahmed.replica.holdings.all()
    rosa.meet(ahmed)
    assert not ahmed.replica.holdings.all()


def test_two_people_edit_one_text_apart_and_keep_both_changes(
    rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)

    ahmed.edit(note, SPRING.replace("ten", "three"))
    rosa.edit(note, SPRING.replace("muddy", "muddy and brown"))
    rosa.meet(ahmed)

    expected = SPRING.replace("ten", "three").replace("muddy", "muddy and brown")
    assert rosa.text(note) == ahmed.text(note) == expected
    assert (
        rosa.replica.library.read(note).automerge_heads
        == ahmed.replica.library.read(note).automerge_heads
    )


def test_a_reader_may_read_but_what_they_write_is_refused(rosa: Villager, ahmed: Villager) -> None:
    joined(rosa, ahmed, Role.READER)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)

    assert ahmed.text(note) == SPRING
    with pytest.raises(NotAuthorised):
        ahmed.edit(note, "Nothing.")
    with pytest.raises(NotAuthorised):
        ahmed.write("Mine.")


def test_a_withdrawn_document_is_gone_on_both_nodes(rosa: Villager, ahmed: Villager) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)
    ahmed.edit(note, SPRING + "Ahmed was here.")
    rosa.meet(ahmed)

    rosa.withdraw(note)
    rosa.meet(ahmed)

    for node in (rosa, ahmed):
        with pytest.raises(Withdrawn):
            node.text(note)
        assert all(
            stored.entry.content in (None, b"") and stored.entry.skeleton is None
            for stored in node.store.entries.of_document(note)
        )


def test_a_withdrawal_names_only_its_authors_own_entries(rosa: Villager, ahmed: Villager) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)
    ahmed.edit(note, SPRING + "Ahmed was here.")
    rosa.meet(ahmed)
    rosa.edit(note, SPRING + "Rosa was here.")
    ours = {
        stored.entry.id
        for stored in rosa.store.entries.of_document(note)
        if stored.entry.header.log == rosa.space("commons").own.log
    }

    taken = rosa.replica.library.withdraw(note)

    said = rosa.store.entries.get(taken)
    assert said is not None
    opened = open_entry(said.entry, None)
    assert opened is not None and isinstance(opened.skeleton, Withdrawal)
    assert set(opened.skeleton.targets) == ours and len(ours) >= 2


def test_only_who_wrote_in_a_document_takes_anything_back(rosa: Villager, ahmed: Villager) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)

    with pytest.raises(NotYours):
        ahmed.withdraw(note)


def test_a_co_author_takes_their_own_words_out_and_everybody_elses_stay(
    rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)
    ahmed.edit(note, SPRING.replace("ten", "three") + "Ahmed adds a line.\n")
    rosa.meet(ahmed)
    rosa.edit(note, rosa.text(note).replace("muddy", "brown") + "Rosa adds another.\n")
    rosa.meet(ahmed)

    ahmed.withdraw(note)
    rosa.meet(ahmed)

    left = "Boil spring water for  minutes.\n\nThe north spring is brown after rain.\n"
    for node in (rosa, ahmed):
        assert node.text(note) == left + "Rosa adds another.\n"
        kept = b"".join(s.entry.content or b"" for s in node.store.entries.of_document(note))
        assert b"three" not in kept and b"Ahmed adds" not in kept and b"Rosa adds" in kept
    with pytest.raises(NotAuthorised):
        ahmed.withdraw(note)


def test_a_withdrawal_says_why_if_its_author_does(rosa: Villager) -> None:
    rosa.found()
    note, other = rosa.write(SPRING), rosa.write("Nothing to see.")

    taken = rosa.replica.library.withdraw(note, "It was wrong.")
    silent = rosa.replica.library.withdraw(other)

    assert rosa.replica.library.reason_of(taken) == "It was wrong."
    assert rosa.replica.library.reason_of(silent) == ""
    with pytest.raises(Malformed):
        rosa.replica.library.withdraw(rosa.write("A note."), "x" * 501)


def test_an_edit_that_was_on_its_way_does_not_bring_a_withdrawn_text_back(
    rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)

    ahmed.edit(note, SPRING + "On its way.")
    rosa.withdraw(note)
    rosa.meet(ahmed)

    for node in (rosa, ahmed):
        entries = list(node.store.entries.of_document(note))
        assert entries
        assert all(not stored.entry.content for stored in entries)
        assert node.store.spaces.summary(node.space("commons").space) == rosa.store.spaces.summary(
            rosa.space("commons").space
        )


def test_co_authors_keep_their_own_words_as_drafts(rosa: Villager, ahmed: Villager) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)
    ahmed.edit(note, SPRING + "Words of Ahmed.")
    rosa.meet(ahmed)

    rosa.withdraw(note)
    rosa.meet(ahmed)

    drafts = [value for _, value in ahmed.store.shelves.items("drafts")]
    assert any(b"Words of Ahmed." in draft for draft in drafts)
    assert not rosa.store.shelves.items("drafts")


def test_a_removed_member_cannot_read_what_is_written_after(
    rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    community = rosa.replica.membership.community(rosa.space("inner"))
    rosa.replica.standing.remove(community, ahmed.replica.keys.enrolment.member)
    rosa.replica.react()

    secret = rosa.write("Without Ahmed.", "inner")
    rosa.give(ahmed)

    with pytest.raises(UnknownEntry):
        ahmed.text(secret)
    assert rosa.space("inner").role is Role.FOUNDER
    assert not rosa.space("inner").may_read(ahmed.replica.keys.device.public)


def test_a_document_of_which_nothing_has_effect_is_not_there_to_be_changed(
    rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    community = rosa.replica.membership.community(rosa.space("inner"))
    rosa.replica.standing.remove(community, ahmed.replica.keys.enrolment.member)
    rosa.replica.react()
    vain = ahmed.write("After the removal.")
    ahmed.give(rosa)

    with pytest.raises(UnknownEntry):
        rosa.edit(vain, "Changed.")


def test_what_a_removed_member_writes_afterwards_has_no_effect(
    rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING)
    rosa.meet(ahmed)
    community = rosa.replica.membership.community(rosa.space("inner"))
    rosa.replica.standing.remove(community, ahmed.replica.keys.enrolment.member)
    rosa.replica.react()

    ahmed.edit(note, "Vandalised.")
    ahmed.give(rosa)

    assert rosa.text(note) == SPRING


def test_a_member_is_removed_from_the_commons_too_who_never_said_who_they_are_there(
    rosa: Villager, ahmed: Villager
) -> None:
    community = rosa.found()
    ahmed.replica.membership.redeem(read_ticket(rosa.ticket(community)))
    for _ in range(3):
        ahmed.give(rosa)
        rosa.give(ahmed, [rosa.space("inner").space])
        ahmed.replica.react()
    # Ahmed's node now joins the commons, and its binding for it stays at home.
    rosa.give(ahmed)
    ahmed.give(rosa, [ahmed.space("commons").space])
    assert community.commons is not None and community.commons.access is not None
    assert len(community.commons.access.members()) == 2

    rosa.replica.standing.remove(community, ahmed.replica.keys.enrolment.member)
    rosa.replica.react()

    for held in (rosa.space("inner"), rosa.space("commons")):
        assert held.access is not None
        assert list(held.access.members().values()) == [Role.FOUNDER]


def test_a_steward_gives_roles_takes_them_and_brings_somebody_back(
    rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    community = rosa.replica.membership.community(rosa.space("inner"))
    member = ahmed.replica.keys.enrolment.member
    note = ahmed.write(SPRING)

    for role in (Role.STEWARD, Role.READER, None, Role.CONTRIBUTOR):
        if role is None:
            rosa.replica.standing.remove(community, member)
        else:
            rosa.replica.standing.appoint(community, member, role)
        rosa.replica.react()
        rosa.meet(ahmed)
        assert ahmed.space("commons").role is role
        assert rosa.space("inner").may_read(ahmed.replica.keys.device.public) == (role is not None)

    secret = rosa.write("Welcome back.", "inner")
    rosa.meet(ahmed)
    assert ahmed.text(secret) == "Welcome back."
    assert rosa.text(note) == SPRING
    ahmed.edit(note, SPRING + "And thanks.")


def test_a_single_use_ticket_lets_one_person_in(tmp_path: Path, rosa: Villager) -> None:
    ticket = rosa.ticket(rosa.found())
    guests = [Villager(tmp_path, name) for name in ("ahmed", "eve")]

    for guest in guests:
        guest.replica.membership.redeem(read_ticket(ticket))
        rosa.meet(guest)

    roles = [guest.space("inner").role for guest in guests]
    assert roles == [Role.CONTRIBUTOR, None]


def test_a_ticket_for_three_lets_three_in(tmp_path: Path, rosa: Villager) -> None:
    ticket = rosa.ticket(rosa.found(), uses=3)
    guests = [Villager(tmp_path, name) for name in ("ana", "ben", "chi", "dan")]

    for guest in guests:
        guest.replica.membership.redeem(read_ticket(ticket))
        rosa.meet(guest)

    roles = [guest.space("inner").role for guest in guests]
    assert roles == [Role.CONTRIBUTOR] * 3 + [None]


def test_a_ticket_taken_away_serves_at_any_members_node(
    tmp_path: Path, rosa: Villager, ahmed: Villager
) -> None:
    community = rosa.found()
    ahmed.replica.membership.redeem(read_ticket(rosa.ticket(community)))
    on_paper = rosa.ticket(community)
    rosa.meet(ahmed)
    chi = Villager(tmp_path, "chi")
    chi.replica.membership.redeem(read_ticket(on_paper))

    ahmed.meet(chi)

    assert chi.space("inner").role is Role.CONTRIBUTOR
    assert chi.space("inner").name == "Ridge"


def test_somebody_joins_who_meets_the_community_by_stick_only(
    rosa: Villager, ahmed: Villager
) -> None:
    community = rosa.found()
    secret = rosa.write("The key is under the stone.", "inner")
    ahmed.replica.membership.redeem(read_ticket(rosa.ticket(community)))

    for _ in range(2):
        ahmed.give(rosa)
        rosa.give(ahmed)

    assert ahmed.text(secret) == "The key is under the stone."
    assert ahmed.space("commons").role is Role.CONTRIBUTOR


def test_an_expired_ticket_is_refused_with_the_reason(rosa: Villager, ahmed: Villager) -> None:
    ticket = rosa.ticket(rosa.found())
    ahmed.weather.time_ms += 2 * HOUR_MS

    with pytest.raises(BadInvite, match="expired"):
        ahmed.replica.membership.redeem(read_ticket(ticket))


def test_a_node_comes_back_from_a_restart_as_it_was(rosa: Villager, ahmed: Villager) -> None:
    joined(rosa, ahmed)
    note = rosa.write(SPRING, "inner")
    rosa.meet(ahmed)

    for node in (rosa, ahmed):
        node.restart()

    assert rosa.text(note) == ahmed.text(note) == SPRING
    assert ahmed.space("inner").role is Role.CONTRIBUTOR
    assert ahmed.space("inner").name == "Ridge"
    ahmed.edit(note, SPRING + "More.")
    rosa.meet(ahmed)
    assert rosa.text(note) == SPRING + "More."


def test_a_restart_in_the_middle_of_joining_goes_on(rosa: Villager, ahmed: Villager) -> None:
    community = rosa.found()
    ahmed.replica.membership.redeem(read_ticket(rosa.ticket(community)))
    ahmed.restart()
    ahmed.give(rosa)
    rosa.restart()

    rosa.meet(ahmed)

    assert ahmed.space("commons").role is Role.CONTRIBUTOR


def test_a_copy_of_a_database_goes_on_in_a_new_log(
    tmp_path: Path, rosa: Villager, ahmed: Villager
) -> None:
    joined(rosa, ahmed)
    rosa.store.checkpoint()
    backup = rosa.path.read_bytes()
    lost = rosa.write("Written after the backup.")
    rosa.meet(ahmed)
    rosa.store.close()
    for leftover in tmp_path.glob("rosa.db*"):
        leftover.unlink()
    rosa.path.write_bytes(backup)
    rosa.store, rosa.replica = Villager(tmp_path, "rosa").store, rosa.replica
    rosa.restart()
    rosa.weather.time_ms += HOUR_MS
    log_before = rosa.space("commons").own.log

    rosa.meet(ahmed)
    new = rosa.write("Written after the restore.")
    rosa.meet(ahmed)

    assert rosa.text(lost) == "Written after the backup."
    assert ahmed.text(new) == "Written after the restore."
    assert rosa.space("commons").own.log != log_before
    assert rosa.space("commons").own.pseudonym == rosa.replica.library.author_of(lost)
