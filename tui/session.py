"""What all screens share: the way to the node, its last known state, and unsaved work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.views import Status


@dataclass(frozen=True, slots=True)
class Draft:
    """A contribution being written, kept in memory until it is saved or dropped."""

    title: str
    text: str
    language: str
    tags: str
    place: str
    level: str


@dataclass(slots=True)
class Session:
    """One visit of one person to one node. Nothing in it is written to disk.

    Attributes:
        client: The way to the daemon.
        status: The node as last heard of; None before the first answer.
        is_connected: Whether the daemon answered last time.
        trouble: Why it answers but is no use, for example another version; "" when it is away.
        drafts: Unsaved work by contribution id; "" is the new contribution.
        questions: What was asked, newest last.
        is_making_home: Whether the first-run guide is between "begin" and its end: the
            recovery words are on screen then, and nothing may take their place.
    """

    client: NodeClient
    status: Status | None = None
    is_connected: bool = False
    trouble: str = ""
    drafts: dict[str, Draft] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    is_making_home: bool = False

    def forget(self) -> None:
        """Drop what a locked node must not show."""
        self.drafts.clear()
        self.questions.clear()
