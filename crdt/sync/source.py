"""What a session reads, and whom it asks: the two ports of sync."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator

    from crdt.ids import DeviceId, EntryId, LogId, SpaceId
    from crdt.store.port import Store
    from crdt.store.rows import Run, SetSummary


class SyncSource(Protocol):
    """Read-only view of what this node holds. Numbers are receipt numbers of entries."""

    def summary(self, space: SpaceId) -> SetSummary:
        """Return count and fingerprint of the set."""
        ...

    def ids(self, space: SpaceId) -> Iterator[tuple[EntryId, int]]:
        """Give id and number of everything in the set."""
        ...

    def places(self, space: SpaceId) -> Iterator[tuple[int, LogId, int]]:
        """Give number, log and sequence number of everything in the set."""
        ...

    def is_certain(self, space: SpaceId, log: LogId, run: Run) -> bool:
        """Tell whether whatever is here with a number in a run is of that run."""
        ...

    def sending_order(
        self, space: SpaceId, numbers: array[int] | None, max_priority: int
    ) -> Iterator[tuple[int, array[int]]]:
        """Order entries for sending, as `crdt.store.port.Entries.sending_order`."""
        ...

    def wires(self, numbers: Iterable[int]) -> list[bytes]:
        """Return entries as frames carry them."""
        ...

    def receipt_counters(self, space: SpaceId) -> dict[DeviceId, int]:
        """Return the counter of each device's receipt."""
        ...

    def receipt(self, space: SpaceId, device: DeviceId) -> bytes | None:
        """Return a device's signed receipt."""
        ...


class Gate(Protocol):
    """Decides who gets what."""

    def may_read(self, space: SpaceId, device_public: bytes | None) -> bool:
        """Tell whether a device may be served a space that needs proof.

        A node that holds only a ticket knows no members yet: it should serve
        whoever knows the space's discovery key.
        """
        ...

    def credentials(self, space: SpaceId) -> Iterable[int]:
        """Return the numbers of the entries that show why we may read a space.

        Sent to a peer that does not serve us: our log's certificate and join, and
        the grants that answer it. At most 64 KiB of them are taken.
        """
        ...


class StoreSource:
    """A `SyncSource` that reads a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.summary = store.spaces.summary
        self.ids = store.entries.ids
        self.places = store.entries.places
        self.is_certain = store.logs.is_certain
        self.sending_order = store.entries.sending_order
        self.wires = store.entries.wires
        self.receipt_counters = store.receipts.counters
        self.receipt = store.receipts.get
