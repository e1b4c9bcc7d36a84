"""What installing asks of the machine: room on the disk, and packages by their locks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]


class Unready(Exception):
    """The model cannot be installed on this machine now."""


class Crashed(Unready):
    """The engine was compiled for something that this processor does not let it do."""


def pip(*arguments: str) -> None:
    """Call pip with the Python of the environment.

    Raises:
        Unready: It failed; it said why on the terminal.
    """
    if subprocess.run([*PIP, *arguments], check=False).returncode != 0:
        raise Unready("A package could not be fetched: is this machine online?")


def need_room(folder: Path, needed_bytes: int) -> None:
    """Make sure that there is room on the disk before using it.

    Raises:
        Unready: There is not.
    """
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise Unready(
            f"{folder} has {free_bytes // 1024**2} MiB free; {needed_bytes // 1024**2} are needed."
        )
