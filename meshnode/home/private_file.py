"""Small files that only their owner reads: written whole or not at all, and destroyed for good."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODE = 0o600
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


@contextmanager
def private_files() -> Iterator[None]:
    """Let nobody else read what this process writes meanwhile."""
    previous = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(previous)


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is there whole, and on disk, or not at all.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    with suppress(FileNotFoundError):
        draft.unlink()  # of a process that was killed, and had our number
    try:
        _write_new(draft, data)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 where there is none.

    Raises:
        FileExistsError: There is one; it stays as it is.
        OSError: As in `write_private`.
    """
    _write_new(path, data)
    sync_folder(path.parent)


def destroy(path: Path) -> None:
    """Overwrite a file, then remove it. Nothing happens when there is none.

    Old copies may survive in a flash medium's spare cells, in a journal or in a
    file system's snapshots: no program can reach those.

    Raises:
        OSError: It cannot be removed.
    """
    with suppress(OSError):  # removing is what counts, and works where writing may not
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            size = os.fstat(file).st_size
            for pattern in (os.urandom(size), bytes(size)):
                os.pwrite(file, pattern, 0)
                os.fsync(file)
            os.ftruncate(file, 0)
        finally:
            os.close(file)
    with suppress(FileNotFoundError):
        path.unlink()
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's list of files durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_new(path: Path, data: bytes) -> None:
    file = os.open(path, _NEW, MODE)
    with open(file, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(file)
