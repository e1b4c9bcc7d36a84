"""A home: how it is made, and opened."""

from __future__ import annotations

from meshnode.views.view import Request, View


class InitRequest(Request, frozen=True):
    """Make a home: a member, a device and, if asked, a community."""

    name: str
    community: str | None = None
    ticket: str | None = None
    passphrase: str | None = None
    """None: no passphrase; the key file lies in the home, readable by its user alone."""


class InitView(View, frozen=True):
    """A new home. The words are shown once and kept nowhere."""

    home: str
    member: str
    words: tuple[str, ...]
    community: str | None = None


class UnlockRequest(Request, frozen=True):
    """Open a locked node."""

    passphrase: str
