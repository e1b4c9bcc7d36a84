"""What a replica shows, as plain values: two nodes with the same entries show the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crdt.errors import Withdrawn
from crdt.replica.replica import Replica
from crdt.store.rows import SpaceRow
from crdt.store.sqlite_store import SqliteStore
from tests.crdt.people import bytes_for
from tests.crdt.village import Weather

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from crdt.crypto.keys import DeviceKeys
    from crdt.ids import DocumentId
    from crdt.replica.held_space import HeldSpace

View = dict[str, Any]
KEY = bytes_for("views", 32)


def fresh_replica(path: Path, keys: DeviceKeys, spaces: Iterable[HeldSpace]) -> Replica:
    """Make a node that holds the spaces of another and nothing in them."""
    replica = Replica(SqliteStore(path, KEY), keys, "Nobody", Weather("fresh"))
    with replica.store.writing():
        for held in spaces:
            incarnation = bytes_for("fresh", 16)
            replica.holdings.hold(SpaceRow(held.space, held.kind, held.realm, None, incarnation))
    return replica


def view_of(replica: Replica) -> dict[str, View]:
    """Tell what a node shows of every space, whatever order it learnt it in."""
    return {held.kind.name: view_of_space(replica, held) for held in replica.holdings.all()}


def view_of_space(replica: Replica, held: HeldSpace) -> View:
    """Tell what a node shows of one space."""
    store = replica.store
    entries = list(store.entries.since(held.space, 0))
    view: View = {
        "summary": store.spaces.summary(held.space),
        "name": (held.name, held.description),
        "kept": sorted(
            (s.entry.id, s.entry.skeleton is None, s.entry.content is None) for s in entries
        ),
        "keys": sorted(held.keyring.keys) if held.keyring else [],
        "seal": held.writing_seal(),
        "documents": dict(_documents(replica, held)),
    }
    if held.access:
        view["roles"] = dict(held.access.members())
        view["heads"] = held.access.heads()
        view["invites"] = held.access.invites()
        view["pending"] = held.access.pending_joins()
        view["closed"] = held.access.is_closed
        view["effective"] = {s.entry.id for s in entries if held.access.effective(s.entry.id)}
    if held.people and held.access:
        view["names"] = {who: held.people.name(who) for who in held.access.members()}
        view["devices"] = held.reading_devices()
        view["secrets"] = held.people.secrets
        view["members"] = {who: held.people.member(who) for who in held.access.members()}
    return view


def _documents(replica: Replica, held: HeldSpace) -> Iterator[tuple[DocumentId, object]]:
    """Give what can be read; of what was taken back, nodes that came later know no more."""
    for document in replica.store.entries.documents(held.space):
        try:
            read = replica.library.read(document)
        except Withdrawn:
            continue
        if not read.automerge_heads:
            continue  # nothing in it has effect: who lacks its key has not even that
        yield document, (read.text, read.automerge_heads, sorted(read.fields.items()))
