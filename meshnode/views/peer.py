"""The nodes that an address is known of, and the links to them."""

from __future__ import annotations

from typing import Literal

from meshnode.views.view import Request, View


class PeerView(View, frozen=True):
    """A node that we know an address of."""

    address: str
    carrier: str
    name: str = ""
    """The member's name, once the peer proved to belong to one of our communities."""
    device: str = ""
    is_configured: bool = False
    """Added by hand or by ticket, rather than heard of."""
    state: Literal["idle", "connecting", "syncing", "backing off"] = "idle"
    hops: int | None = None
    last_met_ms: int | None = None
    last_error: str = ""
    lacks: int | None = None
    """Our entries that it lacked when last compared."""
    sent_bytes: int = 0
    received_bytes: int = 0


class PeerRequest(Request, frozen=True):
    """Remember a peer's address."""

    address: str


class LinkView(View, frozen=True):
    """An open link."""

    address: str
    carrier: str
    name: str
    is_outgoing: bool
    since_ms: int
    sent_bytes: int
    received_bytes: int
    bits_per_s: float | None = None
