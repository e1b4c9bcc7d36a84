"""The daemon: holds the home, opens the node, answers on the socket, stops cleanly.

    lock the home ─> settings ─> log ─> open the node ─> listen ─> ... signal, `stop` or `lock`
    ─> stop listening ─> end streams, finish calls ─> close the node ─> unlock the home

The node opens on the main thread, before anybody is served. After `lock` the
process starts itself anew in the same place: only so is its memory, and with it
the keys, given back to the system for certain.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import time
from enum import Enum
from typing import TYPE_CHECKING

from meshnode.api.api import Api
from meshnode.api.api_server import serving
from meshnode.daemon.daemon_log import close_log, log_loop_error, open_log
from meshnode.doctor import check_machine
from meshnode.errors import HomeUnusable
from meshnode.home.config import load_config
from meshnode.home.home_lock import home_lock
from meshnode.home.private_file import private_files
from meshnode.lifecycle import Lifecycle
from meshnode.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from meshnode.home.home import Home
    from meshnode.home.settings import Config
    from meshnode.home.unlocked_keys import UnlockedKeys
    from meshnode.lifecycle import OpenNode
    from meshnode.service import NodeService

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_LOG = logging.getLogger(__name__)


def _leave_no_core() -> None:
    """Have the system keep no image of our memory if we crash: it holds keys and words."""
    _, highest = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, highest))


class End(Enum):
    """Why the daemon ended."""

    STOPPED = "stopped"
    LOCKED = "locked"
    """Start again, and leave the keys alone."""


class Daemon:
    """One run of a node.

    Args:
        home: Its home; made when missing.
        open_node: Builds the open node.
        tell: Takes one line for whoever watches.
        on_ready: Awaited once the socket answers.
    """

    def __init__(
        self,
        home: Home,
        open_node: OpenNode,
        *,
        tell: Callable[[str], None] = lambda _: None,
        on_ready: Callable[[Lifecycle], Awaitable[None]] | None = None,
    ) -> None:
        self._home = home
        self._open_node = open_node
        self._tell = tell
        self._on_ready = on_ready
        self._end: asyncio.Future[End] | None = None

    def run(self, *, passphrase: str | None = None, stays_locked: bool = False) -> End:
        """Serve until told to end. Call it on the main thread.

        Args:
            passphrase: To open the node with, when it has one.
            stays_locked: Do not open by a key file; somebody has just locked the node.

        Raises:
            AlreadyRunning: Another daemon has this home.
            HomeError, ConfigError: The home or its settings cannot be used.
        """
        self._home.make()
        _leave_no_core()
        with private_files(), home_lock(self._home):
            config = load_config(self._home.config)
            try:
                handler = open_log(self._home.log)
            except OSError as error:
                raise HomeUnusable(f"{self._home.log}: {error.strerror}") from error
            try:
                return asyncio.run(self.serve(config, passphrase, stays_locked=stays_locked))
            except Exception as error:
                _LOG.error("The daemon ended", exc_info=error)
                raise
            finally:
                close_log(handler)

    async def serve(
        self, config: Config, passphrase: str | None = None, *, stays_locked: bool = False
    ) -> End:
        """Serve on this loop until told to end; the home is locked by the caller."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(log_loop_error)
        self._end = loop.create_future()
        self._take_signals()
        lifecycle = Lifecycle(self._home, config, self._open, started_ms=int(time.time() * 1000))
        api = Api(
            lifecycle,
            check_machine=lambda: check_machine(self._home),
            on_stop=lambda: self.stop(End.STOPPED),
            on_lock=lambda: self.stop(End.LOCKED),
        )
        _LOG.info("Meshnode %s starts, process %d", VERSION, os.getpid())
        try:
            if not stays_locked:
                await lifecycle.start(passphrase)
            async with serving(self._home, api, config.api.max_request_mb << 20):
                _LOG.info("Ready, %s", lifecycle.state)
                if self._on_ready is not None:
                    await self._on_ready(lifecycle)
                end = await self._end
                await lifecycle.close()
        finally:
            await lifecycle.close()
            self._release_signals()
        _LOG.info("Ended: %s", end.value)
        return end

    def stop(self, end: End = End.STOPPED) -> None:
        """End soon and cleanly."""
        if self._end is not None and not self._end.done():
            self._end.set_result(end)

    async def _open(self, home: Home, config: Config, keys: UnlockedKeys) -> NodeService:
        try:
            return await self._open_node(home, config, keys)
        finally:
            self._take_signals()  # Reticulum takes them when it starts

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal, number)

    def _release_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)

    def _on_signal(self, number: signal.Signals) -> None:
        if self._end is None or self._end.done():
            _LOG.warning("Told twice to stop: stopping at once")
            os._exit(128 + number)
        self._tell("Stopping. Once more: at once.")
        self.stop()
