"""The daemon as a process of its own: starts, crashes, signals, neighbours."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import meshnode
from meshnode.client import NodeClient
from meshnode.daemon import background
from meshnode.daemon.background import is_answering, start_in_background, wait_stopped
from meshnode.daemon.daemon import Daemon, End
from meshnode.daemon.daemon_log import PlaceOnly, close_log, open_log
from meshnode.errors import AlreadyRunning, ConfigError, DidNotStart, DidNotStop
from meshnode.home.home_lock import holder, home_lock
from tests.meshnode.conftest import make_node, running
from tests.meshnode.fake_program import COMMAND
from tests.meshnode.fake_service import FakeOpener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshnode.home.home import Home
    from meshnode.views.status import Status

ROOT = Path(meshnode.__file__).parent.parent


@pytest.fixture
def background_home(home: Home) -> Iterator[Home]:
    """A home whose daemon is gone when the test is over."""
    asyncio.run(make_node(home))
    yield home
    process = holder(home)
    if process:
        os.kill(process, signal.SIGKILL)
        wait_stopped(home)


def status_of(home: Home) -> Status:
    async def ask() -> Status:
        async with NodeClient(home.socket) as client:
            return await client.status()

    return asyncio.run(ask())


def run_in_foreground(home: Home, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "--home", str(home.root), "run", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


def read_until(process: subprocess.Popen[str], word: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError("".join(lines))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_foreground_cleanly(
    background_home: Home, number: signal.Signals
) -> None:
    with run_in_foreground(background_home) as process:
        said = "".join(read_until(process, "Ready on"))
        process.send_signal(number)
        assert "Stopped." in process.communicate(timeout=20)[0]

    assert process.returncode == 0
    assert "Open as Rosa" in said
    assert "Address 9f2c" in said
    assert not background_home.socket.exists()
    assert holder(background_home) is None


@pytest.mark.slow
def test_a_killed_daemon_leaves_nothing_in_the_way_of_the_next(background_home: Home) -> None:
    with run_in_foreground(background_home) as process:
        read_until(process, "Ready on")
        process.kill()
        process.communicate(timeout=20)
    assert background_home.socket.exists()
    assert not is_answering(background_home)

    start_in_background(background_home, COMMAND)

    assert status_of(background_home).state == "open"


@pytest.mark.slow
def test_a_daemon_in_the_background_outlives_who_started_it(background_home: Home) -> None:
    start_in_background(background_home, COMMAND)
    process = holder(background_home)

    assert status_of(background_home).state == "open"
    assert process is not None
    assert os.getsid(process) != os.getsid(0)
    assert os.readlink(f"/proc/{process}/cwd") == "/"
    assert {os.readlink(f"/proc/{process}/fd/{n}") for n in range(3)} == {os.devnull}


@pytest.mark.slow
def test_a_second_start_finds_the_first(background_home: Home) -> None:
    start_in_background(background_home, COMMAND)
    process = holder(background_home)

    start_in_background(background_home, COMMAND)

    assert holder(background_home) == process


@pytest.mark.slow
def test_a_second_daemon_in_the_foreground_says_who_is_first(background_home: Home) -> None:
    start_in_background(background_home, COMMAND)

    with run_in_foreground(background_home) as second:
        said = second.communicate(timeout=20)[0]

    assert f"process {holder(background_home)}" in said
    assert second.returncode == 3
    assert status_of(background_home).state == "open"


@pytest.mark.slow
def test_a_daemon_that_cannot_start_says_why(background_home: Home) -> None:
    background_home.config.write_text("[snc]\n")

    with pytest.raises(DidNotStart, match=r"did you mean \[sync\]"):
        start_in_background(background_home, COMMAND)

    assert holder(background_home) is None


@pytest.mark.slow
def test_locking_replaces_the_process_that_had_the_keys(background_home: Home) -> None:
    start_in_background(background_home, COMMAND)
    process = holder(background_home)

    said = subprocess.run(
        [*COMMAND, "--home", str(background_home.root), "lock"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert "Locked" in said.stderr
    assert holder(background_home) == process, "the same process number, started anew"
    assert b"--locked" in Path(f"/proc/{process}/cmdline").read_bytes()
    assert status_of(background_home).state == "locked"


async def test_one_home_has_one_daemon(home: Home) -> None:
    async with running(home):
        with pytest.raises(AlreadyRunning):
            await asyncio.to_thread(Daemon(home, FakeOpener()).run)


def test_settings_that_cannot_be_stop_the_start(home: Home) -> None:
    home.make()
    home.config.write_text("x = 1")

    with pytest.raises(ConfigError):
        Daemon(home, FakeOpener()).run()

    assert holder(home) is None


async def test_a_second_signal_stops_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    exits: list[int] = []
    monkeypatch.setattr(os, "_exit", exits.append)
    async with running(home) as node:
        os.kill(os.getpid(), signal.SIGTERM)
        assert await node.stopped() is End.STOPPED
        node.daemon._on_signal(signal.SIGTERM)

    assert exits == [128 + signal.SIGTERM]


async def test_signals_are_taken_back_after_the_node_opened(home: Home) -> None:
    class Thief(FakeOpener):
        """Takes the signals, as Reticulum does."""

        async def __call__(self, *what: object) -> object:  # type: ignore[override]
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            return await super().__call__(*what)  # type: ignore[arg-type]

    await make_node(home)
    async with running(home, Thief()) as node:
        os.kill(os.getpid(), signal.SIGTERM)
        assert await node.stopped() is End.STOPPED


def test_waiting_for_a_stop_has_an_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STOP_TIMEOUT_S", 0.0)
    home.make()

    with home_lock(home), pytest.raises(DidNotStop, match=str(os.getpid())):
        wait_stopped(home)


# --- the log ---


def test_the_log_tells_where_an_error_was_and_not_what_it_said(tmp_path: Path) -> None:
    handler = open_log(tmp_path / "node.log")
    try:
        try:
            raise ValueError("Rosa's secret recipe")
        except ValueError as error:
            logging.getLogger("meshnode.test").error("A call failed", exc_info=error)
    finally:
        close_log(handler)

    text = (tmp_path / "node.log").read_text()
    assert "A call failed" in text
    assert "ValueError at" in text
    assert "test_the_log_tells" in text
    assert "recipe" not in text


def test_the_log_names_the_cause_behind_an_error() -> None:
    try:
        try:
            raise KeyError("secret")
        except KeyError as error:
            raise ValueError("secret") from error
    except ValueError as error:
        shown = PlaceOnly().formatException((ValueError, error, None))

    assert [line.split()[0] for line in shown.splitlines()] == ["ValueError", "KeyError"]
    assert "secret" not in shown


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from meshnode.daemon import daemon_log

    monkeypatch.setattr(daemon_log, "MAX_BYTES", 1000)
    handler = open_log(tmp_path / "node.log")
    try:
        for number in range(100):
            logging.getLogger("meshnode.test").info("line %d of a talkative day", number)
    finally:
        close_log(handler)

    files = list(tmp_path.iterdir())
    assert len(files) == 1 + daemon_log.KEPT_FILES
    assert all(file.stat().st_size <= 1000 for file in files)
