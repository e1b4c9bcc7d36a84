"""Writing a bundle so that it is whole on the medium, or was never there."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from hashlib import blake2b
from typing import TYPE_CHECKING

from transports.bundle_file import NAME_BYTES, bundle_head, end_record, frame_record
from transports.errors import BundleNotWritten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_CHUNK_BYTES = 256 * 1024


def write_bundle(path: Path, frames: Iterable[bytes]) -> int:
    """Write frames into a file that then exists whole and proven, or not at all.

    It is written beside its place, flushed to the medium, read back from there
    and compared, and only then takes the name; a file of that name is replaced.

    Returns:
        How many frames it holds.

    Raises:
        ValueError: A frame is empty or larger than `MAX_FRAME_BYTES`.
        BundleNotWritten: The medium refused, is full, or does not give back what
            was written. What stood under that name still stands.
    """
    part = path.with_name(f".{path.name[:64]}.{secrets.token_hex(4)}.part")
    try:
        count = _write_part(part, frames)
        part.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        raise BundleNotWritten(f"{path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):  # gone when it took its name; else the medium is
            part.unlink()
    return count


def _write_part(part: Path, frames: Iterable[bytes]) -> int:
    count = 0

    def records() -> Iterator[bytes]:
        nonlocal count
        name = secrets.token_bytes(NAME_BYTES)
        yield bundle_head(name)
        for frame in frames:
            yield frame_record(name, count, frame)
            count += 1
        yield end_record(name, count)

    written = blake2b()
    with part.open("xb") as file:
        for record in records():
            written.update(record)
            file.write(record)
        file.flush()
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):  # so that the check reads the medium, not memory
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if _digest(part) != written.digest():
        raise BundleNotWritten(f"{part.parent} does not give back what was written")
    return count


def _digest(path: Path) -> bytes:
    digest = blake2b()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()


def _sync_directory(directory: Path) -> None:
    """Make the file's name durable, where the file system has a way to ask for it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
