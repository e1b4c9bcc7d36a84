"""scripts/setup: says what is missing, touches nothing that is not its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent.parent
TOOLS = ("bash", "cksum", "dirname", "flock", "ls", "mkdir", "sed")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A search path with what setup itself uses, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    return folder


def setup(tools: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    home = tools.parent
    return subprocess.run(
        ["bash", str(CHECKOUT / "scripts/setup"), *arguments],
        env={"PATH": str(tools), "HOME": str(home), "MESHNODE_VENV": str(home / "venv")}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_python_it_says_what_to_install(tools: Path) -> None:
    ended = setup(tools)

    assert ended.returncode == 1
    assert "needs Python 3.11 or 3.12, and this machine has none" in ended.stderr
    assert "sudo apt install python3 python3-venv" in ended.stderr


def test_a_python_that_is_too_new_is_passed_over_and_named(tools: Path) -> None:
    python = tools / "python3"
    python.write_text(
        '#!/bin/sh\ncase "$2" in *platform*) echo this machine has 3.13.1;; *) exit 1;; esac\n'
    )
    python.chmod(0o755)

    ended = setup(tools)

    assert ended.returncode == 1
    assert "and this machine has 3.13.1" in ended.stderr


def test_a_folder_that_is_no_environment_is_left_alone(tools: Path) -> None:
    letters = tools.parent / "letters"
    letters.mkdir()
    (letters / "to-mother.txt").write_text("Dear mother")

    ended = setup(tools, MESHNODE_VENV=str(letters))

    assert ended.returncode == 1
    assert "not a virtual environment" in ended.stderr
    assert (letters / "to-mother.txt").read_text() == "Dear mother"


def test_a_wrong_option_is_wrong_usage(tools: Path) -> None:
    ended = setup(tools, "--modle")

    assert ended.returncode == 2
    assert "'--modle'" in ended.stderr


def test_help_is_the_head_of_the_script(tools: Path) -> None:
    ended = setup(tools, "--help")

    assert ended.returncode == 0
    assert "scripts/setup --no-model" in ended.stdout
