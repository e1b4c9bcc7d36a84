"""The history of a contribution, edit by edit."""

from __future__ import annotations

from typing import Literal

from meshnode.views.view import View


class Change(View, frozen=True):
    """A stretch of text in a difference: kept, added or removed."""

    op: Literal["same", "added", "removed"]
    text: str


class FieldChange(View, frozen=True):
    """A field that a revision set."""

    field: str
    value: str


class Revision(View, frozen=True):
    """One edit of a contribution."""

    id: str
    author: str
    stamp_ms: int
    is_effective: bool
    """False when the author had no grant for it: kept, but without effect."""
    is_withdrawn: bool
    fields: tuple[FieldChange, ...]
    changes: tuple[Change, ...]
