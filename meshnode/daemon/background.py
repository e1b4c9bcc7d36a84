"""Starts the daemon behind the scenes, and waits until it serves or says why it does not.

The parent reads one pipe: `ready`, or the words of a daemon that could not start.
Nothing of it stays open afterwards.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

from meshnode.errors import DidNotStart, DidNotStop
from meshnode.home.home_lock import holder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshnode.home.home import Home

PROGRAM = (sys.executable, "-P", "-m", "meshnode")
"""The command line that runs this program, whatever folder it is called from."""

START_TIMEOUT_S = 120.0
"""Opening is quick; Reticulum waits some seconds for each TCP peer that does not answer."""
STOP_TIMEOUT_S = 30.0
READY = b"ready\n"

_POLL_S = 0.05
_MOST_WORDS_BYTES = 4096


def start_in_background(home: Home, program: Sequence[str]) -> None:
    """Start a daemon and return once its socket answers.

    Args:
        home: Its home.
        program: The command line that runs the `meshnode` program.

    Raises:
        DidNotStart: With what it said.
    """
    command = [*program, "--home", str(home.root), "run", "--background"]
    child = subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=os.environ | import_path(),
    )
    with child:  # which ends at once: the daemon is its child
        words = _read_words(child)
    if words.endswith(READY):
        return
    if holder(home) is None:
        raise DidNotStart(words.decode("utf-8", "replace").strip())
    wait_answering(home)  # somebody else was quicker


def detach() -> None:
    """Let go of the terminal and of the parent; call it before any thread or file is opened."""
    if os.fork():
        os._exit(0)
    os.chdir("/")


def report_ready() -> None:
    """Tell the parent that the socket answers, and let go of its pipe."""
    os.write(1, READY)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)


def is_answering(home: Home) -> bool:
    """Whether somebody listens on the home's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.settimeout(1.0)
        with contextlib.suppress(OSError):
            knocking.connect(str(home.socket))
            return True
    return False


def wait_answering(home: Home) -> None:
    """Wait until a daemon that is starting listens.

    Raises:
        DidNotStart: It ended, or took too long.
    """
    end = time.monotonic() + START_TIMEOUT_S
    while not is_answering(home):
        if time.monotonic() > end:
            raise DidNotStart(f"nothing answers on {home.socket}")
        time.sleep(_POLL_S)


def wait_stopped(home: Home) -> None:
    """Wait until no daemon holds the home.

    Raises:
        DidNotStop: One still does.
    """
    end = time.monotonic() + STOP_TIMEOUT_S
    while (process := holder(home)) is not None:
        if time.monotonic() > end:
            raise DidNotStop(f"process {process}")
        time.sleep(_POLL_S)


def _read_words(child: subprocess.Popen[bytes]) -> bytes:
    if child.stdout is None:
        raise ValueError("the child needs a pipe")
    words = bytearray()
    end = time.monotonic() + START_TIMEOUT_S
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while not words.endswith(READY):
            if not selector.select(max(0.0, end - time.monotonic())):
                raise DidNotStart(f"it did not answer within {START_TIMEOUT_S:.0f} s")
            chunk = os.read(child.stdout.fileno(), 4096)
            if not chunk:
                break
            words += chunk
            del words[:-_MOST_WORDS_BYTES]
    return bytes(words)


def import_path() -> dict[str, str]:
    """Return the variables by which a child finds this package even when it is not installed."""
    place = Path(__file__).resolve().parents[2]
    if place == Path(sysconfig.get_paths()["purelib"]).resolve():
        return {}
    before = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    return {"PYTHONPATH": os.pathsep.join(dict.fromkeys([str(place), *before]))}
