"""One node's share of everything: the parts of the core, put together.

    entries from elsewhere ─> Admission ──────┐
    our own words ─> Pen <─ Library           ├─> Store ─> Interpreter ─> Holdings
                      ^─ Membership, Standing │
                      └─ KeyDistribution      ┘

A replica belongs to one thread. It does nothing by itself: whoever drives it
calls `admit` with what arrived and `react` after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.errors import CrdtError, StoreError
from crdt.replica.admission import Admission
from crdt.replica.holdings import Holdings
from crdt.replica.interpreter import Interpreter
from crdt.replica.key_distribution import KeyDistribution
from crdt.replica.library import Library
from crdt.replica.membership import Membership
from crdt.replica.pen import Pen
from crdt.replica.stale_views import StaleViews
from crdt.replica.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.crypto.keys import DeviceKeys
    from crdt.entries.entry import SignedEntry
    from crdt.ids import DocumentId, SpaceId
    from crdt.replica.admission import Admitted
    from crdt.replica.interpreter import Changes
    from crdt.replica.pen import Circumstances
    from crdt.store.port import Store

_MAX_REACTIONS = 8
"""Reactions bring reactions (a charter, then a key, then bindings), but never many."""


class Replica:
    """The shared record as one device holds it.

    Args:
        store: Open; this replica is its only writer.
        keys: Of this device.
        name: What its member wants to be called when joining.
        circumstances: Clock and dice.
    """

    def __init__(
        self, store: Store, keys: DeviceKeys, name: str, circumstances: Circumstances
    ) -> None:
        self.store = store
        self.keys = keys
        self.stale = StaleViews(store)
        self.interpreter = Interpreter(store, keys, self.stale)
        self.holdings = Holdings(store, keys, self.interpreter)
        self.pen = Pen(store, self.interpreter, keys, circumstances)
        self.distribution = KeyDistribution(store, self.interpreter.writers, self.pen, keys)
        self.membership = Membership(store, self.holdings, self.pen, self.distribution, keys, name)
        self.standing = Standing(store, self.membership, self.distribution, self.pen)
        self.library = Library(store, self.holdings, self.interpreter, self.distribution, self.pen)
        self.admission = Admission(store, self.interpreter, self.pen, self.holdings)
        self.membership.resume()

    def admit(self, entries: Iterable[SignedEntry]) -> Admitted:
        """Admit what arrived, durable when this returns.

        Raises:
            StoreError: Nothing of the batch was kept.
        """
        return self.admission.admit(entries)

    def react(self) -> Changes:
        """Do what the newest entries ask of this node, and tell what changed since the last time.

        Joins are answered, keys shared, late edits of withdrawn documents named.
        """
        return self._react_to(self.interpreter.drain())

    def react_anew(self) -> Changes:
        """React to everything that is here, as after a start.

        A power cut or a full disk may have come between an entry and the reaction to it.
        """
        changes = self.interpreter.drain()
        changes.ruled |= {inner.space for inner in self.holdings.inner_spaces()}
        changes.documents |= self.stale.all()
        return self._react_to(changes)

    def _react_to(self, changes: Changes) -> Changes:
        fresh = changes
        for _ in range(_MAX_REACTIONS):
            if not fresh.ruled and not fresh.documents:
                break
            with self.store.writing():
                if fresh.ruled:
                    changes.hindered.update(self._react_to_rules())
                for document in fresh.documents:
                    if self.library.withdrawal_of(document) is not None:
                        self.library.name_late_edits(document)
            fresh = self.interpreter.drain()
            changes.ruled |= fresh.ruled
            changes.documents |= fresh.documents
        return changes

    def _react_to_rules(self) -> dict[SpaceId, CrdtError]:
        """React in each community; what hinders us in one keeps no other waiting."""
        hindered: dict[SpaceId, CrdtError] = {}
        for inner in self.holdings.inner_spaces():
            try:
                self.membership.react(inner)
                self.standing.follow_up(self.membership.community(inner))
            except StoreError:
                raise
            except CrdtError as error:
                hindered[inner.space] = error
        return hindered

    def stale_documents(self, most: int) -> list[DocumentId]:
        """Return documents whose view must be read and made anew, also those of before a restart.

        Read them after this: what changes from now on is stale again.
        """
        return self.stale.first(most)

    def forget_views(self) -> None:
        """Note that the view of every document must be made anew."""
        self.stale.forget()

    def made_anew(self, documents: Iterable[DocumentId]) -> None:
        """Note that the views of these documents are as they were when they were read as stale."""
        self.stale.settle(documents)
