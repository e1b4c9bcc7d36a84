"""The memory of what was refused: bounded, by peer and space, and short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.ids import EntryId, SpaceId
from meshnode.peers import refusals
from meshnode.peers.refusals import Refusals

if TYPE_CHECKING:
    import pytest

ONE, OTHER = SpaceId(b"s" * 32), SpaceId(b"t" * 32)
PEER = b"p" * 16


def entry(number: int) -> EntryId:
    return EntryId(number.to_bytes(32, "big"))


def test_each_peer_is_remembered_apart_and_each_space() -> None:
    known = Refusals()
    known.note(PEER, ONE, [entry(1), entry(2)])
    known.note(PEER, OTHER, [entry(3)])
    known.note(b"q" * 16, ONE, [entry(4)])

    assert known.of(PEER, ONE) == [entry(1), entry(2)]

    known.forget([ONE])
    assert known.of(PEER, ONE) == known.of(b"q" * 16, ONE) == []
    assert known.of(PEER, OTHER) == [entry(3)]


def test_of_too_many_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MAX_REFUSED", 3)
    known = Refusals()
    known.note(PEER, ONE, [entry(1), entry(2), entry(3)])

    known.note(PEER, ONE, [entry(1), entry(4)])

    assert known.of(PEER, ONE) == [entry(3), entry(1), entry(4)]
