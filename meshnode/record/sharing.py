"""Who gets what: the spaces of this node as sync sees them, and the gate before the sealed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.entries.opening import open_entry
from crdt.entries.skeletons import Grant, Kind
from crdt.ids import device_id
from crdt.sync.hello import SharedSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crdt.ids import Pseudonym, SpaceId
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.replica import Replica
    from crdt.store.rows import StoredEntry

_CREDENTIALS = frozenset({Kind.CERTIFICATE, Kind.JOIN})
_MAX_CREDENTIALS = 64


def shared_spaces(replica: Replica) -> list[SharedSpace]:
    """Return what this node would sync, sealed spaces first: they say who may write elsewhere."""
    now_ms = replica.pen.now_ms()
    held_spaces = sorted(replica.holdings.all(), key=lambda held: not held.kind.is_sealed)
    found = ((held, held.discovery_keys(now_ms)) for held in held_spaces)
    return [
        SharedSpace(
            held.space,
            keys,
            needs_proof=held.kind.is_sealed,
            has_receipts=held.people is not None,
            tells_first=held.is_key_current,
        )
        for held, keys in found
        if keys
    ]


def share_keys(replica: Replica, device_public: bytes, known_keys: Mapping[SpaceId, bytes]) -> bool:
    """Give a device that proved itself the keys that it may have and lacks.

    Args:
        replica: On its own thread.
        device_public: Its public bytes.
        known_keys: Discovery keys that it showed it knows, by space.

    Returns:
        Whether anything was written.
    """
    device, has_shared = device_id(device_public), False
    for inner in replica.holdings.inner_spaces():
        if inner.may_read(device_public):
            known = known_keys.get(inner.space, b"")
            has_shared |= replica.distribution.share(inner, {device: device_public}, known)
    return has_shared


def _raises(held: HeldSpace, stored: StoredEntry, own: Pseudonym) -> bool:
    """Whether an entry gives us a role."""
    if stored.kind != Kind.GRANT:
        return False
    opened = open_entry(stored.entry, held.keyring)
    return (
        opened is not None
        and isinstance(opened.skeleton, Grant)
        and opened.skeleton.principal == own
    )


class Door:
    """A `crdt.sync.source.Gate` that asks the replica; on the record's thread.

    Args:
        current: Gives the replica, which knows who may read.
    """

    def __init__(self, current: Callable[[], Replica]) -> None:
        self._current = current

    def may_read(self, space: SpaceId, device_public: bytes | None) -> bool:
        """Tell whether a device may be served a sealed space."""
        held = self._current().holdings.find(space)
        if held is None or device_public is None:
            return False
        if held.keyring is not None and not held.keyring.keys:
            # We hold no key yet (a ticket, or words): there is nothing here to keep from anybody.
            return True
        return held.may_read(device_public)

    def credentials(self, space: SpaceId) -> Iterable[int]:
        """Return the entries that show why we may read: our certificate, joins and grants."""
        replica = self._current()
        held = replica.holdings.find(space)
        if held is None:
            return []
        own = held.own.pseudonym
        found = []
        for stored in replica.store.entries.control(space):
            is_ours = replica.interpreter.writers.author(stored.entry) == own
            if (is_ours and stored.kind in _CREDENTIALS) or _raises(held, stored, own):
                found.append(stored.number)
        return found[-_MAX_CREDENTIALS:]
