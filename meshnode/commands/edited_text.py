"""A text as its editor leaves it: from a file, or out of $EDITOR, with no copy left behind."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from meshnode.errors import BadUsage

if TYPE_CHECKING:
    from meshnode.commands.terminal import Terminal
    from meshnode.views.contribution import ContributionView

MAX_TEXT_BYTES = 16 << 20
_MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made inside


def edited_text(terminal: Terminal, before: ContributionView, path: str | None) -> str:
    """Return the new text.

    Args:
        terminal: Whose editor is opened.
        before: What is edited.
        path: A file that holds the new text; "-" reads it; None opens the editor.

    Raises:
        BadUsage: The file cannot be read, or there is no editor or nobody to use it.
    """
    text = _from_editor(terminal, before.text) if path is None else _from_file(terminal, path)
    # Editors end a file with a new line, which is no change of the text.
    if not before.text.endswith("\n") and text.endswith("\n"):
        text = text[:-1]
    return text


def _from_file(terminal: Terminal, path: str) -> str:
    return terminal.read() if path == "-" else _read(Path(path).expanduser())


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise BadUsage(f"{path} is larger than {MAX_TEXT_BYTES >> 20} MB")
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise BadUsage(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadUsage(f"{path} is not UTF-8 text") from error


def _from_editor(terminal: Terminal, text: str) -> str:
    if not terminal.has_person:
        raise BadUsage("nobody is here to edit; give the new text with --file")
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "nano")
    # In memory where we can: an erased text must not live on in a temporary file's blocks.
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="meshnode-", dir=place) as folder:
        path = Path(folder) / "text.md"
        path.write_text(text, encoding="utf-8")
        try:
            result = subprocess.run([*editor, str(path)], check=False)  # noqa: S603 - their editor
        except OSError as error:
            raise BadUsage(f"the editor {editor[0]} does not start: {error.strerror}") from error
        if result.returncode:
            raise BadUsage(f"the editor ended with {result.returncode}, so nothing was changed")
        return _read(path)
