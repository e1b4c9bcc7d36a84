"""The shelf of receipts: the latest of each device, and whose stay when it is full.

A member may enrol any number of devices, and each may sign receipts. Which of them
find room depends on who they are and never on who came first, so that nodes which
heard of the same devices keep the same receipts, and have nothing to tell each other.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crdt.ids import DeviceId, Pseudonym
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.replica import Replica


class ReceiptShelf:
    """The receipts of one community, while some are put; inside a transaction.

    Args:
        replica: Keeps them.
        inner: Knows who may read.
    """

    def __init__(self, replica: Replica, inner: HeldSpace) -> None:
        self._own = replica.keys.device.device
        self._receipts = replica.store.receipts
        self._inner = inner

    def put(self, device: DeviceId, counter: int, signed: bytes) -> bool:
        """Keep a receipt if it is newer and finds room; returns whether it is kept."""
        space = self._inner.space
        if self._receipts.put(space, device, counter, signed):
            return True
        if self._receipts.get(space, device) is not None:
            return False
        last = self._ranked([*self._receipts.counters(space), device])[-1]
        if last == device:
            return False
        self._receipts.drop(space, last)
        return self._receipts.put(space, device, counter, signed)

    def _ranked(self, devices: Iterable[DeviceId]) -> list[DeviceId]:
        """Order devices: ours, then of each member one, then of each a second; others last."""
        turns: Counter[Pseudonym | None] = Counter()
        ranks: dict[DeviceId, tuple[bool, bool, int]] = {}
        for device in sorted(devices):
            reader = self._readers.get(device)
            ranks[device] = (device != self._own, reader is None, turns[reader])
            turns[reader] += 1
        return sorted(ranks, key=lambda device: (ranks[device], device))

    @cached_property
    def _readers(self) -> Mapping[DeviceId, Pseudonym]:
        """Whose each device is that may read."""
        reading, people = self._inner.reading_devices(), self._inner.people
        found: dict[DeviceId, Pseudonym] = {}
        for reader in people.readers() if people else ():
            if reader.device in reading:
                known = found.get(reader.device, reader.pseudonym)
                found[reader.device] = min(known, reader.pseudonym)
        return found
