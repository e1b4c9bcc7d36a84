"""Receipts: saying what this device holds and has erased, and reading what others say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.sync.receipts import MAX_COUNTER, fit_receipt, open_receipt, sign_receipt
from meshnode.record.frontier import frontier, spaces_of
from meshnode.record.receipt_shelf import ReceiptShelf

if TYPE_CHECKING:
    from crdt.ids import DeviceId, SpaceId
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.membership import Community
    from crdt.replica.replica import Replica
    from crdt.store.rows import Unfinished
    from crdt.sync.receipts import Receipt


def renew_receipts(replica: Replica) -> list[tuple[SpaceId, bytes]]:
    """Renew our receipt in every community; return those that are new, with the `inner` space."""
    inner_spaces = replica.holdings.inner_spaces()
    signed = ((inner.space, renew_receipt(replica, inner)) for inner in inner_spaces)
    return [(space, receipt) for space, receipt in signed if receipt is not None]


def renew_receipt(replica: Replica, inner: HeldSpace) -> bytes | None:
    """Sign what this device now holds of a community, after emptying the journal.

    Returns:
        The receipt, kept in the store; None if nothing has changed since the last one,
        or if we may not read there (yet).
    """
    if inner.role is None:
        return None
    community = replica.membership.community(inner)
    store = replica.store
    if any(store.erasures.needs_checkpoint(held.space) for held in spaces_of(community)):
        store.checkpoint()
    logs, unfinished = fit_receipt(frontier(replica, community), _unfinished(replica, community))
    own = replica.keys.device
    before = receipt_of(replica, inner.space, own.device)
    if before and dict(before.logs) == logs and before.unfinished == frozenset(unfinished):
        return None
    now_ms = replica.pen.now_ms()
    # Counted in milliseconds, so that a device whose database was lost is soon believed again.
    counter = min(max(before.counter + 1 if before else 1, now_ms), MAX_COUNTER)
    signed = sign_receipt(own, counter, now_ms, logs, unfinished)
    with store.writing():
        ReceiptShelf(replica, inner).put(own.device, counter, signed)
    return signed


def receipt_of(replica: Replica, inner: SpaceId, device: DeviceId) -> Receipt | None:
    """Return the latest receipt of a device, or None."""
    signed = replica.store.receipts.get(inner, device)
    return open_receipt(signed) if signed else None


def keep_receipts(replica: Replica, inner: SpaceId, receipts: tuple[Receipt, ...]) -> list[Receipt]:
    """Keep the receipts of devices that may read; return those that were newer.

    One of our own that we do not know was signed before this database was restored from a
    copy. It is kept, so that the next one counts on from it and others take it.
    """
    held = replica.holdings.find(inner)
    if held is None:
        return []
    newer, shelf = [], ReceiptShelf(replica, held)
    with replica.store.writing():
        for receipt in receipts:
            is_own = receipt.device == replica.keys.device.device
            if not is_own and not held.may_read(receipt.device_public):
                continue
            if shelf.put(receipt.device, receipt.counter, receipt.signed):
                newer.append(receipt)
    return newer


def _unfinished(replica: Replica, community: Community) -> list[Unfinished]:
    erasures = replica.store.erasures
    return [each for held in spaces_of(community) for each in erasures.unfinished(held.space)]


def unsynced(replica: Replica) -> int:
    """Count our own entries that no other device has said it holds."""
    count = 0
    for community in replica.membership.communities():
        inner = community.inner
        others = [
            receipt
            for device in inner.reading_devices()
            if device != replica.keys.device.device
            if (receipt := receipt_of(replica, inner.space, device)) is not None
        ]
        for held in (inner, community.commons):
            row = replica.store.logs.get(held.space, held.own.log) if held else None
            if held is None or row is None:
                continue
            known = [runs[0].last for o in others if (runs := o.logs.get((held.space, row.log)))]
            count += max(0, row.last - max(known, default=0))
    return count
