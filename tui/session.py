"""What all screens share: the way to the node, its last known state, and unsaved work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshnode.client import NodeClient
    from meshnode.views.contribution import ContributionView
    from meshnode.views.status import Status


@dataclass(frozen=True, slots=True)
class Draft:
    """A contribution being written, kept in memory until it is saved or dropped.

    Attributes:
        base: What was read when the writing began; None: a new contribution. It is kept,
            because an edit is sent as a change of what was read.
    """

    title: str
    text: str
    language: str
    tags: str
    place: str
    level: str
    base: ContributionView | None = None


@dataclass(slots=True)
class Session:
    """One visit of one person to one node. Nothing in it is written to disk.

    Attributes:
        client: The way to the daemon.
        status: The node as last heard of; None before the first answer.
        is_connected: Whether the daemon answered last time.
        trouble: Why it answers but is no use, for example another version; "" when it is away.
        drafts: Unsaved work by contribution id; "" is the new contribution.
        writing: What open editors hold that is not saved, by contribution id; None: nothing.
        questions: What was asked, newest last.
        is_making_home: Whether the first-run guide is between "begin" and its end: the
            recovery words are on screen then, and nothing may take their place.
    """

    client: NodeClient
    status: Status | None = None
    is_connected: bool = False
    trouble: str = ""
    drafts: dict[str, Draft] = field(default_factory=dict)
    writing: dict[str, Callable[[], Draft | None]] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    is_making_home: bool = False

    @property
    def has_unsaved(self) -> bool:
        """Whether words would be lost if the app closed now."""
        return bool(self.drafts) or any(unsaved() for unsaved in self.writing.values())

    def forget(self, *, keeps_unsaved: bool) -> None:
        """Drop what a locked node must not show.

        Args:
            keeps_unsaved: The node only went away and came back: what somebody was writing
                waits, unseen, until they have unlocked it.
        """
        self.questions.clear()
        if not keeps_unsaved:
            self.drafts.clear()
            return
        for name, unsaved in self.writing.items():
            if draft := unsaved():
                self.drafts[name] = draft
