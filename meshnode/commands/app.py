"""`meshnode` alone: the app, and the node behind it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from meshnode.commands.connection import ensure_daemon
from meshnode.daemon.background import import_path
from meshnode.errors import BadUsage

if TYPE_CHECKING:
    from meshnode.commands.call import Call

_OPEN = "import sys, pathlib, tui.app; tui.app.run(*map(pathlib.Path, sys.argv[1:]))"
"""The app is a program of its own, on the floor above: started, never imported."""


def open_app(call: Call) -> NoReturn:
    """Start the node if none runs, then become the app."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadUsage("the app needs a terminal; `meshnode --help` lists the commands")
    ensure_daemon(call, may_be_empty=True)
    call.terminal.flush()
    command = [sys.executable, "-P", "-c", _OPEN, str(call.home.socket), str(call.home.root)]
    os.execve(command[0], command, os.environ | import_path())  # noqa: S606 - fixed words
