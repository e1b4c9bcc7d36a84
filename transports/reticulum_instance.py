"""The one Reticulum instance of this process, kept from harming the node around it.

Reticulum starts once per process, on the main thread; it then owns SIGINT and
SIGTERM with handlers that leave at once, ends the process (`RNS.panic`) when an
interface fails, and puts what it receives into files. A node with a database
open can bear none of that.
"""

from __future__ import annotations

import atexit
import logging
import shutil
import signal
import threading
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import RNS

from transports.errors import CarrierUnavailable

if TYPE_CHECKING:
    from transports.reticulum_settings import ReticulumSettings

_LOG = logging.getLogger(__name__)
_MEMORY = Path("/dev/shm")  # noqa: S108 - a private directory is made inside
_LOG_WARNINGS = 2  # RNS.LOG_WARNING

_started_in: Path | None = None


def start_reticulum(settings: ReticulumSettings) -> list[str]:
    """Start Reticulum in this process, or find it running, and give the signals back.

    Blocks: about 2 s with a `LocalNetwork`, up to 5 s per TCP peer that does not answer.

    Returns:
        Names of interfaces that could not be started (a busy port, no such
        device). The others run.

    Raises:
        CarrierUnavailable: Not on the main thread, or already started elsewhere,
            or Reticulum refused. Its process cannot try again.
    """
    global _started_in
    directory = settings.config_directory
    if RNS.Reticulum.get_instance() is None:
        if threading.current_thread() is not threading.main_thread():
            raise CarrierUnavailable("Reticulum starts on the main thread only")
        _start(settings)
        _started_in = directory
    elif _started_in != directory:
        raise CarrierUnavailable(f"Reticulum already runs in {_started_in or 'this process'}")
    if settings.user_directory is not None:
        return []
    running = {interface.name for interface in RNS.Transport.interfaces}
    return [name for name in settings.interface_names() if name not in running]


def memory_directory(config_directory: Path) -> Path:
    """Return where, in memory, large frames of a Reticulum in this directory are received."""
    home = blake2b(bytes(config_directory.resolve()), digest_size=8).hexdigest()
    return _MEMORY / f"meshnode-{home}"


def _start(settings: ReticulumSettings) -> None:
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    RNS.panic = _keep_running
    RNS.logtimestamps = False  # our log has its own
    try:
        if settings.user_directory is None:
            _write_config(settings)
        RNS.Reticulum(
            configdir=str(settings.config_directory), loglevel=_LOG_WARNINGS, logdest=_log
        )
    except Exception as error:  # it raises whatever its interfaces and parsers raise
        raise CarrierUnavailable(f"Reticulum did not start: {error}") from error
    finally:
        for number, handler in handlers.items():
            if handler is not None:  # None: set outside Python, and not ours to set back
                signal.signal(number, handler)
    _receive_in_memory(settings.config_directory)


def _write_config(settings: ReticulumSettings) -> None:
    settings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.directory.chmod(0o700)
    (settings.directory / "config").write_text(settings.config_text(), encoding="utf-8")


def _receive_in_memory(config_directory: Path) -> None:
    """Have large frames received in memory where we can: a file on disk outlives its erasure.

    The same directory each time, so that a start clears what a killed process left.
    """
    if not _MEMORY.is_dir():
        return
    directory = memory_directory(config_directory)
    try:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)  # fails on what somebody else put there
    except OSError as error:
        _LOG.warning("Large frames pass through %s: %s", RNS.Reticulum.resourcepath, error)
        return
    RNS.Reticulum.resourcepath = str(directory)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)


def _keep_running() -> None:
    """Stand in for `RNS.panic`, which would end the process without closing anything."""
    _LOG.error("Reticulum met an error that it would have ended the process for")


def _log(line: str) -> None:
    _LOG.warning("%s", line)
