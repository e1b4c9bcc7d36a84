"""The files that are under some paths: in a fixed order, and nothing that was not meant."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_FILES = 50_000
MAX_DEPTH = 32
"""Folders within folders."""

_LEFT_OUT = frozenset({"__pycache__", "node_modules", "CVS", "__MACOSX"})
"""Folders that programs keep. What begins with a dot (.git among them) is left out as well."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: Absolute, without links.
        shown: As the person will recognise it: under the path that they gave.
        obstacle: Why it is not read, as a sentence, or "" when it is.
        is_fault: Whether the obstacle is an error and not just a matter of course.
    """

    path: Path
    shown: str
    obstacle: str = ""
    is_fault: bool = False


def find_files(paths: Iterable[Path]) -> list[FoundFile]:
    """Find every file under these paths, each once.

    In folders, links are not followed (they may lead anywhere), and hidden files and folders are
    passed over silently. A path that was given by name is read whatever it is called.
    """
    found: dict[Path, FoundFile] = {}
    for given in paths:
        for file in _under(given):
            found.setdefault(file.path, file)
            if len(found) >= MAX_FILES:
                return [*found.values(), _beyond(given)]
    return list(found.values())


def _under(given: Path) -> Iterator[FoundFile]:
    try:
        path = given.resolve(strict=True)
        mode = path.stat().st_mode
    except (OSError, RuntimeError, ValueError):
        yield FoundFile(given.absolute(), str(given), "There is no such file or folder.", True)
        return
    if not stat.S_ISDIR(mode):
        yield _file(path, str(given), mode)
        return
    yield from _in_folder(path, str(given), 1)


def _in_folder(folder: Path, shown: str, depth: int) -> Iterator[FoundFile]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        yield FoundFile(folder, shown, f"The folder cannot be read: {error.strerror}.", True)
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _LEFT_OUT:
            continue
        path, name = folder / entry.name, os.path.join(shown, entry.name)
        if entry.is_symlink():
            yield FoundFile(path, name, "It is a link; name the file itself to add it.")
        elif not entry.is_dir(follow_symlinks=False):
            yield _file(path, name, entry.stat(follow_symlinks=False).st_mode)
        elif depth >= MAX_DEPTH:
            yield FoundFile(path, name, f"It lies more than {MAX_DEPTH} folders deep.", True)
        else:
            yield from _in_folder(path, name, depth + 1)


def _file(path: Path, shown: str, mode: int) -> FoundFile:
    if stat.S_ISREG(mode):
        return FoundFile(path, shown)
    return FoundFile(path, shown, "It is a device or a pipe, not a file.")


def _beyond(given: Path) -> FoundFile:
    return FoundFile(
        given / "…",
        str(given),
        f"Only {MAX_FILES} files are read at once; add folders singly.",
        True,
    )
