"""The spaces that this node holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.errors import UnknownSpace
from crdt.replica.held_space import HeldSpace
from crdt.replica.lineages import Lineages
from crdt.space import SpaceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crdt.crypto.keys import DeviceKeys
    from crdt.ids import SpaceId
    from crdt.replica.interpreter import Interpreter
    from crdt.store.port import Store
    from crdt.store.rows import SpaceRow


class Holdings:
    """Every space of this node, by id, in the order in which they were taken up.

    Args:
        store: Where they are kept; read here, once.
        keys: Of this device.
        interpreter: Brings each space's view back.
    """

    def __init__(self, store: Store, keys: DeviceKeys, interpreter: Interpreter) -> None:
        self._store = store
        self._keys = keys
        self._spaces: dict[SpaceId, HeldSpace] = {}
        for row in store.spaces.all():
            held = HeldSpace(
                row, keys, reversed(store.epochs.of_space(row.space)), Lineages(store, row.space)
            )
            self._spaces[row.space] = held
            interpreter.load(held)

    def get(self, space: SpaceId) -> HeldSpace:
        """Return a space.

        Raises:
            UnknownSpace: Not held.
        """
        held = self._spaces.get(space)
        if held is None:
            raise UnknownSpace
        return held

    def all(self) -> tuple[HeldSpace, ...]:
        """Return every space."""
        return tuple(self._spaces.values())

    @property
    def by_id(self) -> Mapping[SpaceId, HeldSpace]:
        """Every space by its id."""
        return self._spaces

    def find(self, space: SpaceId) -> HeldSpace | None:
        """Return a space, or None if it is not held."""
        return self._spaces.get(space)

    def hold(self, row: SpaceRow) -> HeldSpace:
        """Take a space up. Inside a transaction of the store; undone with it on the next start."""
        self._store.spaces.add(row)
        held = HeldSpace(row, self._keys, (), Lineages(self._store, row.space))
        self._spaces[row.space] = held
        return held

    def inner_spaces(self) -> list[HeldSpace]:
        """Return the `inner` space of each community of this node."""
        return [held for held in self._spaces.values() if held.kind is SpaceKind.INNER]
