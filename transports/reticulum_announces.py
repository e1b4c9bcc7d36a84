"""Announces: who speaks meshnode in reach. They say no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import RNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transports.bridge import Bell, ThreadBridge

APP_NAME = "meshnode"
ASPECT = "sync"
ANNOUNCE_VERSION = 1
"""All that an announce says, beyond the keys that Reticulum needs."""

MAX_KNOWN_PEERS = 4096
"""Addresses remembered; strangers make new ones for nothing."""


@dataclass(frozen=True, slots=True)
class PeerSeen:
    """Somebody announced that they speak meshnode.

    Attributes:
        address: To be given to `connect`.
        hops: How many relays away, 1 when in direct reach; None when unknown.
        version: Version of the announce.
    """

    address: str
    hops: int | None
    version: int


class KnownPeers:
    """The peers whose announces were heard, the latest last, not more than `MAX_KNOWN_PEERS`."""

    def __init__(self) -> None:
        self._peers: dict[str, PeerSeen] = {}

    def __iter__(self) -> Iterator[PeerSeen]:
        """Yield each peer as last seen."""
        return iter(tuple(self._peers.values()))

    def note(self, seen: PeerSeen) -> None:
        """Remember a peer, and forget the one not heard for the longest if there are too many."""
        self._peers.pop(seen.address, None)
        if len(self._peers) >= MAX_KNOWN_PEERS:
            del self._peers[next(iter(self._peers))]
        self._peers[seen.address] = seen


class AnnounceListener:
    """Hears, on RNS's threads, who speaks meshnode. RNS looks at these two names."""

    aspect_filter = f"{APP_NAME}.{ASPECT}"
    receive_path_responses = True

    def __init__(self, news: ThreadBridge[PeerSeen], heard: Bell) -> None:
        self.news = news
        self.heard = heard

    def received_announce(
        self, destination_hash: bytes, announced_identity: object, app_data: bytes | None
    ) -> None:
        """Pass on an announce; RNS calls with exactly these parameter names."""
        del announced_identity
        if app_data:
            hops = RNS.Transport.hops_to(destination_hash)
            known = hops if hops < RNS.Transport.PATHFINDER_M else None
            self.news.offer(PeerSeen(destination_hash.hex(), known, app_data[0]))
        self.heard.ring()
