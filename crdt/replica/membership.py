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
from crdt.entries.entry import Priority
from crdt.entries.keyring import write_epoch, write_share
from crdt.entries.opening import open_entry
from crdt.entries.sealing import EPOCH_KEY_BYTES
from crdt.entries.skeletons import (
    Card,
    CardText,
    Genesis,
    Grant,
    Invite,
    InviteSecret,
    Join,
    Joiner,
    Profile,
    ProfileText,
)
from crdt.errors import BadInvite, NotAuthorised
from crdt.ids import NO_ENTRY, DeviceId, EntryId, EpochId, Pseudonym, SpaceId
from crdt.rights.authority import Role
from crdt.space import (
    NONCE_BYTES as COMMUNITY_NONCE_BYTES,
)
from crdt.space import (
    SpaceKind,
    commons_charter,
    inner_charter,
    realm,
    sealed_discovery_key,
    space_id,
)
from crdt.store.rows import SpaceRow
from crdt.tickets import SECRET_BYTES, Ticket, seal_joiner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.crypto.keys import DeviceKeys
    from crdt.entries.entry import VerifiedEntry
    from crdt.entries.skeletons import Charter, Skeleton
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.holdings import Holdings
    from crdt.replica.pen import Pen
    from crdt.rights.access import OpenInvite
    from crdt.store.port import Store

TICKET_SHELF = "tickets"
"""Tickets that we redeemed and that are not yet of no use; key: the `inner` space."""

CLOSED_AFTER_MS = 30 * 24 * 3_600_000
"""How long after its expiry a single-use ticket's join may still be on its way to the issuer."""

_ANSWERED_SHELF = "answered invites"
_SHARED_SHELF = "shared keys"


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
        keys: Of this device.
        name: What the member wants to be called.
    """

    def __init__(
        self, store: Store, holdings: Holdings, pen: Pen, keys: DeviceKeys, name: str
    ) -> None:
        self._store = store
        self._holdings = holdings
        self._pen = pen
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
            self.rotate(inner)
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
            self.ensure_key(community.inner)
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
            self._welcome_guests(community.inner)
            self._join_epochs(community.inner)

    def _join_epochs(self, inner: HeldSpace) -> None:
        """Begin an epoch over those that were begun apart, so that one key leads to all.

        Whoever came while one of them was being begun elsewhere would lack its key for ever.
        One that is not in force counts as well, if it sealed words that are.
        """
        epochs = inner.epochs
        if epochs is None or not self._joins_epochs(inner):
            return
        apart = [
            epoch
            for epoch in epochs.apart()
            if epochs.is_in_force(epoch) or self._seals_words(inner, epoch)
        ]
        if apart:
            self.rotate(inner, first=apart)

    def _joins_epochs(self, inner: HeldSpace) -> bool:
        """Whether it falls to this node: to the first founder's, and of several to one.

        Two that joined epochs at one time would do so again at every meeting. So the
        device that began the epoch to write with goes on, if it is the founder's.
        """
        if inner.epochs is None or inner.access is None or inner.charter is None:
            return False
        founders = [Pseudonym(founder) for founder in inner.charter.founders]
        founder = next((each for each in founders if inner.access.role(each)), None)
        serving = inner.epochs.serving
        if founder != inner.own.pseudonym or serving is None or inner.people is None:
            return False
        claims = inner.people.readings(self._keys.device.public)
        ours = {inner.own.log, *(claim.log for claim in claims)}
        return serving.pseudonym != founder or serving.log in ours

    def _seals_words(self, inner: HeldSpace, epoch: EpochId) -> bool:
        """Whether somebody wrote with an epoch what has effect."""
        for stored in self._store.entries.first_of_each_log(inner.space, epoch):
            header, opened = stored.entry.header, open_entry(stored.entry, inner.keyring)
            row = self._store.logs.get(header.log)
            if opened is None or row is None or row.pseudonym is None:
                continue
            place = row.pseudonym, header.log, header.sequence
            if inner.may(opened.kind, *place, opened.cites):
                return True
        return False

    def _welcome_guests(self, inner: HeldSpace) -> None:
        """Give the key to whom our own tickets let in: we may never meet but by a stick."""
        if inner.access is None or inner.people is None:
            return
        ours = (i for i in inner.access.invites() if i.issuer == inner.own.pseudonym)
        guests = {guest for invite in ours for guest in invite.joined}
        readers = (reader for reader in inner.people.readers() if reader.pseudonym in guests)
        self.share(inner, {reader.device: reader.device_public for reader in readers})

    def share(self, inner: HeldSpace, devices: dict[DeviceId, bytes], known: bytes = b"") -> bool:
        """Give the key of a sealed space to devices that may read and may not hold it yet.

        Args:
            inner: That space.
            devices: Public bytes of each.
            known: The discovery key that they were found by: who knows the newest, holds its key.

        Returns:
            Whether anything was written.
        """
        seal = inner.writing_seal()
        if seal is None or inner.role is None:
            return False
        wanting = {
            device: public
            for device, public in devices.items()
            if not self._store.shelves.get(_SHARED_SHELF, seal.epoch + device)
            and inner.may_read(public)
            and device != self._keys.device.device
        }
        if not wanting:
            return False
        if known == sealed_discovery_key(seal.key, inner.space):
            with self._store.writing():
                self._note_shared(seal.epoch, wanting)
            return False
        with self._store.writing():
            share = write_share(seal.key, wanting.values(), cites=(), stamp_ms=self._pen.now_ms())
            self._urgent(inner, share)
            self._note_shared(seal.epoch, wanting)
        return True

    def ensure_key(self, held: HeldSpace) -> None:
        """Begin a new epoch if none may be used: after a removal, the next words are not theirs."""
        may_rotate = held.role is not None and held.role >= Role.CONTRIBUTOR
        if held.kind.is_sealed and may_rotate and held.writing_seal() is None:
            self.rotate(held)

    def rotate(self, held: HeldSpace, first: Iterable[EpochId] = ()) -> None:
        """Begin a new epoch, sealed to every device that may read.

        Args:
            held: A sealed space.
            first: Epochs whose keys must be in it; of the others as many as have room.
        """
        if held.epochs is None:
            raise ValueError("only sealed spaces have keys")
        key = self._pen.random_bytes(EPOCH_KEY_BYTES)
        devices = held.reading_devices()
        devices[self._keys.device.device] = self._keys.device.public
        epoch = write_epoch(
            key,
            devices.values(),
            held.epochs.keys_to_hand_on(first),
            space=held.space,
            author=held.own.pseudonym,
            cites=held.heads,
            stamp_ms=self._pen.now_ms(),
        )
        with self._store.writing():
            self._urgent(held, epoch)
            self._note_shared(epoch.epoch, devices)

    def _note_shared(self, epoch: bytes, devices: Iterable[DeviceId]) -> None:
        for device in devices:
            self._store.shelves.keep(_SHARED_SHELF, epoch + device, b"1")

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
        has_joined = self._store.logs.get(commons.own.log) is not None
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
        self.ensure_key(held)
        self._urgent(held, grant)
        self._store.shelves.keep(_ANSWERED_SHELF, shelf_key, answered + principal)
