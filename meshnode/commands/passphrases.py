"""How a command gets a passphrase: from a file, or from a person, twice when it is new."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from meshnode.errors import BadUsage

if TYPE_CHECKING:
    from meshnode.commands.terminal import Terminal

SHORT_CHARS = 10
_MAX_LINE_CHARS = 4096


def from_file(path: str) -> str:
    """Read a passphrase: the first line of a file, "-" for standard input.

    Raises:
        BadUsage: It cannot be read, or is empty.
    """
    try:
        if path == "-":
            line = sys.stdin.readline(_MAX_LINE_CHARS)
        else:
            with Path(path).expanduser().open(encoding="utf-8") as file:
                line = file.readline(_MAX_LINE_CHARS)
    except OSError as error:
        raise BadUsage(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadUsage(f"{path} is not UTF-8 text") from error
    passphrase = line.rstrip("\r\n")
    if not passphrase:
        raise BadUsage(f"the first line of {path} is empty")
    return passphrase


def present(terminal: Terminal, path: str | None) -> str:
    """Get the passphrase that is in force.

    Raises:
        BadUsage: No file was named and nobody is there.
    """
    if path is not None:
        return from_file(path)
    return terminal.secret("Passphrase", "nobody is here to ask; use --passphrase-file")


def new(terminal: Terminal, path: str | None, option: str) -> str:
    """Get a new passphrase, and warn of a short one.

    Raises:
        BadUsage: No file was named and nobody is there, or the two do not agree.
    """
    if path is not None:
        passphrase = from_file(path)
    else:
        hint = f"nobody is here to ask; use {option}, or --no-passphrase"
        passphrase = terminal.secret("New passphrase", hint)
        if not passphrase:
            raise BadUsage("an empty passphrase; to do without one, say --no-passphrase")
        if terminal.secret("Once more", hint) != passphrase:
            raise BadUsage("the two passphrases differ")
    if len(passphrase) < SHORT_CHARS:
        terminal.note("That is a short passphrase: four or more random words are hard to guess.")
    return passphrase
