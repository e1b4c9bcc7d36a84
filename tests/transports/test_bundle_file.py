"""Bundles survive the pocket: what is whole is read, what is not is said."""

from __future__ import annotations

import errno
import os
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transports.bundle_file import BundleReader, Damage, bundle_head, frame_record
from transports.bundle_writer import write_bundle
from transports.errors import BundleNotWritten, NotABundle
from transports.link import MAX_FRAME_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD_BYTES = len(bundle_head(bytes(16)))
RECORD_BYTES = 17
IN_ONE_DIRECTORY = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20
)
FRAMES = st.lists(st.binary(min_size=1, max_size=300), max_size=12)


def read(path: Path) -> tuple[list[bytes], Damage | None]:
    reader = BundleReader(path)
    return list(reader), reader.damage


def is_subsequence(some: list[bytes], of: list[bytes]) -> bool:
    rest = iter(of)
    return all(frame in rest for frame in some)


@IN_ONE_DIRECTORY
@given(FRAMES)
def test_what_is_written_is_read(tmp_path: Path, frames: list[bytes]) -> None:
    path = tmp_path / "ridge.bundle"

    assert write_bundle(path, frames) == len(frames)

    assert read(path) == (frames, None)


def test_the_largest_frames_are_read(tmp_path: Path) -> None:
    frames = [Random(n).randbytes(MAX_FRAME_BYTES) for n in range(12)]
    write_bundle(tmp_path / "b", iter(frames))

    assert read(tmp_path / "b") == (frames, None)


@IN_ONE_DIRECTORY
@given(FRAMES, st.data())
def test_a_cut_bundle_gives_every_whole_frame(
    tmp_path: Path, frames: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path / "b"
    write_bundle(path, frames)
    whole = path.read_bytes()
    cut = data.draw(st.integers(HEAD_BYTES, len(whole) - 1))
    path.write_bytes(whole[:cut])

    found, damage = read(path)

    ends = [sum(RECORD_BYTES + len(f) for f in frames[: n + 1]) for n in range(len(frames))]
    assert found == [f for f, end in zip(frames, ends, strict=True) if HEAD_BYTES + end <= cut]
    assert damage is not None
    assert damage.is_cut


@IN_ONE_DIRECTORY
@given(FRAMES, st.data())
def test_damage_loses_what_it_touches_and_nothing_else(
    tmp_path: Path, frames: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path / "b"
    write_bundle(path, frames)
    damaged = bytearray(path.read_bytes())
    at = data.draw(st.integers(HEAD_BYTES, len(damaged) - 1))
    damaged[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)

    found, damage = read(path)

    touched_end = at >= len(damaged) - RECORD_BYTES
    assert is_subsequence(found, frames)
    assert len(found) == len(frames) - (not touched_end)
    assert damage is not None
    assert (damage.missing_frames, damage.is_cut) == (int(not touched_end), touched_end)


@IN_ONE_DIRECTORY
@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused_and_never_believed(tmp_path: Path, bytes_: bytes) -> None:
    for number, content in enumerate((bytes_, bundle_head(bytes(16)) + bytes_)):
        path = tmp_path / str(number)
        path.write_bytes(content)
        try:
            found, damage = read(path)
        except NotABundle:
            continue
        assert (found, damage) == ([], Damage(len(bytes_), 0, is_cut=True))


def test_a_bundle_inside_a_damaged_frame_is_not_read_as_its_frames(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    write_bundle(inner, [b"forged"])
    write_bundle(tmp_path / "outer", [inner.read_bytes(), b"honest"])
    damaged = bytearray((tmp_path / "outer").read_bytes())
    damaged[HEAD_BYTES + RECORD_BYTES] ^= 1
    (tmp_path / "outer").write_bytes(damaged)

    found, damage = read(tmp_path / "outer")

    assert found == [b"honest"]
    assert damage is not None
    assert damage.missing_frames == 1


@pytest.mark.parametrize("content", [b"", b"MESHBNDL", b"PK\x03\x04" + bytes(40)])
def test_another_file_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)

    with pytest.raises(NotABundle):
        BundleReader(tmp_path / "b")


def test_a_newer_bundle_is_refused_by_its_version(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"MESHBNDL\x02" + bytes(16))

    with pytest.raises(NotABundle, match="version 2"):
        BundleReader(tmp_path / "b")


def test_a_missing_file_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(NotABundle):
        BundleReader(tmp_path / "nowhere")


def test_a_file_of_false_beginnings_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transports.bundle_file._VAIN_BYTES", 1_000_000)
    begin = frame_record(bytes(16), 0, bytes(MAX_FRAME_BYTES))[:RECORD_BYTES]
    (tmp_path / "b").write_bytes(bundle_head(bytes([1]) * 16) + begin * 8_000)

    found, damage = read(tmp_path / "b")

    assert found == []
    assert damage == Damage(len(begin) * 8_000, 0, is_cut=True)


@pytest.mark.parametrize("frame", [b"", bytes(MAX_FRAME_BYTES + 1)])
def test_what_is_no_frame_is_not_written(tmp_path: Path, frame: bytes) -> None:
    with pytest.raises(ValueError, match="frame"):
        write_bundle(tmp_path / "b", [b"first", frame])

    assert list(tmp_path.iterdir()) == []


def test_a_full_medium_leaves_the_old_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b"
    write_bundle(path, [b"old"])

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleNotWritten, match="No space"):
        write_bundle(path, [b"new"])

    assert read(path) == ([b"old"], None)
    assert list(tmp_path.iterdir()) == [path]


def test_a_source_that_fails_leaves_the_old_bundle(tmp_path: Path) -> None:
    path = tmp_path / "b"
    write_bundle(path, [b"old"])

    def failing() -> Iterator[bytes]:
        yield b"new"
        raise KeyError

    with pytest.raises(KeyError):
        write_bundle(path, failing())

    assert read(path) == ([b"old"], None)
    assert list(tmp_path.iterdir()) == [path]


def test_a_medium_that_lies_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transports.bundle_writer._digest", lambda _path: b"something else")

    with pytest.raises(BundleNotWritten):
        write_bundle(tmp_path / "b", [b"frame"])

    assert list(tmp_path.iterdir()) == []


def test_there_is_no_directory_to_write_into(tmp_path: Path) -> None:
    with pytest.raises(BundleNotWritten):
        write_bundle(tmp_path / "no such place" / "b", [b"frame"])
