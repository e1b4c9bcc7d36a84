"""Founding, inviting, joining, and what a node does by itself so that joining works.

    ticket ─ redeem ─> join in `inner` ─ meets a member ─> key shared ─> binding, profile
                             └ genesis names the commons ─> join there too

Whoever may do something is judged from the entries alone (`crdt.rights.access`); the
steps here only write them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from crdt.certificates import bind, prove_device
from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.aead import NONCE_BYTES
from crdt.crypto.keys import INCARNATION_BYTES, withdrawal_key
from crdt.entries.contents import CardText, InviteSecret, Joiner, ProfileText
from crdt.entries.entry import Priority
from crdt.entries.skeletons import Card, Genesis, Grant, Invite, Join, Profile
from crdt.errors import BadInvite, NotAuthorised
from crdt.ids import NO_ENTRY, EntryId, Pseudonym, SpaceId
from crdt.rights.authority import Role
from crdt.space import (
    NONCE_BYTES as COMMUNITY_NONCE_BYTES,
)
from crdt.space import (
    SpaceKind,
    commons_charter,
    inner_charter,
    realm,
    space_id,
)
from crdt.store.rows import SpaceRow
from crdt.tickets import CLOSED_AFTER_MS, SECRET_BYTES, Ticket, seal_joiner

if TYPE_CHECKING:
    from crdt.crypto.keys import DeviceKeys
    from crdt.entries.entry import VerifiedEntry
    from crdt.entries.skeletons import Charter, Skeleton
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.holdings import Holdings
    from crdt.replica.key_distribution import KeyDistribution
    from crdt.replica.pen import Pen
    from crdt.rights.access import OpenInvite
    from crdt.store.port import Store

TICKET_SHELF = "tickets"
"""Tickets that we redeemed and that are not yet of no use; key: the `inner` space."""

_ANSWERED_SHELF = "answered invites"


class _Redeemed(WireStruct, frozen=True):
    ticket: Ticket
    name: str


_REDEEMED = Decoder(_Redeemed, 2048)


@dataclass(frozen=True, slots=True)
class Community:
    """The two spaces of a community, as far as this node holds them.

    Attributes:
        commons: None until the charter of `inner` has told which it is.
    """

    inner: HeldSpace
    commons: HeldSpace | None


class Membership:
    """Acts of this node's member in their communities.

    Args:
        store: Where entries go.
        holdings: The spaces that this node holds.
        pen: Writes them.
        distribution: Gives members the keys of sealed spaces.
        keys: Of this device.
        name: What the member wants to be called.
    """

    def __init__(
        self,
        store: Store,
        holdings: Holdings,
        pen: Pen,
        distribution: KeyDistribution,
        keys: DeviceKeys,
        name: str,
    ) -> None:
        self._store = store
        self._holdings = holdings
        self._pen = pen
        self._distribution = distribution
        self._keys = keys
        self._name = name

    # --- founding ----------------------------------------------------------------------

    def found(self, name: str) -> Community:
        """Found a community, with us as its founder."""
        nonce = self._pen.random_bytes(COMMUNITY_NONCE_BYTES)
        open_charter = commons_charter(nonce, self._pseudonym(nonce, SpaceKind.COMMONS))
        founder = self._pseudonym(nonce, SpaceKind.INNER)
        sealed_charter = inner_charter(nonce, space_id(open_charter), founder)
        card = encode(CardText(name, ""))
        with self._store.writing():
            commons = self._hold(nonce, SpaceKind.COMMONS, space_id(open_charter))
            inner = self._hold(nonce, SpaceKind.INNER, space_id(sealed_charter))
            for held, charter in ((commons, open_charter), (inner, sealed_charter)):
                self._begin(held, charter)
            self._distribution.rotate(inner)
            for held in (commons, inner):
                self._urgent(held, Card(self._pen.now_ms(), ()), card)
            self._introduce(Community(inner, commons), self._name)
        return Community(inner, commons)

    def _begin(self, held: HeldSpace, charter: Charter) -> None:
        self._urgent(held, Genesis(self._pen.now_ms(), (), charter))

    def _pseudonym(self, nonce: bytes, kind: SpaceKind) -> Pseudonym:
        key = withdrawal_key(self._keys.withdrawal_seed, realm(nonce, kind))
        return Pseudonym(key.public)

    def _hold(self, nonce: bytes, kind: SpaceKind, space: SpaceId) -> HeldSpace:
        incarnation = self._pen.random_bytes(INCARNATION_BYTES)
        return self._holdings.hold(SpaceRow(space, kind, realm(nonce, kind), None, incarnation))

    def _urgent(self, held: HeldSpace, skeleton: Skeleton, content: bytes = b"") -> VerifiedEntry:
        return self._pen.write(held, skeleton, content, priority=Priority.URGENT)

    # --- inviting ------------------------------------------------------------------------

    def invite(
        self, community: Community, role: Role, uses: int, expires_ms: int, address: bytes
    ) -> Ticket:
        """Write a ticket.

        Args:
            community: To join.
            role: What its holder becomes; at most our own.
            uses: How many people it serves. One: it serves by itself, wherever it
                is redeemed. More: each is let in by this node.
            expires_ms: On the clocks of holder and steward.
            address: Where this node is met.

        Raises:
            NotAuthorised: We are no steward, or offer more than we have.
        """
        commons = self.steward(community, role)
        ticket = Ticket(
            inner=community.inner.space,
            invite=NO_ENTRY,
            nonce=community.inner.realm[:COMMUNITY_NONCE_BYTES],
            secret=self._pen.random_bytes(SECRET_BYTES),
            role=int(role),
            uses=uses,
            expires_s=expires_ms // 1000,
            community=community.inner.name[:64] or "?",
            address=address,
        )
        key = ticket.signing.public
        invite = Invite(self._pen.now_ms(), (), key, int(role), uses, expires_ms, ())
        with self._store.writing():
            self._distribution.ensure_key(community.inner)
            secret = encode(InviteSecret(ticket.sealing))
            written = self._urgent(community.inner, invite, secret)
            self._urgent(commons, invite)
        return replace(ticket, invite=written.id)

    def steward(self, community: Community, role: Role) -> HeldSpace:
        """Make sure that we are a steward in both spaces, and not below a role.

        Returns:
            The commons.

        Raises:
            NotAuthorised: We are not.
        """
        if community.commons is None:
            raise NotAuthorised("the community has not been met yet")
        for held in (community.inner, community.commons):
            if held.role is None or held.role < Role.STEWARD or held.role < role:
                raise NotAuthorised(f"a {role.name.lower()} is invited by a steward")
        return community.commons

    # --- joining -------------------------------------------------------------------------

    def redeem(self, ticket: Ticket) -> Community:
        """Join with a ticket; the community hears of it at the next meeting.

        Raises:
            BadInvite: It has expired by our clock, or we are in that community already.
        """
        if ticket.expires_s * 1000 <= self._pen.now_ms():
            raise BadInvite("it has expired, by this machine's clock; ask for a new one")
        space = SpaceId(ticket.inner)
        if self._holdings.find(space) is not None:
            raise BadInvite("this node is in that community already, or on its way into it")
        with self._store.writing():
            redeemed = encode(_Redeemed(ticket, self._name))
            self._store.shelves.keep(TICKET_SHELF, space, redeemed)
            inner = self._hold(ticket.nonce, SpaceKind.INNER, space)
            inner.ticket_sealing = ticket.sealing
            self._join(inner, ticket, self._box(inner, ticket), cites=(EntryId(ticket.invite),))
        return Community(inner, None)

    def resume(self) -> None:
        """After a start: remember the tickets that still wait."""
        for space, _ in self._store.shelves.items(TICKET_SHELF):
            held = self._holdings.find(SpaceId(space))
            redeemed = self._ticket(SpaceId(space))
            if held and redeemed:
                held.ticket_sealing = redeemed.ticket.sealing

    def pending_name(self, inner: SpaceId) -> str:
        """Name of the community on a ticket that still waits, or ""."""
        redeemed = self._ticket(inner)
        return redeemed.ticket.community if redeemed else ""

    @property
    def is_waiting(self) -> bool:
        """Whether a ticket that we redeemed has not let us in yet."""
        return bool(self._store.shelves.items(TICKET_SHELF))

    def pending_role(self, inner: SpaceId) -> Role | None:
        """Role that a ticket promises which still waits."""
        redeemed = self._ticket(inner)
        return Role(redeemed.ticket.role) if redeemed else None

    def _box(self, held: HeldSpace, ticket: Ticket) -> bytes:
        enrolment = self._keys.enrolment
        joiner = Joiner(
            self._name,
            enrolment.member,
            enrolment.device_public,
            enrolment.signature,
            prove_device(self._keys, held.space, held.own),
        )
        return seal_joiner(ticket.sealing, joiner, self._pen.random_bytes(NONCE_BYTES))

    def _join(
        self, held: HeldSpace, ticket: Ticket, box: bytes, cites: tuple[EntryId, ...]
    ) -> None:
        proof = ticket.prove(held.space, held.own.pseudonym)
        key = ticket.signing.public
        self._urgent(held, Join(self._pen.now_ms(), cites, key, proof, box))

    def _ticket(self, inner: SpaceId) -> _Redeemed | None:
        kept = self._store.shelves.get(TICKET_SHELF, inner)
        return _REDEEMED(kept) if kept else None

    # --- what a node does by itself --------------------------------------------------------

    def react(self, inner: HeldSpace) -> None:
        """Do what the entries of a community now ask of this node; twice is the same as once."""
        with self._store.writing():
            community = self.community(inner)
            self._enter_commons(community)
            self._settle_in(community)
            self._bind_new_logs(community)
            for held in (community.inner, community.commons):
                if held and held.role is not None and held.role >= Role.STEWARD:
                    self._answer_joins(held)
            self._distribution.react(community.inner)

    def community(self, inner: HeldSpace) -> Community:
        """Return the community that an `inner` space belongs to."""
        commons = None
        if inner.charter is not None:
            commons = self._holdings.find(SpaceId(inner.charter.parent))
        return Community(inner, commons)

    def inner_of(self, held: HeldSpace) -> HeldSpace | None:
        """Return the `inner` space of the community that a space belongs to, if it is held."""
        for inner in self._holdings.inner_spaces():
            if inner is held or (inner.charter and inner.charter.parent == held.space):
                return inner
        return None

    def communities(self) -> list[Community]:
        """Return every community of this node."""
        return [self.community(inner) for inner in self._holdings.inner_spaces()]

    def _enter_commons(self, community: Community) -> None:
        inner = community.inner
        if inner.charter is None or community.commons is not None:
            return
        nonce = inner.realm[:COMMUNITY_NONCE_BYTES]
        self._hold(nonce, SpaceKind.COMMONS, SpaceId(inner.charter.parent))

    def _settle_in(self, community: Community) -> None:
        inner, commons = community.inner, community.commons
        redeemed = self._ticket(inner.space)
        if redeemed is None or commons is None or commons.access is None:
            return
        self._join_commons(commons, redeemed.ticket)
        if inner.role is None or commons.role is None or inner.writing_seal() is None:
            return
        self._introduce(Community(inner, commons), redeemed.name)
        self._store.shelves.drop(TICKET_SHELF, inner.space)
        inner.ticket_sealing = None

    def _join_commons(self, commons: HeldSpace, ticket: Ticket) -> None:
        """Redeem the ticket in the commons too, once the invite that it rests on is here."""
        has_joined = self._store.logs.get(commons.space, commons.own.log) is not None
        if has_joined or commons.access is None:
            return
        for invite in commons.access.invites():
            if invite.key == ticket.signing.public:
                self._join(commons, ticket, b"", cites=(invite.id,))

    def _bind_new_logs(self, community: Community) -> None:
        """Say whose a log is that we went on in, after a copy of our database had been used."""
        inner = community.inner
        people = inner.people
        if people is None or inner.role is None or inner.writing_seal() is None:
            return
        if self._ticket(inner.space) is not None:
            return
        for held in (inner, community.commons):
            if held and not people.knows(held.own.log):
                self._urgent(inner, bind(self._keys, held.space, held.own, self._pen.now_ms()))

    def _introduce(self, community: Community, name: str) -> None:
        now_ms = self._pen.now_ms()
        inner = community.inner
        for held in (inner, community.commons):
            if held:
                self._urgent(inner, bind(self._keys, held.space, held.own, now_ms))
        self._urgent(inner, Profile(now_ms, ()), encode(ProfileText(name)))

    def _answer_joins(self, held: HeldSpace) -> None:
        """Let in whom our invites promised it, and confirm whom a single-use ticket let in.

        A single-use ticket that nobody used is answered to ourselves some weeks after it
        expired: otherwise a joiner with a slow clock could use it for ever.
        """
        access = held.access
        if access is None:
            return
        now_ms = self._pen.now_ms()
        for invite in access.invites():
            if invite.issuer != held.own.pseudonym:
                continue
            if now_ms < invite.expires_ms:
                for principal in sorted(invite.joined):
                    self._answer(held, invite, principal)
            elif invite.uses == 1 and now_ms > invite.expires_ms + CLOSED_AFTER_MS:
                self._answer(held, invite, held.own.pseudonym)

    def _answer(self, held: HeldSpace, invite: OpenInvite, principal: Pseudonym) -> None:
        shelf_key = held.space + invite.key
        answered = self._store.shelves.get(_ANSWERED_SHELF, shelf_key) or b""
        names = [answered[i : i + 32] for i in range(0, len(answered), 32)]
        is_settled = principal in names or len(names) >= invite.uses
        is_rival = invite.uses == 1 and (held.access is None or not held.access.role(principal))
        role = Role.READER if principal == held.own.pseudonym else invite.role
        if is_settled or is_rival:
            return
        grant = Grant(self._pen.now_ms(), (), principal, int(role), invite.key, ())
        self._distribution.ensure_key(held)
        self._urgent(held, grant)
        self._store.shelves.keep(_ANSWERED_SHELF, shelf_key, answered + principal)
