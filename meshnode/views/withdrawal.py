"""Taking a contribution back, and how far that has reached."""

from __future__ import annotations

from typing import Literal

from meshnode.views.view import Request, View


class WithdrawRequest(Request, frozen=True):
    """Take a contribution back."""

    reason: str = ""


class CoverageNode(View, frozen=True):
    """One device of the community, and whether it has carried a withdrawal out."""

    name: str
    device: str
    state: Literal["erased", "waiting", "unheard"]
    """erased: it carried the withdrawal out or, before one, it holds the contribution."""
    last_heard_ms: int | None = None


class Coverage(View, frozen=True):
    """How far a withdrawal (or, before one, a contribution) has reached."""

    id: str
    title: str
    is_withdrawn: bool
    """Whole or, for who did not begin it, their own words in it."""
    done: int
    """Devices that erased it or, before a withdrawal, hold it."""
    total: int
    sentence: str
    """For example "erased on 2 of 2 nodes"."""
    nodes: tuple[CoverageNode, ...]
    reason: str = ""
    """Why it was taken back, if that was said."""
