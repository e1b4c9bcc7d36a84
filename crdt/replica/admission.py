"""The door: bytes from elsewhere become entries of the set, or are refused one by one.

Admission asks for bounds, signature and a space that this node holds, and is
all that sync and fingerprints know. What an entry then means is another matter
(`crdt.replica.interpreter`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crdt.entries.entry import verify
from crdt.entries.opening import open_entry
from crdt.errors import CrdtError, QuotaSpent, StoreError
from crdt.replica.interpreter import document_of
from crdt.replica.quota import Quota
from crdt.store.rows import Put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.entries.entry import SignedEntry, VerifiedEntry
    from crdt.ids import EntryId
    from crdt.replica.holdings import Holdings
    from crdt.replica.interpreter import Interpreter
    from crdt.replica.pen import Pen
    from crdt.store.port import Store

_AS_IT_CAME = frozenset({Put.NEW, Put.FORKED})
_MAY_FORK = frozenset({Put.RESTORED, Put.REFUSED})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that was not admitted, and why."""

    error: CrdtError


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of a batch.

    Attributes:
        new: Entries that were not here.
        known: How many were.
        refused: One reason for each that was refused.
    """

    new: tuple[EntryId, ...]
    known: int
    refused: tuple[Refusal, ...]


@dataclass(slots=True)
class _Batch:
    """What became of a batch so far; `spent`: for what there was no room."""

    new: list[EntryId] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    spent: list[VerifiedEntry] = field(default_factory=list)
    known: int = 0


class Admission:
    """Admits entries in batches, each batch whole and durable before it is spoken of.

    Args:
        store: Where they are kept.
        interpreter: What they do to our view.
        pen: To go on in a new log when ours turns out to have been continued elsewhere.
        holdings: The spaces of this node; entries of others are refused.
    """

    def __init__(
        self,
        store: Store,
        interpreter: Interpreter,
        pen: Pen,
        holdings: Holdings,
    ) -> None:
        self._quota = Quota(store, interpreter)
        self._store = store
        self._interpreter = interpreter
        self._pen = pen
        self._holdings = holdings

    def admit(self, entries: Iterable[SignedEntry]) -> Admitted:
        """Verify, keep and take in a batch.

        Returns:
            What became of each; a bad entry does not harm the others.

        Raises:
            StoreError: The store refused (disk full, damaged); nothing of the batch was kept.
        """
        batch = _Batch()
        try:
            with self._store.writing():
                for entry in entries:
                    try:
                        verified = verify(entry)
                    except CrdtError as error:
                        batch.refused.append(Refusal(error))
                    else:
                        self._admit_one(verified, batch)
                spent, batch.spent = batch.spent, []
                for verified in spent:
                    # A certificate and a join may each have waited for the other.
                    self._admit_one(verified, batch)
                self._interpreter.settle(self._holdings.by_id)
        except StoreError:
            self._quota.forget()
            raise
        refused = (*batch.refused, *(Refusal(QuotaSpent()) for _ in batch.spent))
        return Admitted(tuple(batch.new), batch.known, refused)

    def _admit_one(self, verified: VerifiedEntry, batch: _Batch) -> None:
        try:
            outcome = self._keep(verified)
        except StoreError:
            raise
        except QuotaSpent:
            batch.spent.append(verified)
        except CrdtError as error:
            batch.refused.append(Refusal(error))
        else:
            if outcome is Put.KNOWN:
                batch.known += 1
            else:
                self._interpreter.follow(self._holdings.get(verified.header.space), verified)
                batch.new.append(verified.id)

    def _keep(self, verified: VerifiedEntry) -> Put:
        held = self._holdings.get(verified.header.space)
        opened = open_entry(verified, held.keyring, with_words=False)
        size = self._quota.check(held, verified, opened)
        document = document_of(verified.id, opened) if opened else None
        outcome = self._store.entries.put(verified, opened.kind if opened else None, document)
        if outcome in _AS_IT_CAME:
            if opened is not None:
                self._interpreter.take(held, verified, opened)
        elif outcome is not Put.KNOWN:
            # What is kept of it may be less than what came, or more.
            stored = self._store.entries.get(verified.id)
            if stored is not None:
                self._interpreter.take_again(held, stored.entry)
        if outcome is not Put.KNOWN:
            self._quota.count(held, verified.header.log, size)
        if outcome is Put.FORKED or (outcome in _MAY_FORK and self._is_forked(verified)):
            self._interpreter.note_fork(held, verified.header.log)
        if outcome is not Put.KNOWN and verified.header.log == held.own.log:
            # A peer holds something of ours that we lack: this database is an older copy.
            self._pen.reincarnate(held)
        return outcome

    def _is_forked(self, entry: VerifiedEntry) -> bool:
        row = self._store.logs.get(*entry.header.log_key)
        return row is not None and row.is_forked
