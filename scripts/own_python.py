"""Has a script run by the checkout's own Python, whatever Python it was called with."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def use_own_python() -> None:
    """Start this script anew with the environment that scripts/setup made, unless it runs there.

    Call it before the first import that the standard library does not have.
    """
    root = Path(__file__).resolve().parent.parent
    environment = Path(os.environ.get("MESHNODE_VENV") or root / ".venv").resolve()
    if Path(sys.prefix).resolve() == environment:
        return
    python = environment / "bin" / "python"
    if not python.exists():
        sys.exit("Run scripts/setup --dev first: this needs the project's libraries.")
    os.execv(python, [str(python), *sys.argv])  # noqa: S606 - our own interpreter
