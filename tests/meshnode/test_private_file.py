from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from meshnode.home.private_file import create_private, destroy, private_files, write_private

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_written_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "keys", b"secret")
    finally:
        os.umask(before)

    assert (tmp_path / "keys").read_bytes() == b"secret"
    assert mode(tmp_path / "keys") == 0o600


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_private(tmp_path / "keys", b"old")

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        write_private(tmp_path / "keys", b"new")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"keys": b"old"}


def test_a_file_is_created_only_where_there_is_none(tmp_path: Path) -> None:
    create_private(tmp_path / "unlock.key", b"first")

    with pytest.raises(FileExistsError):
        create_private(tmp_path / "unlock.key", b"second")

    assert (tmp_path / "unlock.key").read_bytes() == b"first"


def test_a_destroyed_file_is_overwritten_before_it_goes(tmp_path: Path) -> None:
    write_private(tmp_path / "keys", b"secret" * 100)
    os.link(tmp_path / "keys", tmp_path / "another name of the same bytes")

    destroy(tmp_path / "keys")

    assert not (tmp_path / "keys").exists()
    assert b"secret" not in (tmp_path / "another name of the same bytes").read_bytes()


def test_destroying_a_link_leaves_what_it_points_at(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"stays")
    (tmp_path / "keys").symlink_to(tmp_path / "precious")

    destroy(tmp_path / "keys")

    assert (tmp_path / "precious").read_bytes() == b"stays"
    assert not (tmp_path / "keys").is_symlink()


def test_destroying_nothing_is_fine(tmp_path: Path) -> None:
    destroy(tmp_path / "keys")


def test_files_made_meanwhile_are_private(tmp_path: Path) -> None:
    with private_files():
        (tmp_path / "node.db").touch(0o666)

    assert mode(tmp_path / "node.db") == 0o600
