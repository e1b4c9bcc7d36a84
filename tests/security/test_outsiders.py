"""What people without a role write decides nothing, and costs nobody anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from crdt.codec import encode
from crdt.entries.contents import ProfileText
from crdt.entries.keyring import write_epoch
from crdt.entries.skeletons import Kind, Profile, Revocation
from crdt.rights.authority import Role
from tests.crdt.forger import Forger
from tests.crdt.people import bytes_for
from tests.security.village_rules import count_of, deliver, join

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.entries.entry import SignedEntry
    from crdt.replica.held_space import HeldSpace
    from tests.crdt.village import Villager

pytestmark = pytest.mark.slow
MANY = 80
"""More than the heads that one entry cites."""


def empty_revocations(held: HeldSpace, count: int = MANY) -> list[SignedEntry]:
    stranger = Forger(held, "mallory")
    revocation = Revocation(1, (), None, (), ())
    return [stranger.certificate(), *(stranger.write(revocation) for _ in range(count))]


def test_a_strangers_revocations_are_no_heads_and_silence_nobody(
    rosa: Villager, tmp_path: Path
) -> None:
    ahmed, dan = (join(rosa, tmp_path, name, Role.STEWARD) for name in ("ahmed", "dan"))
    for guest in (ahmed, dan, ahmed):
        rosa.meet(guest)
    heads = [node.space("commons").heads for node in (rosa, ahmed, dan)]

    for node in (rosa, ahmed, dan):
        assert not deliver(node, empty_revocations(rosa.space("commons"))).refused

    assert [node.space("commons").heads for node in (rosa, ahmed, dan)] == heads
    assert all(node.text(node.write("After.")) == "After." for node in (rosa, ahmed, dan))


def test_a_strangers_revocations_make_nobody_begin_epochs(rosa: Villager) -> None:
    before = count_of(rosa, Kind.EPOCH)

    for entry in empty_revocations(rosa.space("inner"), 5):
        deliver(rosa, [entry])

    assert count_of(rosa, Kind.EPOCH) == before


def test_a_strangers_epochs_are_joined_by_nobody(rosa: Villager) -> None:
    held, stranger = rosa.space("inner"), Forger(rosa.space("inner"), "mallory")
    device = rosa.replica.keys.device.public
    before = count_of(rosa, Kind.EPOCH)
    deliver(rosa, [stranger.certificate()])

    for turn in range(5):
        epoch = write_epoch(
            bytes_for(f"key {turn}", 32),
            [device],
            [],
            space=held.space,
            author=stranger.keys.pseudonym,
            cites=held.heads,
            stamp_ms=(1 << 53) - 1,
        )
        deliver(rosa, [stranger.write(epoch)])

    assert held.epochs is not None and held.epochs.apart() == []
    assert count_of(rosa, Kind.EPOCH) == before + 5


def test_a_strangers_revocation_of_somebody_makes_no_view_stale(rosa: Villager) -> None:
    rosa.write("A note.")
    rosa.replica.made_anew(rosa.replica.stale_documents(100))
    stranger, commons = Forger(rosa.space("commons"), "mallory"), rosa.space("commons")

    deliver(rosa, [stranger.certificate()])
    deliver(rosa, [stranger.write(Revocation(1, (), commons.own.pseudonym, (), ()))])

    assert not rosa.replica.stale.all()


@pytest.mark.parametrize("kind", ["profile", "revocation"])
def test_in_a_sealed_space_nobody_is_heard_in_clear(
    rosa: Villager, tmp_path: Path, kind: str
) -> None:
    eve = join(rosa, tmp_path, "eve")
    held, forger = eve.space("inner"), Forger.of(eve, "inner")
    skeletons = {
        "profile": (Profile((1 << 53) - 1, held.heads), encode(ProfileText("Rosa"))),
        "revocation": (Revocation(1, held.heads, held.own.pseudonym, (), ()), b""),
    }
    members = dict(rosa.space("inner").access.members())  # type: ignore[union-attr]

    deliver(rosa, [forger.write(*skeletons[kind])])

    people = rosa.space("inner").people
    assert people is not None and people.name(held.own.pseudonym) == "Eve"
    assert dict(rosa.space("inner").access.members()) == members  # type: ignore[union-attr]
    deliver(rosa, [forger.write(*skeletons[kind], seal=held.writing_seal())])
    assert people.name(held.own.pseudonym) == ("Rosa" if kind == "profile" else "Eve")


def test_a_steward_who_closed_a_space_and_made_its_keys_unfit_is_removed_all_the_same(
    rosa: Villager, tmp_path: Path
) -> None:
    wrong = join(rosa, tmp_path, "wrong", Role.STEWARD)
    held, forger = wrong.space("inner"), Forger.of(wrong, "inner")
    unknown = msgspec.msgpack.encode([30, 1, list(held.heads)])
    seal = held.writing_seal()
    revocation = Revocation(1, held.heads, None, (), ())
    deliver(rosa, [forger.write(unknown, seal=seal), forger.write(revocation, seal=seal)])

    [community] = rosa.replica.membership.communities()
    rosa.replica.standing.remove(community, wrong.replica.keys.enrolment.member)
    rosa.replica.react()

    assert rosa.text(rosa.write("Open again.", "inner")) == "Open again."
