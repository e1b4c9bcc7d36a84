"""One space as this node sees it: its rules, its keys, its names and our own log in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.entries.keyring import Keyring
from crdt.entries.skeletons import Charter, Kind
from crdt.replica.epochs import Epochs
from crdt.replica.open_tickets import OpenTickets
from crdt.replica.people import People
from crdt.rights.access import Access
from crdt.rights.authority import END_OF_LOG, NEEDS, ControlEntry, Place, Role
from crdt.space import SpaceKind, open_discovery_key, space_id
from crdt.tickets import invite_discovery_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.crypto.keys import DeviceKeys, LogKeys
    from crdt.entries.authoring import Seal
    from crdt.ids import DeviceId, EntryId, Pseudonym, SpaceId
    from crdt.replica.lineages import Lineages
    from crdt.store.rows import EpochKey, SpaceRow

MAX_OPEN_TICKETS = 200
"""By how many tickets their holders can be found at once."""


@dataclass(frozen=True, slots=True)
class _Card:
    entry: ControlEntry
    stamp_ms: int
    name: str
    description: str


class HeldSpace:
    """What control entries have told this node of one space.

    Args:
        row: As the store keeps it.
        keys: Of this device.
        epoch_keys: Those it holds already.
        lineage: Tells which entries of a forked log lie below a cut.
    """

    def __init__(
        self,
        row: SpaceRow,
        keys: DeviceKeys,
        epoch_keys: Iterable[EpochKey],
        lineage: Lineages,
    ) -> None:
        self.lineage = lineage
        self.space: SpaceId = row.space
        self.kind = SpaceKind(row.kind)
        self.realm = row.realm
        self.own: LogKeys = keys.log(row.realm, row.incarnation)
        self.keyring: Keyring | None = None
        """The keys that open what is sealed here; None where nothing is."""
        if self.kind.is_sealed:
            held_keys = {known.epoch: known.key for known in epoch_keys}
            self.keyring = Keyring(row.space, held_keys)
        self.ticket_sealing: bytes | None = None
        """Sealing key of the ticket that we redeemed here, until we hold an epoch key."""
        self.forget()

    def forget(self) -> None:
        """Forget what entries have told, to be told anew; the keys stay."""
        self.epochs = Epochs(self.space, self.keyring) if self.keyring else None
        self.people = People(self.space) if self.kind is SpaceKind.INNER else None
        self.charter: Charter | None = None
        self.access: Access | None = None
        self._tickets = OpenTickets()
        self._early: list[ControlEntry] = []
        self._cards: list[_Card] = []
        self._heads: tuple[EntryId, ...] = ()
        self._heads_at = -1

    # --- what entries say ------------------------------------------------------------

    def begin(self, charter: Charter) -> bool:
        """Take the charter in; returns False when it is another space's, or known."""
        if self.charter is not None or space_id(charter) != self.space:
            return False
        self.charter = charter
        self.access = Access(self.space, charter, self.lineage)
        if self.epochs is not None:
            self.epochs.begin(charter, self.access)
        for entry in self._early:
            self.rule(entry)
        self._early.clear()
        return True

    def rule(self, entry: ControlEntry) -> tuple[ControlEntry, ...]:
        """Take in an entry that may change who may do what.

        Returns:
            It, and those that waited for it, once all that they rest on is here.
        """
        if self.access is None:
            self._early.append(entry)
            return ()
        settled = self.access.add(entry)
        for each in settled:
            if self.access.decides(each.id):
                self._tickets.take(each)
        return settled

    def present(self, entry: ControlEntry, stamp_ms: int, name: str, description: str) -> None:
        """Take in how the community presents itself."""
        self._cards.append(_Card(entry, stamp_ms, name, description))

    # --- what is so --------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What the community calls itself, "" while unknown."""
        card = self._card()
        return card.name if card else ""

    @property
    def description(self) -> str:
        """How the community describes itself."""
        card = self._card()
        return card.description if card else ""

    def _card(self) -> _Card | None:
        effective = [card for card in self._cards if self.has_effect(card.entry)]
        return max(effective, key=lambda card: (card.stamp_ms, card.entry.id), default=None)

    def has_been_raised(self, principal: Pseudonym) -> bool:
        """Tell whether anything was ever said to give somebody a role here."""
        return self.access is not None and self.access.has_been_raised(principal)

    def acts_in_force(self) -> frozenset[EntryId]:
        """Return all acts that have effect."""
        return self.access.acts_in_force() if self.access else frozenset()

    @property
    def role(self) -> Role | None:
        """Our own role here."""
        return self.access.role(self.own.pseudonym) if self.access else None

    @property
    def heads(self) -> tuple[EntryId, ...]:
        """The control entries for our next entry to cite."""
        if self.access is None:
            return ()
        if self._heads_at != self.access.version:
            self._heads = self.access.heads(self.own.pseudonym)
            self._heads_at = self.access.version
        return self._heads

    def may(
        self, kind: int, pseudonym: Pseudonym, place: Place, cites: tuple[EntryId, ...]
    ) -> bool:
        """Tell whether an entry of a kind has effect."""
        try:
            need = NEEDS[Kind(kind)]
        except ValueError:
            return False
        if need is None:
            return True
        return self.access is not None and self.access.allows(pseudonym, place, cites, need)

    def has_effect(self, entry: ControlEntry) -> bool:
        """Tell whether a control entry has effect."""
        return self.may(entry.kind, entry.pseudonym, entry.place, entry.cites)

    def writing_seal(self) -> Seal | None:
        """Return the epoch to write with, or None when a new one has to be begun first."""
        return self.epochs.seal() if self.epochs else None

    @property
    def is_key_current(self) -> bool:
        """Whether whoever knows our newest key may read: nobody was removed since it was made."""
        return self.epochs is None or self.ticket_sealing is not None or bool(self.writing_seal())

    def discovery_keys(self, now_ms: int) -> tuple[bytes, ...]:
        """Return the keys by which peers find that both hold this space, ours to use first.

        Args:
            now_ms: By our clock; tickets that expired long before it are left out.
        """
        if self.epochs is None:
            return (open_discovery_key(self.space),)
        found = self.epochs.discovery_keys()
        sealings = [self.ticket_sealing] if self.ticket_sealing else []
        if self.people and self.access:
            tickets, secrets = (
                self._tickets.newest(self.access, self.people, now_ms),
                self.people.secrets,
            )
            sealings += [one for key in tickets for one in sorted(secrets.get(key, ()))]
        return (*found, *(invite_discovery_key(s, self.space) for s in sealings[:MAX_OPEN_TICKETS]))

    def may_read(self, device_public: bytes) -> bool:
        """Tell whether a device that proved itself may have the entries of this sealed space."""
        if self.people is None or self.access is None:
            return False
        return any(
            self.access.allows(
                claim.pseudonym, Place(claim.log, END_OF_LOG), self.access.heads(), Role.READER
            )
            for claim in self.people.readings(device_public)
        )

    def reading_devices(self) -> dict[DeviceId, bytes]:
        """Return every device that may read, with its public bytes."""
        if self.people is None:
            return {}
        publics = {claim.device: claim.device_public for claim in self.people.readers()}
        return {device: public for device, public in publics.items() if self.may_read(public)}
