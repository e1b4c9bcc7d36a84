"""Peers are remembered as last seen, and not without bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transports.reticulum_announces import KnownPeers, PeerSeen

if TYPE_CHECKING:
    import pytest


def test_a_peer_is_remembered_as_last_seen() -> None:
    peers = KnownPeers()
    for hops in (3, 1):
        peers.note(PeerSeen("aa", hops, version=1))

    assert list(peers) == [PeerSeen("aa", 1, version=1)]


def test_who_was_not_heard_for_the_longest_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transports.reticulum_announces.MAX_KNOWN_PEERS", 2)
    peers = KnownPeers()

    for address in ("aa", "bb", "aa", "cc"):
        peers.note(PeerSeen(address, None, version=1))

    assert [peer.address for peer in peers] == ["aa", "cc"]
