"""The `meshnode` program: finds the command, runs it, and turns errors into exit statuses.

Imports little: each command loads what it needs, so that `--help` and short
answers come at once.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from meshnode.commands.parser import build_parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from crdt.errors import MeshError
    from meshnode.commands.terminal import Terminal
    from meshnode.home import Home
    from meshnode.lifecycle import OpenNode


def _real_node() -> OpenNode:
    from meshnode.node import open_node

    return open_node


@dataclass(frozen=True, slots=True)
class Program:
    """What the commands are run with; tests put a fake node here.

    Attributes:
        open_node: Loads what builds the open node.
        command: The command line that starts this program again.
    """

    open_node: Callable[[], OpenNode] = _real_node
    command: tuple[str, ...] = (sys.executable, "-P", "-m", "meshnode")


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


def main(argv: Sequence[str] | None = None, program: Program | None = None) -> int:
    """Run one command.

    Args:
        argv: The words after `meshnode`; None: those of this process.
        program: What it is run with.

    Returns:
        The exit status, as `docs/guide/cli.md` explains it.
    """
    arguments = build_parser().parse_args(argv)
    from crdt.errors import MeshError
    from meshnode.commands.terminal import Terminal
    from meshnode.home import find_home

    home = find_home(arguments.home)
    terminal = Terminal(is_json=arguments.json, is_plain=arguments.plain)
    module, _, function = arguments.run.partition(":")
    run: Callable[[Call], int] = getattr(import_module(f"meshnode.commands.{module}"), function)
    try:
        status = run(Call(arguments, home, terminal, program or Program()))
        terminal.flush()
    except MeshError as error:
        return _explain(terminal, error)
    except KeyboardInterrupt:
        terminal.note("")
        return 130
    except BrokenPipeError:
        # Whoever reads has read enough. Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _explain(terminal: Terminal, error: MeshError) -> int:
    from meshnode.status_codes import exit_status

    terminal.error(error.code, error.explain())
    return int(exit_status(error.code))
