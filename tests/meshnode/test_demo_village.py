"""The village: two homes, their daemons as processes, and nothing left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshnode.demo.__main__ import WRONG_USAGE, _place, main
from meshnode.demo.telling import Untrue
from meshnode.demo.village import lay_out
from meshnode.home.config import load_config
from meshnode.home.home_lock import holder
from meshnode.views.home import InitRequest
from tests.meshnode.fake_program import COMMAND

if TYPE_CHECKING:
    from pathlib import Path


def test_the_two_nodes_meet_over_loopback_and_nowhere_else(tmp_path: Path) -> None:
    village = lay_out(tmp_path, has_models=(False, True))

    rosa, ahmed = (load_config(node.home.config) for node in village.nodes)

    assert rosa.reticulum.tcp_listen.startswith("127.0.0.1:")
    assert ahmed.reticulum.tcp_connect == (rosa.reticulum.tcp_listen,)
    assert not rosa.reticulum.auto_interface
    assert not ahmed.reticulum.auto_interface
    assert (rosa.model.enabled, ahmed.model.enabled) == (False, True)
    assert {node.home.root.parent for node in village.nodes} == {tmp_path}


@pytest.mark.slow
async def test_a_node_starts_answers_stops_and_starts_again(tmp_path: Path) -> None:
    rosa = lay_out(tmp_path, has_models=(False, False), program=COMMAND).rosa

    await rosa.start()
    await rosa.client.init(InitRequest(name="Rosa", passphrase="abc"))
    first = await rosa.stop()
    await rosa.start()
    state = (await rosa.client.status()).state
    second = await rosa.stop()
    await rosa.end()

    assert (first, state, second) == (0, "locked", 0)
    assert holder(rosa.home) is None


@pytest.mark.slow
async def test_ending_the_village_ends_daemons_that_nobody_stopped(tmp_path: Path) -> None:
    village = lay_out(tmp_path, has_models=(False, False), program=COMMAND)
    await village.rosa.start()

    await village.end()

    assert holder(village.rosa.home) is None


@pytest.mark.slow
async def test_a_daemon_that_cannot_start_makes_the_story_untrue_and_shows_its_words(
    tmp_path: Path,
) -> None:
    village = lay_out(tmp_path, has_models=(False, False), program=COMMAND)
    village.rosa.home.config.write_text("nonsense = 3\n")

    with pytest.raises(Untrue, match="Rosa's node starts"):
        await village.rosa.start()
    await village.end()

    assert any("nonsense" in line for line in village.rosa.tail())


def test_a_place_is_ours_alone_and_gone_afterwards() -> None:
    with _place(None, keeps=False) as root:
        mode = root.stat().st_mode & 0o777
        (root / "rosa").mkdir()

    assert mode == 0o700
    assert not root.exists()


def test_a_kept_place_stays_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _place(tmp_path / "village", keeps=True) as root:
        pass

    assert root.is_dir()
    assert str(root / "rosa") in capsys.readouterr().out


def test_a_folder_with_something_in_it_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "diary.txt").write_text("mine")

    status = main(["--no-tui", "--home", str(tmp_path)])

    assert status == WRONG_USAGE
    assert "not empty" in capsys.readouterr().err
    assert (tmp_path / "diary.txt").read_text() == "mine"


def test_the_app_is_not_opened_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == WRONG_USAGE
    assert "--no-tui" in capsys.readouterr().err
