"""Bundle files: what is written and read, and what they held."""

from __future__ import annotations

from meshnode.views.view import Request, View


class BundleWriteRequest(Request, frozen=True):
    """Write a bundle file on this machine."""

    path: str
    peer: str | None = None


class BundleReadRequest(Request, frozen=True):
    """Read a bundle file of this machine."""

    path: str


class BundleView(View, frozen=True):
    """What a bundle held."""

    path: str
    entries: int
    new: int
    bytes: int
    refused: int = 0
    problems: tuple[str, ...] = ()
