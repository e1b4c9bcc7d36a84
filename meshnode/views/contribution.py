"""A contribution: in a list, in full, given and edited."""

from __future__ import annotations

from typing import Literal

from meshnode.views.view import Request, View

LevelName = Literal["inner", "allied", "commons"]


class ContributionRow(View, frozen=True):
    """A contribution in a list."""

    id: str
    title: str
    author: str
    community: str
    level: LevelName
    language: str
    tags: tuple[str, ...]
    changed_ms: int
    is_own: bool
    given_by: str = ""
    """Who signed it, where that is not the author."""


class ContributionPage(View, frozen=True):
    """A stretch of the list, and how long the whole list is."""

    total: int
    offset: int
    items: tuple[ContributionRow, ...]


class ContributionView(View, frozen=True):
    """A contribution in full."""

    id: str
    title: str
    text: str
    author: str
    author_key: str
    contributors: tuple[str, ...]
    community: str
    level: LevelName
    language: str
    licence: str
    tags: tuple[str, ...]
    place: str
    source: str
    consent: tuple[str, ...]
    created_ms: int
    changed_ms: int
    edits: int
    version: tuple[str, ...]
    """Ids of the newest edits: give them back with an edit, so that it applies to what was read."""
    is_own: bool
    may_edit: bool
    may_withdraw: bool
    given_by: str = ""
    """Who signed it, where that is not the author: a member's name, or a short key."""


class AddRequest(Request, frozen=True):
    """Give a new contribution."""

    title: str
    text: str
    level: LevelName = "commons"
    community: str | None = None
    language: str = "und"
    licence: str | None = None
    tags: tuple[str, ...] = ()
    place: str = ""
    source: str = ""
    author: str | None = None
    consent: tuple[str, ...] | None = None


class EditRequest(Request, frozen=True):
    """Change a contribution. What is None stays; no tags and an empty place take theirs out."""

    version: tuple[str, ...] = ()
    """As read; empty: the newest."""
    title: str | None = None
    text: str | None = None
    language: str | None = None
    licence: str | None = None
    tags: tuple[str, ...] | None = None
    place: str | None = None
