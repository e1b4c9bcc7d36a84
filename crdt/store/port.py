"""Where entries are kept: the port every store obeys, in parts.

    store.writing()      one transaction; inner ones join the outer
    store.spaces         the spaces this node holds, with count and fingerprint of each
    store.logs           who writes which log, how far we have it, forks
    store.entries        put, get, find, the order of receipt
    store.erasures       withdrawals: what is gone, and what must not come back
    store.documents      materialised documents, a cache
    store.epochs         keys of sealed spaces
    store.receipts       the latest signed receipt of each device
    store.shelves        small things by name: drafts, peers, cursors

An entry is *in the set* of its space (counted, fingerprinted, synced) once it
is whole, or once a withdrawal that holds for it explains what is missing. Until
then its header is kept aside. Every writing method must be called inside
`writing()`. `tests/crdt/store_contract.py` proves the promises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from crdt.entries.authoring import Position
    from crdt.entries.entry import VerifiedEntry
    from crdt.ids import DeviceId, DocumentId, EntryId, EpochId, LogId, Pseudonym, SpaceId
    from crdt.store.rows import (
        EpochKey,
        Fork,
        LogRow,
        Materialised,
        Put,
        Run,
        SetSummary,
        SpaceRow,
        StoredEntry,
        Unfinished,
    )

MAX_AWAITED = 1_000_000
"""Withdrawn ids of one owner in a space that may be remembered before their entries are here."""


class Spaces(Protocol):
    """The spaces this node holds."""

    def add(self, row: SpaceRow) -> None:
        """Add a space, or replace what is known of it (its charter, our incarnation)."""
        ...

    def get(self, space: SpaceId) -> SpaceRow:
        """Return one space.

        Raises:
            UnknownSpace: Not held.
        """
        ...

    def all(self) -> tuple[SpaceRow, ...]:
        """Return every space, in the order they were added."""
        ...

    def summary(self, space: SpaceId) -> SetSummary:
        """Return count and fingerprint of the set, at no cost.

        Raises:
            UnknownSpace: Not held.
        """
        ...


class Logs(Protocol):
    """The logs of all spaces: what one key signs in two of them is two logs."""

    def get(self, space: SpaceId, log: LogId) -> LogRow | None:
        """Return a log, or None when nothing of it is here."""
        ...

    def of_space(self, space: SpaceId) -> tuple[LogRow, ...]:
        """Return the logs of a space."""
        ...

    def position(self, space: SpaceId, log: LogId) -> Position:
        """Tell where the next entry of our own log goes.

        Raises:
            LogForked: The log is closed; go on in a new incarnation.
        """
        ...

    def runs(self, space: SpaceId, log: LogId) -> tuple[Run, ...]:
        """Tell what of a log is in the set: lowest first; where it forks, each branch."""
        ...

    def leads_to(self, space: SpaceId, log: LogId, run: Run, entry: EntryId) -> bool:
        """Tell whether an entry that is here is one of a run that somebody else holds.

        It is, if the run's last entry is here and its chain leads to it within the run.
        """
        ...

    def is_certain(self, space: SpaceId, log: LogId, run: Run) -> bool:
        """Tell whether whatever is here with a number in a run is of that run.

        It is, unless the log forks here, or the run's last entry is not here.
        """
        ...

    def sizes(self, space: SpaceId) -> dict[LogId, int]:
        """Return about how many bytes of disk each log of a space takes: `crdt.store.disk`."""
        ...

    def entry_at(self, space: SpaceId, log: LogId, sequence: int) -> EntryId | None:
        """Return the entry with a number, or None; of several the one with the lowest id."""
        ...

    def tips(self, space: SpaceId, log: LogId) -> list[tuple[int, EntryId]]:
        """Give number and id of the last entry of each unbroken chain of a log, longest first.

        One for a log that is not forked, however much of it is here beyond a gap; none
        while its first entry is not here.
        """
        ...

    def forks(self, space: SpaceId) -> tuple[Fork, ...]:
        """Return what contradicts itself in a space."""
        ...


class Entries(Protocol):
    """The entries of all spaces."""

    def put(
        self, entry: VerifiedEntry, kind: int | None = None, document: DocumentId | None = None
    ) -> Put:
        """Keep a proven entry; doing so twice is the same as once.

        Args:
            entry: What to keep.
            kind: Of its skeleton, if that could be opened; see `interpret`.
            document: The document it edits, if any.

        Raises:
            UnknownSpace: Its space is not held.
        """
        ...

    def interpret(self, entry: EntryId, kind: int, document: DocumentId | None) -> None:
        """Note what an entry is whose skeleton could be opened only after it was put."""
        ...

    def get(self, entry: EntryId) -> StoredEntry | None:
        """Return an entry, in the set or aside, or None."""
        ...

    def has(self, entry: EntryId) -> bool:
        """Tell whether an entry is in the set of its space."""
        ...

    def find(self, prefix: str) -> EntryId:
        """Find the one entry whose id begins with these hexadecimal letters.

        Raises:
            BadId, UnknownEntry, AmbiguousId: As `crdt.ids.find_by_prefix`.
        """
        ...

    def control(self, space: SpaceId) -> Iterator[StoredEntry]:
        """Give the control entries of a space in the order of receipt."""
        ...

    def of_document(
        self, document: DocumentId, *, with_aside: bool = False
    ) -> Iterator[StoredEntry]:
        """Give the edits of a document that are in the set, in the order of receipt.

        Args:
            document: Which.
            with_aside: Give those that are kept outside the set as well.
        """
        ...

    def documents(self, space: SpaceId) -> Iterator[DocumentId]:
        """Give every document of a space, in the order in which its first edit came."""
        ...

    def edited_since(self, number: int, most: int) -> list[tuple[int, DocumentId]]:
        """Return the first edits received after a number, as number and document; -1: all."""
        ...

    def begun_since(self, number: int, by_others_than: Iterable[LogId]) -> int:
        """Count the documents that were begun, by other logs, after a number was given out."""
        ...

    def documents_of_log(self, log: LogId) -> Iterator[DocumentId]:
        """Give every document that an entry signed with a log's key edits, once each."""
        ...

    def unopened(self, space: SpaceId, epoch: EpochId) -> Iterator[StoredEntry]:
        """Give the entries sealed with an epoch that nobody has interpreted yet."""
        ...

    def first_of_each_log(self, space: SpaceId, epoch: EpochId) -> Iterator[StoredEntry]:
        """Give, of every log, the first entry in the set that is sealed with an epoch."""
        ...

    def since(self, space: SpaceId, number: int) -> Iterator[StoredEntry]:
        """Give what is in the set and was received after a number, in that order."""
        ...

    def ids(self, space: SpaceId) -> Iterator[tuple[EntryId, int]]:
        """Give id and number of everything in the set, in no particular order."""
        ...

    def places(self, space: SpaceId) -> Iterator[tuple[int, LogId, int]]:
        """Give number, log and sequence number of everything in the set."""
        ...

    def newest(self) -> int:
        """Return the highest number given out so far, 0 for none."""
        ...

    def sending_order(
        self, space: SpaceId, numbers: array[int] | None, max_priority: int
    ) -> Iterator[tuple[int, array[int]]]:
        """Order entries for sending.

        Within a priority: round-robin over logs, newest first, small before large.

        Args:
            space: Whose set.
            numbers: Which of its entries; None for all.
            max_priority: Leave out what is less urgent.

        Yields:
            Each priority that occurs, most urgent first, with the numbers in order.
        """
        ...

    def wires(self, numbers: Iterable[int]) -> list[bytes]:
        """Return entries as frames carry them."""
        ...


class Erasures(Protocol):
    """Withdrawals, as far as they concern what is kept."""

    def erase(
        self,
        targets: Iterable[EntryId],
        *,
        by: EntryId,
        space: SpaceId,
        owner: Pseudonym | None,
        skeletons: bool,
    ) -> tuple[EntryId, ...]:
        """Erase entries, now or as soon as they and their log's certificate are here.

        Header and signature stay, and so do skeletons of urgent entries. Targets of other
        spaces or other owners are left alone.

        Args:
            targets: Entries to erase.
            by: The withdrawal.
            space: The withdrawal's own.
            owner: Whose words they must be; None: anybody's (stewards decided).
            skeletons: Whether skeletons go too, not only contents.

        Returns:
            What was erased by this call.

        Raises:
            TooLarge: More than `MAX_AWAITED` ids of this owner are waited for.
        """
        ...

    def name_log(
        self, space: SpaceId, log: LogId, certificate: EntryId, pseudonym: Pseudonym
    ) -> tuple[EntryId, ...]:
        """Note who writes a log, as a certificate says, and carry out what waited for it.

        Who is named beside somebody else may take back the words in it as well: each of
        them signed that the log is theirs.

        Returns:
            Entries of the log that a withdrawal already here has now erased.
        """
        ...

    def withdrawn_by(self, entry: EntryId) -> tuple[EntryId, ...]:
        """Return the withdrawals that took parts of an entry."""
        ...

    def unfinished(self, space: SpaceId) -> tuple[Unfinished, ...]:
        """Return withdrawals that name words which may still be on the disk.

        Erased, but not yet out of the journal (see `checkpoint`); or here, in a log of which
        it is not known yet that whoever withdrew them writes it.
        """
        ...

    def needs_checkpoint(self, space: SpaceId) -> bool:
        """Tell whether something was erased that may still be in the journal."""
        ...


class Documents(Protocol):
    """Materialised documents: a cache that may be dropped at any time.

    Erasing any edit of a document drops it, in the same transaction.
    """

    def save(self, document: DocumentId, materialised: Materialised) -> None:
        """Keep a document as replay left it."""
        ...

    def load(self, document: DocumentId) -> Materialised | None:
        """Return what was kept; None also when it is damaged."""
        ...

    def drop(self, document: DocumentId) -> None:
        """Forget it, so that nothing withdrawn stays in it."""
        ...


class Epochs(Protocol):
    """Keys of sealed spaces."""

    def add(self, key: EpochKey) -> bool:
        """Keep a key; returns whether it is new."""
        ...

    def get(self, space: SpaceId, epoch: EpochId) -> EpochKey | None:
        """Return a key, or None."""
        ...

    def of_space(self, space: SpaceId) -> tuple[EpochKey, ...]:
        """Return the keys of a space, the one that came last first."""
        ...


class Receipts(Protocol):
    """The latest receipt of each device of a community, by its `inner` space."""

    def put(self, space: SpaceId, device: DeviceId, counter: int, signed: bytes) -> bool:
        """Keep a verified receipt if it is newer; returns whether it is kept.

        From one device more than a community may have, nothing is kept: `drop` another first.
        """
        ...

    def drop(self, space: SpaceId, device: DeviceId) -> None:
        """Forget the receipt of one device."""
        ...

    def get(self, space: SpaceId, device: DeviceId) -> bytes | None:
        """Return the receipt of one device, or None."""
        ...

    def counters(self, space: SpaceId) -> dict[DeviceId, int]:
        """Return the counter of each device's receipt."""
        ...


class Shelves(Protocol):
    """Small things by shelf and key."""

    def keep(self, shelf: str, key: bytes, value: bytes) -> None:
        """Keep or replace a value."""
        ...

    def get(self, shelf: str, key: bytes) -> bytes | None:
        """Return a value, or None."""
        ...

    def items(self, shelf: str) -> tuple[tuple[bytes, bytes], ...]:
        """Return a whole shelf, ordered by key."""
        ...

    def first(self, shelf: str, most: int = -1) -> list[bytes]:
        """Return the first keys of a shelf, in order; -1: all."""
        ...

    def drop(self, shelf: str, key: bytes) -> None:
        """Forget a value."""
        ...


class Store(Protocol):
    """Keeps everything that this node knows."""

    @property
    def spaces(self) -> Spaces: ...  # noqa: D102
    @property
    def logs(self) -> Logs: ...  # noqa: D102
    @property
    def entries(self) -> Entries: ...  # noqa: D102
    @property
    def erasures(self) -> Erasures: ...  # noqa: D102
    @property
    def documents(self) -> Documents: ...  # noqa: D102
    @property
    def epochs(self) -> Epochs: ...  # noqa: D102
    @property
    def receipts(self) -> Receipts: ...  # noqa: D102
    @property
    def shelves(self) -> Shelves: ...  # noqa: D102

    @property
    def is_writing(self) -> bool:
        """Whether a transaction is open."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Open a transaction, or join the one that is open.

        What the outermost one wrote is durable when it ends; an exception undoes it whole.

        Raises:
            DiskFull, StoreDamaged, StoreError: Nothing was written.
        """
        ...

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once what is being written is durable; never, if it is undone."""
        ...

    def checkpoint(self) -> bool:
        """Empty the journal, so that what was erased is gone from the disk.

        Returns:
            Whether it could: False while another connection still reads old pages.
        """
        ...

    def compact(self) -> None:
        """Write the whole file anew: leaves nothing behind that was ever deleted from any table.

        Takes time and memory in proportion to the file; `checkpoint` suffices for entries.
        """
        ...

    def close(self) -> None:
        """Release the file."""
        ...
