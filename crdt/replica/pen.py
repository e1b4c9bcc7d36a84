"""Writing in our own name: position, cites, seal and certificate are seen to here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from crdt.certificates import certify
from crdt.codec import encode
from crdt.crypto.keys import INCARNATION_BYTES
from crdt.entries.authoring import SALTS_BYTES, author
from crdt.entries.entry import Priority
from crdt.entries.opening import ALWAYS_CLEAR, open_entry
from crdt.entries.skeletons import Kind, Skeleton
from crdt.errors import CannotOpen, LogForked, SpaceClosed
from crdt.replica.interpreter import document_of
from crdt.store.rows import Put, SpaceRow

if TYPE_CHECKING:
    from crdt.crypto.keys import DeviceKeys
    from crdt.entries.authoring import Position
    from crdt.entries.entry import VerifiedEntry
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.interpreter import Interpreter
    from crdt.store.port import Store

_ALWAYS_ALLOWED = frozenset(
    {Kind.CERTIFICATE, Kind.REVOCATION, Kind.WITHDRAWAL, Kind.EPOCH, Kind.SHARE}
)
"""What may be written even where newer software rules: words can always be taken back, and so
can the rights of whoever closed the space, with a new key after them."""


class Circumstances(Protocol):
    """What the core must be given, because it has no clock and no dice."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 on this machine's clock."""
        ...

    def random_bytes(self, count: int) -> bytes:
        """Fresh bytes from the operating system."""
        ...


class Pen:
    """Writes entries into our own logs.

    Args:
        store: Where they go; durable when the transaction ends.
        interpreter: Takes them in like anybody's.
        keys: Of this device.
        circumstances: Clock and dice.
    """

    def __init__(
        self,
        store: Store,
        interpreter: Interpreter,
        keys: DeviceKeys,
        circumstances: Circumstances,
    ) -> None:
        self._store = store
        self._interpreter = interpreter
        self._keys = keys
        self._circumstances = circumstances

    def now_ms(self) -> int:
        """Return the stamp for what is written now."""
        return self._circumstances.now_ms()

    def random_bytes(self, count: int) -> bytes:
        """Return fresh random bytes."""
        return self._circumstances.random_bytes(count)

    def write(
        self, held: HeldSpace, skeleton: Skeleton, content: bytes = b"", *, priority: Priority
    ) -> VerifiedEntry:
        """Write, keep and take in one entry; on disk when the outermost transaction ends.

        Args:
            held: The space to write in.
            skeleton: `cites` is filled in here, unless it is given.
            content: Plain bytes.
            priority: What travels first.

        Raises:
            SpaceClosed: Software newer than ours rules this space.
            CannotOpen: The space is sealed and we hold no key that may be used.
            TooLarge: A part is beyond its bound.
        """
        access = held.access
        if skeleton.kind not in _ALWAYS_ALLOWED and access and access.is_closed:
            raise SpaceClosed
        with self._store.writing():
            position = self._position(held)
            if position.sequence == 1:
                self._keep(held, certify(held.own, held.space, self.now_ms()), b"", position)
                position = self._position(held)
            skeleton = replace(skeleton, cites=skeleton.cites or held.heads)
            return self._keep(held, skeleton, content, position, priority)

    def _position(self, held: HeldSpace) -> Position:
        try:
            return self._store.logs.position(held.space, held.own.log)
        except LogForked:
            self.reincarnate(held)
            return self._store.logs.position(held.space, held.own.log)

    def reincarnate(self, held: HeldSpace) -> None:
        """Go on in a new log: this one was continued elsewhere, from a copy of our database."""
        incarnation = self.random_bytes(INCARNATION_BYTES)
        row = self._store.spaces.get(held.space)
        with self._store.writing():
            self._store.spaces.add(
                SpaceRow(row.space, row.kind, row.realm, row.charter, incarnation)
            )
        held.own = self._keys.log(held.realm, incarnation)

    def _keep(
        self,
        held: HeldSpace,
        skeleton: Skeleton,
        content: bytes,
        position: Position,
        priority: Priority = Priority.URGENT,
    ) -> VerifiedEntry:
        seal = None
        if held.kind.is_sealed and skeleton.kind not in ALWAYS_CLEAR:
            seal = held.writing_seal()
            if seal is None and skeleton.kind is Kind.REVOCATION and held.epochs:
                seal = held.epochs.newest()  # who is removed may know that they are
            if seal is None:
                raise CannotOpen("no key of this space may be used to write now")
        entry = author(
            held.own,
            position,
            priority,
            encode(skeleton),
            content,
            salts=self.random_bytes(SALTS_BYTES),
            seal=seal,
        )
        opened = open_entry(entry, held.keyring, with_words=False)
        if opened is None:
            raise CannotOpen("what was written cannot be read back")
        outcome = self._store.entries.put(entry, opened.kind, document_of(entry.id, opened))
        if outcome is not Put.NEW:
            raise LogForked(f"our own entry {position.sequence} was {outcome.value}")
        self._interpreter.take(held, entry, opened)
        return entry
