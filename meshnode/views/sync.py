"""Meeting peers now: what is asked, and how each meeting goes."""

from __future__ import annotations

from typing import Literal

from meshnode.views.view import Request, View


class SyncRequest(Request, frozen=True):
    """Meet a peer now (None: everybody within reach)."""

    peer: str | None = None


class SyncProgress(View, frozen=True, tag="progress"):
    """A sync under way."""

    peer: str
    stage: Literal["connecting", "comparing", "transferring"]
    sent: int = 0
    received: int = 0
    """Entries so far."""


class SyncDone(View, frozen=True, tag="done"):
    """A sync that ended, well (error empty) or not."""

    peer: str
    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    duration_ms: float = 0.0
    error: str = ""


SyncEvent = SyncProgress | SyncDone
