"""One command as it was called, and what it is run with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshnode.daemon.background import PROGRAM
from meshnode.errors import DoesNotLoad

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from meshnode.commands.terminal import Terminal
    from meshnode.home.home import Home
    from meshnode.lifecycle import OpenNode


def _real_node() -> OpenNode:
    try:
        from meshnode.node import open_node
    except ImportError as error:
        raise DoesNotLoad(str(error)) from error
    return open_node


@dataclass(frozen=True, slots=True)
class Program:
    """What the commands are run with; tests put a fake node here.

    Attributes:
        open_node: Loads what builds the open node.
        command: The command line that starts this program again.
    """

    open_node: Callable[[], OpenNode] = _real_node
    command: tuple[str, ...] = PROGRAM


@dataclass(frozen=True, slots=True)
class Call:
    """One command as it was called.

    Attributes:
        arguments: As parsed.
        home: The home that is meant.
        terminal: Where it reads and writes.
    """

    arguments: argparse.Namespace
    home: Home
    terminal: Terminal
    program: Program

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as argparse keeps them
        """Return an argument of the command."""
        return getattr(self.arguments, name)
