"""The `meshnode` program: finds the command, runs it, and turns errors into exit statuses.

Imports little: each command loads what it needs, so that `--help` and short
answers come at once.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from meshnode.commands.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crdt.errors import MeshError
    from meshnode.commands.call import Call, Program
    from meshnode.commands.terminal import Terminal
    from meshnode.home.home import Home


def main(argv: Sequence[str] | None = None, program: Program | None = None) -> int:
    """Run one command.

    Args:
        argv: The words after `meshnode`; None: those of this process.
        program: What it is run with.

    Returns:
        The exit status, as `docs/guide/cli.md` explains it.
    """
    words = sys.argv[1:] if argv is None else argv
    arguments = build_parser(is_json="--json" in words).parse_args(words)
    from crdt.errors import MeshError
    from meshnode.commands.call import Call, Program
    from meshnode.commands.terminal import Terminal
    from meshnode.errors import OutputLost
    from meshnode.home.home import find_home

    home = find_home(arguments.home)
    is_plain = arguments.plain or _is_plain(home)
    terminal = Terminal(is_json=arguments.json, is_plain=is_plain)
    module, _, function = arguments.run.partition(":")
    run: Callable[[Call], int] = getattr(import_module(f"meshnode.commands.{module}"), function)
    try:
        status = run(Call(arguments, home, terminal, program or Program()))
        terminal.flush()
    except OutputLost as error:
        _let_go_of_output()
        return _explain(terminal, error)
    except MeshError as error:
        return _explain(terminal, error)
    except (KeyboardInterrupt, EOFError):  # Ctrl-C; Ctrl-D at a question
        terminal.note("")
        return 130
    except BrokenPipeError:
        _let_go_of_output()  # whoever reads has read enough
        return 0
    return status


def _let_go_of_output() -> None:
    """Send what is still to be written nowhere; Python would complain once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_plain(home: Home) -> bool:
    """Tell whether the owner set plain lines; what is wrong in the settings is said elsewhere."""
    from meshnode.errors import ConfigError
    from meshnode.home.config import load_config

    try:
        return load_config(home.config).node.plain
    except ConfigError:
        return False


def _explain(terminal: Terminal, error: MeshError) -> int:
    from meshnode.api.status_codes import exit_status

    terminal.error(error.code, error.explain())
    return int(exit_status(error.code))
