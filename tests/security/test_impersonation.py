"""Nobody speaks in somebody else's name, whatever of theirs they have read and can copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.certificates import bind
from crdt.codec import encode
from crdt.crypto.keys import LogKeys, withdrawal_key
from crdt.entries.contents import Joiner, ProfileText
from crdt.entries.entry import Priority
from crdt.entries.opening import open_entry
from crdt.entries.skeletons import Binding, Join, Kind, Profile
from crdt.rights.authority import Role
from crdt.tickets import read_ticket, seal_joiner
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.ids import Pseudonym
    from crdt.replica.people import People


@pytest.fixture
def mallory(rosa: Villager, tmp_path: Path) -> Villager:
    """A member, who has read everybody's enrolment."""
    villager = Villager(tmp_path, "mallory")
    [community] = rosa.replica.membership.communities()
    villager.replica.membership.redeem(read_ticket(rosa.ticket(community, Role.READER)))
    rosa.meet(villager)
    return villager


def people_of(node: Villager) -> People:
    people = node.space("inner").people
    assert people is not None
    return people


def shown_name(node: Villager, pseudonym: Pseudonym) -> str:
    """How a node shows who a pseudonym of `inner` is."""
    people = people_of(node)
    member = people.member(pseudonym)
    inside = people.pseudonym(node.space("inner").space, member) if member else None
    return people.name(inside) if inside else ""


def bindings_of(node: Villager, author: Pseudonym) -> list[Binding]:
    inner = node.space("inner")
    found = []
    for stored in node.store.entries.control(inner.space):
        is_theirs = node.replica.interpreter.writers.author(stored.entry) == author
        if is_theirs and stored.kind == Kind.BINDING:
            opened = open_entry(stored.entry, inner.keyring)
            assert opened is not None and isinstance(opened.skeleton, Binding)
            found.append(opened.skeleton)
    return found


def stranger(mallory: Villager) -> None:
    """Let Mallory go on in the inner space under a pseudonym that nobody knows yet."""
    inner = mallory.space("inner")
    mallory.replica.pen.reincarnate(inner)
    fresh = withdrawal_key(b"another seed of Mallory's......!", inner.realm)
    inner.own = LogKeys(inner.own.signing, fresh, inner.own.incarnation)


def test_a_copied_enrolment_in_a_join_renames_nobody(rosa: Villager, mallory: Villager) -> None:
    rosas = rosa.space("inner").own.pseudonym
    [hers, _] = bindings_of(mallory, rosas)
    [(invite, [sealing])] = people_of(mallory).secrets.items()
    joiner = Joiner("Not Rosa", hers.member, hers.device, hers.enrolment, hers.proof)
    stranger(mallory)
    inner = mallory.space("inner")
    box = seal_joiner(sealing, joiner, mallory.weather.random_bytes(24))
    join = Join(mallory.weather.now_ms(), (), invite, bytes(64), box)
    mallory.replica.pen.write(inner, join, priority=Priority.URGENT)
    profile, name = Profile(mallory.weather.now_ms(), ()), encode(ProfileText("Not Rosa"))
    mallory.replica.pen.write(inner, profile, name, priority=Priority.URGENT)

    mallory.give(rosa)

    for node in (rosa, mallory):
        assert shown_name(node, rosas) == "Rosa"
        assert people_of(node).member(inner.own.pseudonym) is None
        assert len(people_of(node).readings(hers.device)) == 1


def test_who_repeats_a_members_binding_does_not_become_that_member(
    rosa: Villager, mallory: Villager
) -> None:
    of_inner, of_commons = bindings_of(mallory, rosa.space("inner").own.pseudonym)
    stranger(mallory)
    inner = mallory.space("inner")
    for copied in (of_commons, of_inner):
        mallory.replica.pen.write(inner, copied, priority=Priority.URGENT)

    mallory.give(rosa)

    for node in (rosa, mallory):
        assert people_of(node).member(inner.own.pseudonym) is None
        assert shown_name(node, inner.own.pseudonym) == ""


def test_the_truth_under_a_new_pseudonym_is_believed(rosa: Villager, mallory: Villager) -> None:
    stranger(mallory)
    inner = mallory.space("inner")
    true = bind(mallory.replica.keys, inner.space, inner.own, mallory.weather.now_ms())
    mallory.replica.pen.write(inner, true, priority=Priority.URGENT)

    mallory.give(rosa)

    assert people_of(rosa).member(inner.own.pseudonym) == mallory.replica.keys.enrolment.member
