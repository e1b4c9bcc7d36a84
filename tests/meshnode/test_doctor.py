from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from meshnode import doctor
from meshnode.doctor import check_machine
from tests.meshnode.conftest import make_node

if TYPE_CHECKING:
    from pathlib import Path

    from meshnode.home.home import Home
    from meshnode.views.status import CheckView

RUN_PYTHON = doctor._run_python


@pytest.fixture(autouse=True)
def _no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def done(code: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess((code, *words), 0, b"", b"")

    monkeypatch.setattr(doctor, "_run_python", done)


def found(home: Home) -> dict[str, CheckView]:
    return {check.name: check for check in check_machine(home)}


def test_an_empty_machine_is_told_how_to_begin(home: Home) -> None:
    checks = found(home)

    assert (checks["home"].state, checks["keys"].state) == ("warning", "warning")
    assert "meshnode init" in checks["keys"].advice
    assert checks["model"].state == "warning"
    assert "scripts/setup --model" in checks["model"].advice


def test_a_whole_home_is_good(home: Home) -> None:
    asyncio.run(make_node(home, "correct horse"))

    checks = found(home)

    for name in ("python", "libraries", "home", "settings", "keys", "reticulum", "clock"):
        assert checks[name].state == "good", checks[name]


def test_keys_beside_the_database_are_warned_of(home: Home) -> None:
    asyncio.run(make_node(home))

    assert found(home)["keys"].state == "warning"
    assert "meshnode passphrase" in found(home)["keys"].advice


def test_a_missing_medium_is_bad(home: Home, tmp_path: Path) -> None:
    asyncio.run(make_node(home, key_file=str(tmp_path / "stick")))
    assert found(home)["keys"].state == "good"

    (tmp_path / "stick").unlink()

    assert found(home)["keys"].state == "bad"


def test_damaged_keys_are_bad(home: Home) -> None:
    asyncio.run(make_node(home))
    home.keys.write_bytes(home.keys.read_bytes()[:-1])

    assert found(home)["keys"].state == "bad"


def test_an_open_home_is_bad(home: Home) -> None:
    asyncio.run(make_node(home))
    home.root.chmod(0o755)

    assert found(home)["home"].state == "bad"
    assert "chmod 700" in found(home)["home"].advice


def test_a_library_that_does_not_load_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", ("json", "no_such_library"))
    monkeypatch.setattr(doctor, "_run_python", RUN_PYTHON)

    check = found(home)["libraries"]

    assert check.state == "bad"
    assert check.detail.startswith("no_such_library (No module")


def test_a_library_that_crashes_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(code: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess((code, *words), -11, b"trying good\ntrying bad\n", b"")

    monkeypatch.setattr(doctor, "_run_python", crash)

    assert found(home)["libraries"].detail == "bad crashed"


@pytest.mark.parametrize(
    ("free", "state"), [(10, "bad"), (500 << 20, "warning"), (1 << 40, "good")]
)
def test_the_disk(home: Home, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 41, 0, free))

    assert found(home)["disk"].state == state


def test_a_clock_before_what_was_saved_is_bad(home: Home) -> None:
    asyncio.run(make_node(home))
    later = home.keys.stat().st_mtime + 10 * 24 * 3600
    os.utime(home.keys, (later, later))

    assert found(home)["clock"].state == "bad"


@pytest.mark.parametrize(
    ("settings", "name", "state"),
    [
        ("[reticulum]\nenabled = false", "reticulum", "warning"),
        ("[reticulum]\nauto_interface = false", "reticulum", "warning"),
        ("[reticulum]\nuser_config = '/nowhere'", "reticulum", "bad"),
        ("[reticulum]\ntcp_listen = '0.0.0.0:4242'", "reticulum", "good"),
        ("[model]\nenabled = false", "model", "good"),
        ("[model]\npath = '/nowhere.gguf'", "model", "bad"),
        ("[model]\npath = '/etc/hostname'", "model", "bad"),
        ("[modl]", "settings", "bad"),
    ],
)
def test_settings_are_tried(home: Home, settings: str, name: str, state: str) -> None:
    home.make()
    home.config.write_text(settings)

    check = found(home)[name]

    assert check.state == state
    assert check.state == "good" or check.advice


def test_a_model_that_is_there_has_its_library_tried(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF" + bytes(100))
    home.make()
    home.config.write_text(f"[model]\npath = '{tmp_path}/x.gguf'")
    assert found(home)["llama.cpp"].state == "good"

    monkeypatch.setattr(doctor, "_run_python", RUN_PYTHON)
    monkeypatch.setattr(sys, "executable", "/bin/false")

    checks = found(home)
    assert checks["model"].state == "good"
    assert checks["llama.cpp"].state == "warning"
    assert "scripts/setup --model" in checks["llama.cpp"].advice
