"""How far a withdrawal has reached: who says, signed, that they carried it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.ids import DocumentId, EntryId
from meshnode.record.attribution import name_of
from meshnode.record.receipt_desk import receipt_of
from meshnode.views.withdrawal import Coverage, CoverageNode

if TYPE_CHECKING:
    from typing import Literal

    from crdt.entries.entry import VerifiedEntry
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.people import Reader
    from crdt.replica.replica import Replica
    from crdt.sync.receipts import Receipt


def coverage_of(
    replica: Replica, document: DocumentId, title: str, withdrawal: EntryId | None = None
) -> Coverage:
    """Tell which of the community's devices hold a document or, once withdrawn, have erased it.

    Args:
        replica: On its own thread.
        document: Which.
        title: To show; a withdrawn document has none any more.
        withdrawal: Of words in it; None: the one that took it whole, if it was taken.

    Raises:
        UnknownEntry: It is not here.
    """
    held = replica.library.space_of(document)
    withdrawal = replica.library.withdrawal_of(document) or withdrawal
    inner = replica.membership.inner_of(held)
    nodes = [
        _node(replica, inner, reader, document, withdrawal)
        for reader in _devices(inner)
        if inner is not None
    ]
    done = sum(node.state == "erased" for node in nodes)
    return Coverage(
        id=document.hex(),
        title=title,
        is_withdrawn=withdrawal is not None,
        done=done,
        total=len(nodes),
        sentence=_sentence(nodes, done, is_withdrawn=withdrawal is not None),
        reason=replica.library.reason_of(withdrawal) if withdrawal else "",
        nodes=tuple(nodes),
    )


def _devices(inner: HeldSpace | None) -> list[Reader]:
    """Return the devices that may read, once each, in a fixed order."""
    if inner is None or inner.people is None:
        return []
    by_device = {reader.device: reader for reader in inner.people.readers()}
    readers = inner.reading_devices()
    return [by_device[device] for device in sorted(readers)]


def _node(
    replica: Replica,
    inner: HeldSpace,
    reader: Reader,
    document: DocumentId,
    withdrawal: EntryId | None,
) -> CoverageNode:
    receipt = receipt_of(replica, inner.space, reader.device)
    return CoverageNode(
        name=name_of(replica, inner, reader.pseudonym),
        device=reader.device.hex(),
        state=_state(replica, receipt, document, withdrawal),
        last_heard_ms=receipt.stamp_ms if receipt else None,
    )


def _state(
    replica: Replica, receipt: Receipt | None, document: DocumentId, withdrawal: EntryId | None
) -> Literal["erased", "waiting", "unheard"]:
    if receipt is None:
        return "unheard"
    wanted = withdrawal or EntryId(document)
    stored = replica.store.entries.get(wanted)
    if stored is None:
        return "waiting"
    is_done = wanted not in receipt.unfinished and _shows(replica, receipt, stored.entry)
    return "erased" if is_done else "waiting"


def _shows(replica: Replica, receipt: Receipt, entry: VerifiedEntry) -> bool:
    """Whether a receipt shows that its device holds this entry, not only one of its number."""
    log, sequence = (entry.header.space, entry.header.log), entry.header.sequence
    runs = receipt.runs_over(log, sequence)
    return any(replica.store.logs.leads_to(*log, run, entry.id) for run in runs)


def _sentence(nodes: list[CoverageNode], done: int, *, is_withdrawn: bool) -> str:
    verb = "erased" if is_withdrawn else "held"
    said = f"{verb} on {done} of {len(nodes)} node{'' if len(nodes) == 1 else 's'}"
    unheard = sum(node.state == "unheard" for node in nodes)
    return f"{said}, {unheard} never heard from" if unheard else said
