"""Who may do what: one example for each rule. Order and late arrivals: `test_access_order.py`."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from crdt.entries.skeletons import Genesis, Grant, Kind, Signature
from crdt.ids import EntryId, digest
from crdt.rights.access import MAX_HEADS, NEEDS, Role
from crdt.rights.authority import Place
from tests.crdt.control_histories import FOUNDER, Community, Person, Ticket, may_write

STEWARD = Person("steward")
OTHER_STEWARD = Person("other steward")
ROSA = Person("Rosa")
AHMED = Person("Ahmed")


def with_steward() -> Community:
    community = Community()
    community.grant(FOUNDER, STEWARD, Role.STEWARD)
    return community


def with_two_stewards() -> Community:
    community = with_steward()
    community.grant(FOUNDER, OTHER_STEWARD, Role.STEWARD)
    return community


def test_every_kind_says_which_role_it_needs() -> None:
    assert set(NEEDS) == set(Kind)


# --- grants ------------------------------------------------------------------------


def test_founders_hold_their_role_by_the_charter() -> None:
    assert Community().access().members() == {FOUNDER.name: Role.FOUNDER}


def test_a_grant_by_a_founder_raises_somebody() -> None:
    access = with_steward().access()

    assert access.role(STEWARD.name) is Role.STEWARD


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR, Role.STEWARD])
def test_a_steward_may_raise_to_any_role_up_to_their_own(role: Role) -> None:
    community = with_steward()
    community.grant(STEWARD, ROSA, role)

    assert community.access().role(ROSA.name) is role


@pytest.mark.parametrize("role", [0, 5, 99, Role.FOUNDER])
def test_a_steward_can_neither_make_founders_nor_invent_roles(role: int) -> None:
    community = with_steward()
    grant = community.grant(STEWARD, ROSA, role)

    assert community.access().role(ROSA.name) is None
    assert not community.access().effective(grant)


def test_only_a_founder_makes_founders() -> None:
    community = with_steward()
    community.grant(FOUNDER, ROSA, Role.FOUNDER)
    community.grant(ROSA, AHMED, Role.FOUNDER)

    assert community.access().role(AHMED.name) is Role.FOUNDER


def test_contributors_and_strangers_raise_nobody() -> None:
    community = with_steward()
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.grant(ROSA, AHMED, Role.READER)
    community.grant(Person("stranger"), AHMED, Role.READER)

    assert community.access().role(AHMED.name) is None


def test_of_several_grants_the_highest_holds() -> None:
    community = with_steward()
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.grant(STEWARD, ROSA, Role.READER)

    assert community.access().role(ROSA.name) is Role.CONTRIBUTOR


def test_an_entry_has_the_role_that_its_author_knew_of() -> None:
    community = with_steward()
    before = community.access().heads()
    grant = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    access = community.access()

    assert may_write(access, ROSA, 1, (grant,))
    assert not may_write(access, ROSA, 1, before)
    assert not may_write(access, ROSA, 1, (grant,), need=Role.STEWARD)


def test_an_entry_that_cites_what_is_not_here_waits() -> None:
    community = with_steward()
    grant = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)

    assert not may_write(community.access(grant), ROSA, 1, (grant,))
    assert may_write(community.access(), ROSA, 1, (grant,))


def test_what_needs_no_role_has_effect_for_anybody() -> None:
    access = Community().access()

    assert access.allows(
        ROSA.name, Place(ROSA.log, 1), (EntryId(b"?" * 32),), NEEDS[Kind.WITHDRAWAL]
    )


def test_who_was_removed_is_remembered_as_one_who_was_let_in() -> None:
    community, ticket = with_steward(), Ticket("one")
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.invite(STEWARD, ticket)
    community.join(AHMED, ticket)
    community.revoke(FOUNDER, ROSA)
    community.revoke(FOUNDER, AHMED)
    community.revoke(FOUNDER, STEWARD)
    access = community.access()

    assert list(access.members()) == [FOUNDER.name]
    assert all(access.ever_had_role(p.name) for p in (FOUNDER, STEWARD, ROSA, AHMED))


def test_nobody_is_let_in_by_the_word_of_who_never_was() -> None:
    community, ticket, own = with_steward(), Ticket("many"), Ticket("mallory's own")
    mallory, accomplice = Person("mallory"), Person("accomplice")
    community.invite(STEWARD, ticket, uses=10)
    community.join(mallory, ticket)
    community.grant(accomplice, mallory, Role.FOUNDER)
    community.grant(mallory, accomplice, Role.FOUNDER)
    community.invite(mallory, own)
    community.join(accomplice, own)
    access = community.access()

    assert access.has_been_raised(mallory.name)
    assert not access.ever_had_role(mallory.name)
    assert not access.ever_had_role(accomplice.name)
    assert access.ever_had_role(STEWARD.name)


def test_of_all_who_redeem_a_copied_ticket_one_was_let_in() -> None:
    community, ticket = with_steward(), Ticket("one")
    invite = community.invite(STEWARD, ticket)
    copies = [Person(f"copy {n}") for n in range(10)]
    for person in copies:
        community.join(person, ticket, knowing=(invite,))
    access = community.access()

    assert [access.ever_had_role(person.name) for person in copies].count(True) == 1


def test_whom_a_late_grant_lets_in_is_one_who_was_let_in_from_then_on() -> None:
    community = with_steward()
    community.grant(Person("stranger"), ROSA, Role.READER)
    access = community.access()
    assert not access.ever_had_role(ROSA.name)

    community.grant(STEWARD, ROSA, Role.READER)
    access.add(community.entries[-1])

    assert access.ever_had_role(ROSA.name)


# --- invites and joins ----------------------------------------------------------------


def test_a_join_of_an_invite_for_one_serves_by_itself() -> None:
    community, ticket = with_steward(), Ticket("one")
    community.invite(STEWARD, ticket)
    join = community.join(ROSA, ticket)
    access = community.access()

    assert access.role(ROSA.name) is Role.CONTRIBUTOR
    assert access.effective(join)
    assert may_write(access, ROSA, 2, (join,))
    assert access.pending_joins() == ()


def test_a_join_that_does_not_know_its_invite_waits_for_a_grant() -> None:
    community, ticket = with_steward(), Ticket("one")
    community.invite(STEWARD, ticket)
    community.join(ROSA, ticket, knowing=())

    assert community.access().role(ROSA.name) is None


def test_a_join_after_the_invite_expired_does_not_count() -> None:
    community, ticket = with_steward(), Ticket("one")
    community.invite(STEWARD, ticket)
    community.join(ROSA, ticket, at_ms=1_000)
    community.join(AHMED, Ticket("two"), at_ms=10)
    late = with_steward()
    late.invite(STEWARD, ticket)
    late.join(ROSA, ticket, at_ms=1_001)

    assert community.access().role(ROSA.name) is Role.CONTRIBUTOR
    assert late.access().role(ROSA.name) is None


def test_a_join_with_somebody_elses_proof_does_not_count() -> None:
    community, ticket = with_steward(), Ticket("one")
    community.invite(STEWARD, ticket)
    community.join(ROSA, ticket, proof=ticket.proof_for(AHMED))

    assert community.access().role(ROSA.name) is None
    assert community.access().pending_joins() == ()


def test_an_invite_gives_no_more_than_its_issuer_may() -> None:
    community, ticket, contributors = with_steward(), Ticket("one"), Ticket("two")
    community.invite(STEWARD, ticket, role=Role.FOUNDER)
    community.join(ROSA, ticket)
    community.grant(STEWARD, AHMED, Role.CONTRIBUTOR)
    community.invite(AHMED, contributors, role=Role.READER)
    community.join(Person("friend"), contributors)

    assert set(community.access().members()) == {FOUNDER.name, STEWARD.name, AHMED.name}
    assert community.access().invites() == ()


def test_joins_of_an_invite_for_many_wait_for_a_steward() -> None:
    community, ticket = with_steward(), Ticket("many")
    community.invite(STEWARD, ticket, uses=20)
    join = community.join(ROSA, ticket)

    (pending,) = community.access().pending_joins()
    assert (pending.id, pending.principal, pending.role) == (join, ROSA.name, Role.CONTRIBUTOR)
    assert community.access().role(ROSA.name) is None

    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR, answering=ticket)

    assert community.access().role(ROSA.name) is Role.CONTRIBUTOR
    assert community.access().pending_joins() == ()


def test_of_two_who_redeem_one_ticket_the_lower_id_wins_and_both_are_told() -> None:
    community, ticket = with_steward(), Ticket("copied")
    invite = community.invite(STEWARD, ticket)
    joins = {community.join(person, ticket, knowing=(invite,)): person for person in (ROSA, AHMED)}
    winner, loser = joins[min(joins)], joins[max(joins)]
    access = community.access()

    assert access.role(winner.name) is Role.CONTRIBUTOR
    assert access.role(loser.name) is None
    assert [found.joined for found in access.doubly_redeemed()] == [{ROSA.name, AHMED.name}]
    assert [pending.principal for pending in access.pending_joins()] == [loser.name]


def test_the_issuer_decides_between_two_who_redeem_one_ticket() -> None:
    community, ticket = with_steward(), Ticket("copied")
    invite = community.invite(STEWARD, ticket)
    joins = {community.join(person, ticket, knowing=(invite,)): person for person in (ROSA, AHMED)}
    winner, loser = joins[min(joins)], joins[max(joins)]
    community.grant(STEWARD, loser, Role.CONTRIBUTOR, answering=ticket)
    access = community.access()

    assert access.role(winner.name) is None
    assert access.role(loser.name) is Role.CONTRIBUTOR


def test_only_issuer_and_founders_decide_between_two_who_redeem_one_ticket() -> None:
    community, ticket = with_two_stewards(), Ticket("copied")
    community.invite(STEWARD, ticket)
    community.join(ROSA, ticket)
    community.grant(OTHER_STEWARD, AHMED, Role.CONTRIBUTOR, answering=ticket)

    assert community.access().role(ROSA.name) is Role.CONTRIBUTOR


# --- revocations ----------------------------------------------------------------------


def test_a_revocation_ends_a_role_and_keeps_what_was_written_before_the_cut() -> None:
    community = with_steward()
    grant = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.revoke(STEWARD, ROSA, (ROSA, 7))
    access = community.access()

    assert access.role(ROSA.name) is None
    assert may_write(access, ROSA, 7, (grant,))
    assert not may_write(access, ROSA, 8, (grant,))


def test_logs_that_a_revocation_does_not_name_count_for_nothing() -> None:
    community = with_steward()
    phone = Person("Rosa", "phone")
    grant = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.revoke(STEWARD, ROSA, (ROSA, 7))

    assert not may_write(community.access(), phone, 1, (grant,))


def test_a_late_revocation_undoes_what_had_effect() -> None:
    community = with_steward()
    grant = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    access = community.access()
    assert may_write(access, ROSA, 3, (grant,))
    version = access.version

    community.revoke(FOUNDER, ROSA, (ROSA, 2))
    assert access.add(community.entries[-1])

    assert not may_write(access, ROSA, 3, (grant,))
    assert access.version > version


def test_all_that_rests_on_somebody_revoked_falls_with_them() -> None:
    community = with_steward()
    ticket = Ticket("one")
    community.grant(STEWARD, OTHER_STEWARD, Role.STEWARD)
    community.invite(OTHER_STEWARD, ticket)
    community.join(ROSA, ticket)
    assert community.access().role(ROSA.name) is Role.CONTRIBUTOR

    community.revoke(FOUNDER, STEWARD)

    assert community.access().members() == {FOUNDER.name: Role.FOUNDER}


def test_what_a_steward_did_before_the_cut_stands() -> None:
    community = with_steward()
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    last = community.last_of(STEWARD)
    community.grant(STEWARD, AHMED, Role.CONTRIBUTOR)
    community.revoke(FOUNDER, STEWARD, (STEWARD, last))

    assert set(community.access().members()) == {FOUNDER.name, ROSA.name}


def test_somebody_revoked_can_be_raised_anew_by_who_knows_of_it() -> None:
    community = with_steward()
    first = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.revoke(STEWARD, ROSA)
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR, knowing=(first,))
    assert community.access().role(ROSA.name) is None

    again = community.grant(STEWARD, ROSA, Role.READER)
    access = community.access()

    assert access.role(ROSA.name) is Role.READER
    assert may_write(access, ROSA, 1, (again,), need=Role.READER)
    assert not may_write(access, ROSA, 1, (first,), need=Role.READER)


def test_of_two_cuts_the_lower_holds() -> None:
    community = with_two_stewards()
    grant = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    known = community.access().heads()
    community.revoke(STEWARD, ROSA, (ROSA, 9), knowing=known)
    community.revoke(OTHER_STEWARD, ROSA, (ROSA, 4), knowing=known)
    access = community.access()

    assert may_write(access, ROSA, 4, (grant,))
    assert not may_write(access, ROSA, 5, (grant,))


def test_two_stewards_who_remove_each_other_are_both_suspended_until_somebody_decides() -> None:
    community = with_two_stewards()
    known = community.access().heads()
    one = community.revoke(STEWARD, OTHER_STEWARD, (OTHER_STEWARD, 0), knowing=known)
    other = community.revoke(OTHER_STEWARD, STEWARD, (STEWARD, 0), knowing=known)
    access = community.access()
    assert access.members() == {FOUNDER.name: Role.FOUNDER}

    community.grant(FOUNDER, STEWARD, Role.STEWARD, knowing=(one,))
    assert community.access().role(STEWARD.name) is None
    community.grant(FOUNDER, STEWARD, Role.STEWARD, knowing=(one, other))

    assert community.access().members() == {
        FOUNDER.name: Role.FOUNDER,
        STEWARD.name: Role.STEWARD,
    }


def test_whom_a_founder_removed_cannot_remove_others_by_not_knowing() -> None:
    community = with_two_stewards()
    known = community.access().heads()
    community.revoke(FOUNDER, STEWARD, (STEWARD, community.last_of(STEWARD)))
    revenge = community.revoke(STEWARD, OTHER_STEWARD, knowing=known)
    access = community.access()

    assert access.role(OTHER_STEWARD.name) is Role.STEWARD
    assert not access.effective(revenge)


def test_a_steward_cannot_remove_a_founder_but_a_founder_can() -> None:
    second = Person("second founder")
    community = Community(FOUNDER, second)
    community.grant(FOUNDER, STEWARD, Role.STEWARD)
    community.revoke(STEWARD, second)
    community.revoke(STEWARD, None, (second, 0))
    assert community.access().role(second.name) is Role.FOUNDER
    assert may_write(community.access(), second, 9, (), need=Role.FOUNDER)

    community.revoke(FOUNDER, second)

    assert community.access().role(second.name) is None
    assert not may_write(community.access(), second, 9, (), need=Role.READER)


def test_contributors_remove_nobody_but_themselves() -> None:
    community = with_steward()
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.grant(STEWARD, AHMED, Role.CONTRIBUTOR)
    community.revoke(ROSA, AHMED)
    community.revoke(ROSA, None, (AHMED, 0))
    assert community.access().role(AHMED.name) is Role.CONTRIBUTOR

    community.revoke(AHMED, AHMED, (AHMED, 5))

    assert community.access().role(AHMED.name) is None


def test_a_lost_device_is_cut_off_and_the_member_goes_on() -> None:
    community = with_steward()
    phone = Person("Rosa", "phone")
    grant = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.revoke(ROSA, None, (phone, 3))
    access = community.access()

    assert access.role(ROSA.name) is Role.CONTRIBUTOR
    assert may_write(access, ROSA, 9, (grant,))
    assert may_write(access, phone, 3, (grant,))
    assert not may_write(access, phone, 4, (grant,))


def test_a_lost_device_stays_cut_off_when_the_member_is_raised_anew() -> None:
    community = with_steward()
    phone = Person("Rosa", "phone")
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)
    community.revoke(STEWARD, None, (phone, 3))
    again = community.grant(STEWARD, ROSA, Role.CONTRIBUTOR)

    assert not may_write(community.access(), phone, 4, (again,))


def test_somebody_removed_after_joining_is_not_offered_again() -> None:
    community, ticket = with_steward(), Ticket("many")
    community.invite(STEWARD, ticket, uses=9)
    community.join(ROSA, ticket)
    community.grant(STEWARD, ROSA, Role.CONTRIBUTOR, answering=ticket)
    community.revoke(STEWARD, ROSA)

    assert community.access().pending_joins() == ()


# --- signatures -----------------------------------------------------------------------


def test_an_act_with_a_forged_signature_has_no_effect() -> None:
    community = with_steward()
    grant = community.grant(STEWARD, ROSA, Role.READER, signed_by=(FOUNDER,))
    assert community.access().effective(grant)

    entry = community.entries.pop()
    assert isinstance(entry.skeleton, Grant)
    forged = replace(entry.skeleton, signatures=(Signature(FOUNDER.name, bytes(64)),))
    community.write(STEWARD, forged, Kind.GRANT)

    assert community.access().role(ROSA.name) is None


def test_with_a_threshold_an_act_needs_that_many_different_stewards() -> None:
    founders = [Person(f"founder {number}") for number in range(3)]
    one, two, three = founders
    community = Community(*founders, threshold=2)
    alone = community.grant(one, ROSA, Role.READER)
    repeated = community.grant(one, ROSA, Role.READER, signed_by=(one, one))
    with_stranger = community.grant(one, ROSA, Role.READER, signed_by=(AHMED,))
    both = community.grant(one, ROSA, Role.READER, signed_by=(three,))
    access = community.access()

    assert [access.effective(name) for name in (alone, repeated, with_stranger, both)] == [
        False,
        False,
        False,
        True,
    ]
    assert two.name in access.members()


# --- the space ------------------------------------------------------------------------


def test_members_write_their_profiles_and_strangers_do_not() -> None:
    community = with_steward()
    community.grant(STEWARD, ROSA, Role.READER)
    by_member, by_stranger = community.profile(ROSA), community.profile(AHMED)

    assert community.access().effective(by_member)
    assert not community.access().effective(by_stranger)


def test_only_the_charter_of_the_space_by_a_founder_has_effect() -> None:
    community = Community()
    true = community.write(FOUNDER, Genesis(0, (), community.charter), Kind.GENESIS)
    by_other = community.write(ROSA, Genesis(0, (), community.charter), Kind.GENESIS)
    other = replace(community.charter, nonce=b"x" * 16)
    another = community.write(FOUNDER, Genesis(0, (), other), Kind.GENESIS)
    access = community.access()

    assert [access.effective(name) for name in (true, by_other, another)] == [True, False, False]


def test_an_unknown_control_kind_by_a_steward_closes_the_space_and_by_others_does_not() -> None:
    community = with_steward()
    community.write(ROSA, None, 30)
    assert not community.access().is_closed

    community.write(STEWARD, None, 30)

    assert community.access().is_closed


def test_unknown_entries_have_no_effect() -> None:
    assert not Community().access().effective(EntryId(b"?" * 32))


def test_heads_are_bounded_and_keep_what_raises_the_author() -> None:
    community = with_steward()
    known = community.access().heads()
    people = [Person(f"person {number}") for number in range(MAX_HEADS + 10)]
    grants = {
        person.name: community.grant(STEWARD, person, Role.READER, knowing=known)
        for person in people
    }
    access = community.access()

    assert all(grants[person.name] in access.heads(person.name) for person in people)
    assert len(access.heads()) == len(access.heads(people[0].name)) == MAX_HEADS


def test_what_has_no_effect_is_not_cited() -> None:
    community = with_steward()
    before = community.access().heads()
    for number in range(5):
        community.grant(Person(f"stranger {number}"), ROSA, Role.STEWARD)

    assert community.access().heads() == before


def test_a_long_chain_of_stewards_is_judged_without_running_out_of_stack() -> None:
    community = Community()
    before = FOUNDER
    above: tuple[EntryId, ...] = ()
    for number in range(1_500):
        steward = Person("founder", str(number))
        steward.name = type(steward.name)(digest(b"test chain", number.to_bytes(4, "big")))
        above = (community.grant(before, steward, Role.STEWARD, knowing=above),)
        before = steward

    assert community.access().role(before.name) is Role.STEWARD


def test_adding_an_entry_again_changes_nothing() -> None:
    community = with_steward()
    access = community.access()
    version = access.version

    assert not access.add(community.entries[0])
    assert access.version == version
