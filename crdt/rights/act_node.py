"""An act in its place among the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crdt.rights.authority import Act, ControlEntry


@dataclass(frozen=True, slots=True)
class ActNode:
    """An act with valid signatures, and where it stands.

    Attributes:
        below: Bits of the acts in its closure, without its own.
        is_backed: Whether as many stewards stand behind it as the charter asks for.
    """

    entry: ControlEntry
    act: Act
    below: int
    is_backed: bool
