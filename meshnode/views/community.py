"""Communities and their members; how a member comes in."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from meshnode.views.view import Request, View

RoleName = Literal["founder", "steward", "contributor", "reader"]


class CommunityView(View, frozen=True):
    """A community that this node belongs to, and our standing in it."""

    id: str
    name: str
    role: RoleName | None
    members: int
    contributions: int
    pending: bool = False
    """True while a redeemed ticket waits for the community to hear of it."""


class FoundRequest(Request, frozen=True):
    """Found a community, with this node's member as its founder."""

    name: Annotated[str, msgspec.Meta(max_length=200)]


class InviteRequest(Request, frozen=True):
    """Ask for a ticket."""

    role: RoleName = "contributor"
    uses: int = 1
    expires_ms: int | None = None
    """How long it serves, in milliseconds from now; None: seven days."""
    community: str | None = None


class InviteView(View, frozen=True):
    """A ticket to hand over."""

    ticket: str
    community: str
    role: RoleName
    uses: int
    expires_ms: int


class JoinRequest(Request, frozen=True):
    """Redeem a ticket."""

    ticket: str


class MemberView(View, frozen=True):
    """A member as this node knows them."""

    name: str
    member: str
    role: RoleName | None
    community: str
    devices: int
    is_self: bool
    joined_ms: int | None = None
    last_heard_ms: int | None = None


class RoleRequest(Request, frozen=True):
    """Give a member another role."""

    role: RoleName
    community: str = ""
    """By name; empty: the first one."""
