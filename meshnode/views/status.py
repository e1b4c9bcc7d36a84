"""The node at a glance, and each part of it checked."""

from __future__ import annotations

from typing import Literal

from meshnode.views.community import CommunityView
from meshnode.views.view import View

NodeState = Literal["empty", "locked", "open"]
"""empty: no home yet; locked: the keys wait for the passphrase; open: at work."""

ModelState = Literal["off", "absent", "loading", "ready", "failed"]


class ModelView(View, frozen=True):
    """The local model: its state, and its name once known."""

    state: ModelState
    name: str = ""
    detail: str = ""


class Status(View, frozen=True):
    """The node at a glance."""

    state: NodeState
    version: str
    home: str
    name: str = ""
    member: str = ""
    address: str = ""
    community: str = ""
    communities: tuple[CommunityView, ...] = ()
    entries: int = 0
    contributions: int = 0
    peers: int = 0
    links: int = 0
    unsynced: int = 0
    """Own entries that no other node is known to hold."""
    new: int = 0
    """Contributions that arrived since the reader last opened Home."""
    model: ModelView = ModelView(state="off")
    started_ms: int = 0
    problems: tuple[str, ...] = ()
    """Sentences for a person: each says what is wrong and what to do."""


class CheckView(View, frozen=True):
    """One line of `doctor`."""

    name: str
    state: Literal["good", "warning", "bad"]
    detail: str
    advice: str = ""
