"""Communities of this node: founding, inviting, joining, and who is in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crdt.errors import UnknownSpace
from crdt.ids import MemberId, find_by_prefix
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from meshnode.errors import BadUsage
from meshnode.record.attribution import name_of
from meshnode.record.receipt_desk import receipt_of
from meshnode.views.community import CommunityView, InviteView, MemberView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crdt.ids import Pseudonym
    from crdt.replica.membership import Community
    from crdt.replica.replica import Replica
    from meshnode.exchange import Exchange
    from meshnode.record.record import Record
    from meshnode.views.community import InviteRequest, RoleName, RoleRequest

WEEK_MS = 7 * 24 * 3_600_000
MAX_USES = 1000

_ROLES: dict[Role, RoleName] = {
    Role.READER: "reader",
    Role.CONTRIBUTOR: "contributor",
    Role.STEWARD: "steward",
    Role.FOUNDER: "founder",
}


class CommunityDesk:
    """What a member does in and with communities.

    Args:
        record: Where they are.
        exchange: Whose address goes into tickets, and who is sent to a ticket's address.
    """

    def __init__(self, record: Record, exchange: Exchange) -> None:
        self._record = record
        self._exchange = exchange

    async def found(self, name: str) -> CommunityView:
        """Found a community.

        Raises:
            BadUsage: It has no name.
        """
        name = " ".join(name.split())
        if not name:
            raise BadUsage("the community needs a name")

        def write(replica: Replica) -> Community:
            return replica.membership.found(name)

        community = await self._record.change(write)
        return await self._record.run(lambda replica: community_view(replica, community))

    async def invite(self, request: InviteRequest) -> InviteView:
        """Write a ticket.

        Raises:
            BadUsage: Nobody may be invited so.
            NotAuthorised, UnknownSpace: We may not, or there is no such community.
        """
        if not 1 <= request.uses <= MAX_USES:
            raise BadUsage(f"a ticket serves 1 to {MAX_USES} people")
        expires_ms = int(time.time() * 1000) + (request.expires_ms or WEEK_MS)
        role = Role[request.role.upper()]
        address = bytes.fromhex(self._exchange.address)

        def write(replica: Replica) -> InviteView:
            community = _community_named(replica, request.community)
            ticket = replica.membership.invite(community, role, request.uses, expires_ms, address)
            return InviteView(
                ticket=ticket.text(),
                community=community.inner.name,
                role=request.role,
                uses=request.uses,
                expires_ms=expires_ms,
            )

        return await self._record.change(write)

    async def join(self, text: str) -> CommunityView:
        """Redeem a ticket, and go and meet whoever wrote it.

        Raises:
            BadInvite: It is not a ticket, has expired, or was redeemed here already.
        """
        ticket = read_ticket(text)
        community = await self._record.change(lambda r: r.membership.redeem(ticket))
        if ticket.address and len(ticket.address) == 16:
            await self._exchange.remember(ticket.address.hex())
        return await self._record.run(lambda replica: community_view(replica, community))

    async def appoint(self, member: str, request: RoleRequest) -> list[MemberView]:
        """Give a member another role, or bring a removed one back.

        Raises:
            UnknownEntry, AmbiguousId, Malformed: The id or name means nobody, or several.
            NotAuthorised: We are no steward, or they stand, or would stand, above us.
        """
        role = Role[request.role.upper()]

        def write(replica: Replica) -> None:
            found = _community_named(replica, request.community or None)
            replica.standing.appoint(found, _member(replica, found, member), role)

        await self._record.change(write)
        return await self.members()

    async def remove(self, member: str, community: str) -> list[MemberView]:
        """Take a member's roles: they read and write nothing new.

        Raises:
            UnknownEntry, AmbiguousId, Malformed: The id means nobody, or several.
            NotAuthorised: We are no steward, or they stand above us.
        """

        def write(replica: Replica) -> None:
            found = _community_named(replica, community or None)
            replica.standing.remove(found, _member(replica, found, member))

        await self._record.change(write)
        return await self.members()

    async def members(self) -> list[MemberView]:
        """Give the members of every community, founders first."""
        return await self._record.run(
            lambda r: [view for found in r.membership.communities() for view in _members(r, found)]
        )


def community_view(replica: Replica, community: Community) -> CommunityView:
    """Return a community and our standing in it."""
    inner, commons = community.inner, community.commons
    role = inner.role
    pending = role is None
    if pending:
        role = replica.membership.pending_role(inner.space)
    return CommunityView(
        id=(commons or inner).space.hex(),
        name=inner.name or replica.membership.pending_name(inner.space),
        role=_ROLES[role] if role else None,
        members=len(inner.access.members()) if inner.access else 0,
        contributions=0,
        pending=pending,
    )


def _member(replica: Replica, community: Community, wanted: str) -> MemberId:
    """Find a member by their name, where only one is called so, or by their id."""
    people = community.inner.people
    known = people.members() if people else ()
    named = [
        member
        for member in known
        if people
        and (inside := people.pseudonym(community.inner.space, member))
        and people.name(inside).casefold() == wanted.strip().casefold()
    ]
    if len(named) == 1:
        return named[0]
    unknown = (MemberId(pseudonym) for pseudonym, _ in _unknown(community))
    return find_by_prefix(wanted, (*known, *unknown))


def _unknown(community: Community) -> Iterator[tuple[Pseudonym, Role]]:
    """Who holds a role in the commons, and whom nothing in `inner` names (yet)."""
    people, commons = community.inner.people, community.commons
    if people is None or commons is None or commons.access is None:
        return
    for pseudonym, role in commons.access.members().items():
        if people.member(pseudonym) is None:
            yield pseudonym, role


def _community_named(replica: Replica, name: str | None) -> Community:
    for found in replica.membership.communities():
        if name is None or found.inner.name == name:
            return found
    raise UnknownSpace(name or "found a community, or join one")


def _members(replica: Replica, community: Community) -> list[MemberView]:
    inner = community.inner
    if inner.access is None or inner.people is None:
        return []
    devices: dict[MemberId, set[bytes]] = {}
    for reader in inner.people.readers():
        member = inner.people.member(reader.pseudonym)
        if member is not None:
            devices.setdefault(member, set()).add(reader.device_public)
    views = []
    for pseudonym, role in inner.access.members().items():
        member = inner.people.member(pseudonym)
        heard = [
            receipt.stamp_ms
            for reader in inner.people.readers()
            if reader.pseudonym == pseudonym
            if (receipt := receipt_of(replica, inner.space, reader.device)) is not None
        ]
        views.append(
            MemberView(
                name=name_of(replica, inner, pseudonym) or pseudonym.hex()[:8],
                member=(member or pseudonym).hex(),
                role=_ROLES[role],
                community=inner.name,
                devices=len(devices.get(member, ())) if member else 0,
                is_self=pseudonym == inner.own.pseudonym,
                joined_ms=inner.people.since(member) if member else None,
                last_heard_ms=max(heard, default=None),
            )
        )
    views += [
        MemberView(
            name=f"nobody known here ({pseudonym.hex()[:8]})",
            member=pseudonym.hex(),
            role=_ROLES[role],
            community=inner.name,
            devices=0,
            is_self=False,
            joined_ms=None,
            last_heard_ms=None,
        )
        for pseudonym, role in _unknown(community)
    ]
    rank = {name: -role for role, name in _ROLES.items()}
    return sorted(views, key=lambda view: (rank[view.role] if view.role else 0, view.name))
