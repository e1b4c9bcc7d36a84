"""Frames in a file, to be carried by hand.

    head    "MESHBNDL", version (1 byte), random name of the file (16)
    frame   mark "F", number from 0 (4), length (4), checksum (8), the frame
    end     mark "E", number of frames (4), zero (4), checksum (8)

Numbers are big-endian. A checksum is BLAKE2b, keyed with the name, over the rest
of its record: what was damaged, or merely looks like a record inside a frame,
is never read as one. Sticks are pulled out half way and go bad in the middle,
so a reader takes every whole frame that it finds and then says what is missing.
A checksum is no signature: whoever can write the file can write any frame.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from transports.errors import NotABundle
from transports.link import MAX_FRAME_BYTES, check_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

MAGIC = b"MESHBNDL"
VERSION = 1
NAME_BYTES = 16

_FRAME_MARK, _END_MARK = b"F", b"E"
_MARKS = re.compile(b"[FE]")
_RECORD = struct.Struct(">cII8s")
_REACH_BYTES = _RECORD.size + MAX_FRAME_BYTES
"""The longest record: with so much in sight, any record can be judged."""

_CHUNK_BYTES = 256 * 1024

_FALSE_MARK_BYTES = 256
"""What looking at a false mark costs, in bytes that could be checked in the same time."""

_VAIN_BYTES = 256 * 1024 * 1024
"""Bytes of a file that may be checked in vain, about 1 s of work; then the rest counts as
lost. That is 100 MB of ruin, but a hostile file could be nothing but false beginnings."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What a bundle lacks.

    Attributes:
        lost_bytes: Bytes in the file that belong to no whole record.
        missing_frames: Frames that were written but not found. When the end is
            missing, those after the last one found are not counted.
        is_cut: Whether the end is missing, so that more may have followed.
    """

    lost_bytes: int
    missing_frames: int
    is_cut: bool


def bundle_head(name: bytes) -> bytes:
    """Return the beginning of a bundle named by 16 random bytes."""
    return MAGIC + bytes([VERSION]) + name


def frame_record(name: bytes, number: int, frame: bytes) -> bytes:
    """Return a frame as it stands in a bundle.

    Raises:
        ValueError: The frame is empty or larger than `MAX_FRAME_BYTES`.
    """
    check_frame(frame)
    checksum = _checksum(name, _FRAME_MARK, number, frame)
    return _RECORD.pack(_FRAME_MARK, number, len(frame), checksum) + frame


def end_record(name: bytes, frames: int) -> bytes:
    """Return the end of a bundle of so many frames."""
    return _RECORD.pack(_END_MARK, frames, 0, _checksum(name, _END_MARK, frames, b""))


class BundleReader:
    """Reads the frames of one bundle, with less than 1 MiB of it in memory.

    Usage: iterate, then look at `damage`.

    Args:
        path: The file.

    Raises:
        NotABundle: It is no bundle, one of a newer version, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._damage: Damage | None = None
        with self._open() as file:
            head = file.read(len(bundle_head(bytes(NAME_BYTES))))
        self._name = head[len(MAGIC) + 1 :]
        if head[: len(MAGIC)] != MAGIC or len(self._name) != NAME_BYTES:
            raise NotABundle(str(path))
        if head != bundle_head(self._name):
            raise NotABundle(f"{path} has version {head[len(MAGIC)]}, this is {VERSION}")

    @property
    def damage(self) -> Damage | None:
        """What is missing, None when nothing is; known once iterating came to its end."""
        return self._damage

    def __iter__(self) -> Iterator[bytes]:
        """Yield every whole frame, in the order of writing.

        Raises:
            NotABundle: The medium can no longer be read; what came before was whole.
        """
        with self._open() as file:
            scan = _Scan(file, self._name)
            while True:
                try:
                    frame = scan.next_frame()
                except OSError as error:
                    raise NotABundle(f"{self._path}: {error.strerror}") from error
                if frame is None:
                    break
                yield frame
        self._damage = scan.damage()

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except FileNotFoundError as error:
            raise NotABundle(f"there is no file {self._path}") from error
        except OSError as error:
            raise NotABundle(f"{self._path}: {error.strerror}") from error


class _Scan:
    """One walk through a bundle's records, and over what lies between them."""

    def __init__(self, file: BinaryIO, name: bytes) -> None:
        self._file = file
        self._name = name
        self._sight = b""
        self._at = 0
        self._next_number = 0
        self._found = 0
        self._lost_bytes = 0
        self._vain_bytes = 0
        self._ended_after: int | None = None
        file.seek(len(bundle_head(name)))

    def next_frame(self) -> bytes | None:
        """Return the next whole frame; None at the end of the file."""
        while self._see() and self._vain_bytes <= _VAIN_BYTES:
            frame = self._frame_here()
            if frame is not None:
                self._at += _RECORD.size + len(frame)
                self._found += 1
                return frame
            if self._end_here():
                self._at += _RECORD.size
            else:
                self._skip_to_next_mark()
        self._give_up_the_rest()
        return None

    def damage(self) -> Damage | None:
        """Return what the walk did not find."""
        is_cut = self._ended_after is None
        written = self._next_number if self._ended_after is None else self._ended_after
        missing = written - self._found
        if not (self._lost_bytes or missing or is_cut):
            return None
        return Damage(self._lost_bytes, missing, is_cut)

    def _see(self) -> bool:
        """Bring a whole record into sight, if the file has one; False at its end."""
        if len(self._sight) - self._at < _REACH_BYTES:
            more = self._file.read(_CHUNK_BYTES)
            if more:
                self._sight = self._sight[self._at :] + more
                self._at = 0
        return self._at < len(self._sight)

    def _frame_here(self) -> bytes | None:
        if self._sight[self._at : self._at + 1] != _FRAME_MARK:
            return None
        head = self._sight[self._at : self._at + _RECORD.size]
        if len(head) < _RECORD.size or self._ended_after is not None:
            return None
        _, number, length, checksum = _RECORD.unpack(head)
        body_at = self._at + _RECORD.size
        body = self._sight[body_at : body_at + length] if 0 < length <= MAX_FRAME_BYTES else b""
        if not body or len(body) != length or number < self._next_number:
            return None
        if checksum != _checksum(self._name, _FRAME_MARK, number, body):
            self._vain_bytes += length
            return None
        self._next_number = number + 1
        return body

    def _end_here(self) -> bool:
        record = self._sight[self._at : self._at + _RECORD.size]
        if self._ended_after is not None or record[:1] != _END_MARK:
            return False
        frames = int.from_bytes(record[1:5], "big")
        if record != end_record(self._name, frames) or frames < self._next_number:
            return False
        self._ended_after = frames
        return True

    def _skip_to_next_mark(self) -> None:
        mark = _MARKS.search(self._sight, self._at + 1)
        to = mark.start() if mark else len(self._sight)
        self._lost_bytes += to - self._at
        self._vain_bytes += _FALSE_MARK_BYTES
        self._at = to

    def _give_up_the_rest(self) -> None:
        self._lost_bytes += len(self._sight) - self._at
        while more := self._file.read(_CHUNK_BYTES):
            self._lost_bytes += len(more)
        self._sight, self._at = b"", 0


def _checksum(name: bytes, mark: bytes, number: int, body: bytes) -> bytes:
    head = mark + number.to_bytes(4, "big") + len(body).to_bytes(4, "big")
    digest = blake2b(head, digest_size=8, key=name)
    digest.update(body)
    return digest.digest()
