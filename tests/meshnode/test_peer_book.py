"""The peer book: patience with those who do not answer, and bounded memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from meshnode.peers.peer_book import MAX_PEERS, Peer, PeerBook
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path


def test_a_peer_that_has_not_answered_for_weeks_is_still_tried() -> None:
    peer = Peer("a" * 32)

    for _ in range(5000):
        peer.fail("no answer", 0.5)

    assert peer.state == "backing off"
    assert peer.next_visit_s - time.monotonic() <= 900


def test_the_wait_grows_from_failure_to_failure() -> None:
    peer = Peer("a" * 32)
    waits = []

    for _ in range(4):
        peer.fail("no answer", 0.5)
        waits.append(round(peer.next_visit_s - time.monotonic()))

    assert waits == sorted(set(waits))


@pytest.mark.slow
def test_a_flood_of_announces_neither_grows_the_book_nor_drops_whom_we_meet() -> None:
    book = PeerBook()
    friend = book.note("f" * 32)
    friend.is_configured = True
    met = book.note("e" * 32)
    met.state = "syncing"

    for number in range(3 * MAX_PEERS):
        book.note(f"{number:032x}")

    assert len(book.all()) <= MAX_PEERS
    assert book.get("f" * 32) is friend
    assert book.get("e" * 32) is met


def test_strangers_that_were_met_over_the_years_are_forgotten_on_the_disk_as_well(
    tmp_path: Path,
) -> None:
    replica = Villager(tmp_path, "rosa").replica
    book = PeerBook()
    with replica.store.writing():
        friend = book.note("f" * 32)
        friend.is_configured = True
        book.save(replica, friend.address)
        for number in range(MAX_PEERS + 50):
            met = book.note(f"{number:032x}")
            met.last_met_ms = number + 1
            book.save(replica, met.address)

    again = PeerBook()
    again.load(replica)

    assert len(again.all()) == len(replica.store.shelves.items("peers")) == MAX_PEERS
    assert again.get(friend.address) is not None
    assert again.get(f"{MAX_PEERS + 49:032x}") is not None
    assert again.get(f"{0:032x}") is None
