"""A home, and a daemon on it with a fake node."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from meshnode.client import NodeClient
from meshnode.daemon.daemon import Daemon, End
from meshnode.home.config import load_config
from meshnode.home.home import Home
from meshnode.home.home_lock import home_lock
from meshnode.home.keystore import Stretching
from meshnode.home.settings import Config
from meshnode.lifecycle import Lifecycle
from meshnode.service import CreateRequest
from tests.meshnode.fake_service import FakeOpener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from meshnode.views.home import InitView

QUICK = Stretching(passes=1, memory_kib=8)
"""For tests: a passphrase that is no work to guess."""


@pytest.fixture(autouse=True)
def _no_home_of_our_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MESHNODE_HOME", raising=False)
    monkeypatch.setenv("MESHNODE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that is not made yet."""
    return Home(tmp_path / "home")


@dataclass
class Running:
    """A daemon at work."""

    home: Home
    client: NodeClient
    daemon: Daemon
    opener: FakeOpener
    serving: asyncio.Task[End]

    async def stopped(self) -> End:
        """Wait for its end."""
        async with asyncio.timeout(10):
            return await asyncio.shield(self.serving)


@asynccontextmanager
async def running(home: Home, opener: FakeOpener | None = None) -> AsyncIterator[Running]:
    """Run a daemon on a home, on this loop."""
    opener = opener or FakeOpener()
    ready = asyncio.Event()

    async def on_ready(_: Lifecycle) -> None:
        ready.set()

    daemon = Daemon(home, opener, on_ready=on_ready)
    home.make()
    with home_lock(home):
        serving = asyncio.create_task(daemon.serve(load_config(home.config)))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        try:
            async with NodeClient(home.socket) as client:
                yield Running(home, client, daemon, opener, serving)
        finally:
            daemon.stop()
            async with asyncio.timeout(10):
                await serving


async def make_node(
    home: Home,
    passphrase: str | None = None,
    *,
    name: str = "Rosa",
    community: str | None = "Ridge",
    key_file: str | None = None,
    opener: FakeOpener | None = None,
) -> InitView:
    """Make a node in a home, as `init` does, and close it."""
    lifecycle = Lifecycle(home, Config(), opener or FakeOpener(), stretching=QUICK)
    try:
        return await lifecycle.init(
            CreateRequest(name=name, community=community, passphrase=passphrase, key_file=key_file)
        )
    finally:
        await lifecycle.close()
