from __future__ import annotations

import stat
from pathlib import Path

import pytest

from meshnode.errors import HomeNotPrivate, HomeUnusable, NotAHome
from meshnode.home.home import MAX_SOCKET_PATH_BYTES, Home, find_home


def test_the_option_goes_before_the_variable_before_the_default() -> None:
    named = {"MESHNODE_HOME": "/from/variable"}

    assert find_home("/from/option", named).root == Path("/from/option")
    assert find_home(None, named).root == Path("/from/variable")
    assert find_home(None, {}).root == Path.home() / ".meshnode"


def test_a_home_is_absolute_so_that_the_daemon_may_change_its_folder() -> None:
    assert find_home("somewhere", {}).root == Path.cwd() / "somewhere"


def test_a_made_home_is_its_users_alone(home: Home) -> None:
    home.make()

    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    assert home.is_empty


def test_an_empty_folder_made_by_hand_becomes_private(home: Home) -> None:
    home.root.mkdir(mode=0o755)

    home.make()

    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_a_folder_with_something_in_it_that_others_can_read_is_refused(home: Home) -> None:
    home.root.mkdir(mode=0o755)
    (home.root / "letter.txt").touch()

    with pytest.raises(HomeNotPrivate):
        home.make()


def test_a_file_is_no_home(home: Home) -> None:
    home.root.touch()

    with pytest.raises(HomeUnusable):
        home.make()


def test_the_socket_lies_in_the_home_where_its_path_is_short_enough(home: Home) -> None:
    home.make()

    assert home.make_socket_folder() == home.socket == home.root / "node.sock"


def deep(tmp_path: Path) -> Home:
    home = Home(tmp_path / ("deep" * 25) / "home")
    home.make()
    return home


def test_a_deep_home_has_its_socket_elsewhere_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = deep(tmp_path)

    path = home.make_socket_folder()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/another/session")

    assert home.socket == path
    assert len(bytes(path)) <= MAX_SOCKET_PATH_BYTES
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_deep_homes_have_two_sockets(tmp_path: Path) -> None:
    first, second = deep(tmp_path / "a"), deep(tmp_path / "b")

    assert first.socket != second.socket


def test_a_socket_folder_that_is_open_to_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    trap = tmp_path / "meshnode"
    trap.mkdir()
    trap.chmod(0o777)
    (trap / "somebody's").touch()

    with pytest.raises(HomeNotPrivate):
        deep(tmp_path).make_socket_folder()


def test_a_home_is_removed_whole_and_links_in_it_are_not_followed(
    home: Home, tmp_path: Path
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/letter").touch()
    home.make()
    home.lock.touch()
    (home.root / "link").symlink_to(tmp_path / "precious")

    home.check_wipeable()
    home.remove()

    assert not home.root.exists()
    assert (tmp_path / "precious/letter").exists()


def test_a_folder_that_is_not_ours_is_never_wiped(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()  # tmp_path is the user's own home here

    with pytest.raises(NotAHome):
        Home(tmp_path).check_wipeable()
    with pytest.raises(NotAHome):
        Home(tmp_path / "nowhere").check_wipeable()
    with pytest.raises(NotAHome):
        Home(Path("/")).check_wipeable()
