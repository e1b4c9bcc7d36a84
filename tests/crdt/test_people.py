"""Who is behind a pseudonym does not depend on what was heard first."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from crdt.certificates import bind
from crdt.crypto.keys import LogKeys
from crdt.ids import SpaceId
from crdt.replica.people import People
from crdt.space import SpaceKind, realm
from tests.crdt.people import bytes_for, device_keys

if TYPE_CHECKING:
    from crdt.entries.skeletons import Binding

NONCE = bytes_for("nonce", 16)
INNER, COMMONS = SpaceId(bytes_for("inner", 32)), SpaceId(bytes_for("commons", 32))
REALM = realm(NONCE, SpaceKind.INNER)


def log_of(name: str, pseudonym_of: str, incarnation: str = "one") -> LogKeys:
    own = device_keys(name).log(REALM, bytes_for(incarnation, 16))
    other = device_keys(pseudonym_of).log(REALM, bytes(16))
    return LogKeys(own.signing, other.withdrawal, own.incarnation)


def two_members() -> list[Binding]:
    """One pseudonym that says of itself to be two members, in two spaces."""
    return [
        bind(device_keys(name), space, log_of(name, "rosa"), stamp_ms)
        for stamp_ms, name in enumerate(("rosa", "eve"))
        for space in (INNER, COMMONS)
    ]


def told(bindings: list[Binding]) -> dict[str, object]:
    people, author = People(INNER), log_of("rosa", "rosa").pseudonym
    for binding in bindings:
        people.bind(author, binding)
    return {
        "member": people.member(author),
        "members": people.members(),
        "logs": people.logs_of(author),
        "readers": {(each.device, each.log) for each in people.readers()},
        "since": [people.since(member) for member in people.members()],
    }


def test_whoever_claims_to_be_two_members_is_the_lower_one_in_any_order() -> None:
    bindings = two_members()
    lower = min(device_keys(name).enrolment.member for name in ("rosa", "eve"))

    seen = [told(list(order)) for order in permutations(bindings)]

    assert seen[0]["member"] == lower
    assert all(each == seen[0] for each in seen)


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_said_before_it_was_proven_counts_once_it_is(times: int) -> None:
    rosa = device_keys("rosa")
    inside, outside = (bind(rosa, space, log_of("rosa", "rosa"), 7) for space in (INNER, COMMONS))

    seen = told([outside] * times + [inside] * times)

    assert seen == told([inside, outside])
    assert told([outside])["member"] is None
