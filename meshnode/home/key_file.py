"""The key file: 32 random bytes that open a node where nobody is near to type a passphrase."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from meshnode.errors import KeyFileMissing
from meshnode.home.private_file import create_private

if TYPE_CHECKING:
    from meshnode.home.home import Home
    from meshnode.home.settings import Config

KEY_FILE_BYTES = 32


def key_file_path(home: Home, config: Config) -> Path:
    """Return where the key file of a home lies, or would."""
    named = config.node.key_file
    return Path(named).expanduser() if named else home.key_file


def make_key_file(path: Path) -> bytes:
    """Write a new key file, or take the one that is there, and return its contents.

    Raises:
        KeyFileMissing: It cannot be written, or what is there is no key file.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = os.urandom(KEY_FILE_BYTES)
        create_private(path, key)
    except FileExistsError:
        return read_key_file(path)
    except OSError as error:
        raise KeyFileMissing(f"{path}: {error.strerror}") from error
    return key


def read_key_file(path: Path) -> bytes:
    """Read a key file.

    Raises:
        KeyFileMissing: It is not there, cannot be read, or is not one.
    """
    try:
        with path.open("rb") as file:
            key = file.read(KEY_FILE_BYTES + 1)
    except OSError as error:
        raise KeyFileMissing(f"{path}: {error.strerror}") from error
    if len(key) != KEY_FILE_BYTES:
        raise KeyFileMissing(f"{path} is no key file")
    return key
