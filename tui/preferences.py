"""What the interface remembers between visits, in a small file beside the socket."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

import msgspec

FILE_NAME = "tui.json"
MAX_BYTES = 4096


class Preferences(msgspec.Struct, frozen=True):
    """The reader's choices. A file that cannot be read counts as none made."""

    theme: Literal["dark", "light", "high-contrast"] = "dark"
    knows_sync_goes_on: bool = False
    """Whether they were told that closing the app does not stop the node."""


def load(home: Path) -> Preferences:
    """Read the choices, or give the first ones."""
    try:
        with (home / FILE_NAME).open("rb") as file:
            return msgspec.json.decode(file.read(MAX_BYTES), type=Preferences)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Preferences()


def save(home: Path, preferences: Preferences) -> bool:
    """Write the choices in one step; False when the folder cannot be written."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=home)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(preferences))
            Path(name).replace(home / FILE_NAME)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError:
        return False
    return True
