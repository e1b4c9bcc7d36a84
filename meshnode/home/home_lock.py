"""One daemon per home: a lock on HOME/node.lock that ends with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meshnode.errors import AlreadyRunning, HomeUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshnode.home.home import Home

_ATTEMPTS = 3
_PAUSE_S = 0.02
"""`holder` takes the lock for an instant to see whether it is free: not worth giving up for."""


@contextmanager
def home_lock(home: Home) -> Iterator[None]:
    """Hold the lock; the file stays, since removing it would let two in.

    Raises:
        AlreadyRunning: Another process holds it.
        HomeUnusable: The file cannot be written.
    """
    try:
        file = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise HomeUnusable(f"{home.lock}: {error.strerror}") from error
    try:
        _take(file)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)


def _take(file: int) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt == _ATTEMPTS - 1:
                raise AlreadyRunning(f"process {_process(file)}") from None
            time.sleep(_PAUSE_S)
        else:
            return


def _process(file: int) -> int:
    number = os.pread(file, 20, 0).decode("ascii", "replace").strip()
    return int(number) if number.isdecimal() else 0


def holder(home: Home) -> int | None:
    """Return the process that holds the lock, or None when nobody does (0: not known)."""
    try:
        file = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(file)
    finally:
        os.close(file)
    return None
