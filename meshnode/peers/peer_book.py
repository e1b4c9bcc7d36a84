"""The peer book: addresses that this node knows, and how it went with each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from crdt.codec import Decoder, encode

if TYPE_CHECKING:
    from crdt.replica.replica import Replica

SHELF = "peers"
MAX_PEERS = 1000
"""Addresses kept; beyond it the one that was not met for longest goes."""

_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 600.0
_MAX_DOUBLINGS = 10
STRANGER_WAIT_S = 6 * 3600.0
"""A node that shares no space with us is asked again this seldom."""

PeerState = Literal["idle", "connecting", "syncing", "backing off"]


class _Note(msgspec.Struct, frozen=True, array_like=True):
    is_configured: bool
    name: str
    device: str
    last_met_ms: int | None
    sent_bytes: int
    received_bytes: int


_DECODE = Decoder(_Note, 4096)


@dataclass(slots=True, eq=False)
class Peer:
    """A node that we know an address of.

    Attributes:
        is_configured: Added by hand or by ticket, rather than heard of.
        next_visit_s: When to meet it next, on the monotonic clock; 0: as soon as can be.
        failures: In a row.
    """

    address: str
    carrier: str = "reticulum"
    is_configured: bool = False
    name: str = ""
    device: str = ""
    last_met_ms: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    hops: int | None = None
    state: PeerState = "idle"
    last_error: str = ""
    lacks: int | None = None
    next_visit_s: float = 0.0
    failures: int = 0

    def fail(self, reason: str, jitter: float) -> None:
        """Note that a meeting failed; wait twice as long as the last time.

        Args:
            reason: For a person.
            jitter: Random, from 0 to 1, so that two nodes do not collide for ever.
        """
        wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self.failures, _MAX_DOUBLINGS))
        self.failures += 1
        self.last_error = reason
        self.state = "backing off"
        self.next_visit_s = time.monotonic() + wait_s * (0.5 + jitter)

    def succeed(self, again_in_s: float) -> None:
        """Note that a meeting went well; the next one is due after a while."""
        self.failures = 0
        self.last_error = ""
        self.state = "idle"
        self.last_met_ms = time.time_ns() // 1_000_000
        self.next_visit_s = time.monotonic() + again_in_s

    @property
    def is_due(self) -> bool:
        """Whether it may be tried now."""
        return self.state in {"idle", "backing off"} and time.monotonic() >= self.next_visit_s


class PeerBook:
    """Every peer by address; what must outlive a restart is kept in the store."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}

    def load(self, replica: Replica) -> None:
        """Read what is kept, and drop what went beyond the bound; on the record's thread."""
        for key, value in replica.store.shelves.items(SHELF):
            note = _DECODE(value)
            self._peers[key.decode()] = Peer(
                key.decode(),
                is_configured=note.is_configured,
                name=note.name,
                device=note.device,
                last_met_ms=note.last_met_ms,
                sent_bytes=note.sent_bytes,
                received_bytes=note.received_bytes,
            )
        first_to_go = sorted(self._peers.values(), key=_worth)
        with replica.store.writing():
            for peer in first_to_go[: max(0, len(first_to_go) - MAX_PEERS)]:
                del self._peers[peer.address]
                replica.store.shelves.drop(SHELF, peer.address.encode())

    def save(self, replica: Replica, address: str) -> None:
        """Keep a peer, or forget one that is no longer in the book; on the record's thread."""
        peer = self._peers.get(address)
        with replica.store.writing():
            if peer is None:
                replica.store.shelves.drop(SHELF, address.encode())
                return
            note = _Note(
                peer.is_configured,
                peer.name,
                peer.device,
                peer.last_met_ms,
                peer.sent_bytes,
                peer.received_bytes,
            )
            replica.store.shelves.keep(SHELF, address.encode(), encode(note))

    def get(self, address: str) -> Peer | None:
        """Return a peer, or None."""
        return self._peers.get(address)

    def all(self) -> list[Peer]:
        """Return every peer, those met last first."""
        return sorted(self._peers.values(), key=lambda peer: -(peer.last_met_ms or 0))

    def note(self, address: str) -> Peer:
        """Return a peer, new or known."""
        peer = self._peers.get(address)
        if peer is None:
            if len(self._peers) >= MAX_PEERS:
                heard_of = [
                    p
                    for p in self._peers.values()
                    if not p.is_configured and p.state in {"idle", "backing off"}
                ]
                if heard_of:
                    del self._peers[min(heard_of, key=_worth).address]
            peer = self._peers[address] = Peer(address)
        return peer

    def forget(self, address: str) -> bool:
        """Remove a peer; returns whether it was there."""
        return self._peers.pop(address, None) is not None


def _worth(peer: Peer) -> tuple[bool, int]:
    """What to keep longest: whom we were told of, then whom we met last."""
    return peer.is_configured, peer.last_met_ms or 0
