"""The app on a fake node, at 80 by 24, driven by keys and read as text."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual.events import Paste
from textual.widgets import Input, TextArea

from meshnode.client import NodeClient
from tests.tui.fake_node import FakeNode
from tui import follower
from tui.app import MeshApp
from tui.screens import commons

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from textual.pilot import Pilot

    Opener = Callable[..., AbstractAsyncContextManager["Visit"]]


class Visit:
    """One person at one terminal."""

    def __init__(self, app: MeshApp, pilot: Pilot[None], node: FakeNode) -> None:
        self.app = app
        self.pilot = pilot
        self.node = node

    @property
    def text(self) -> str:
        """What is on the screen, without colours."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(part.text for part in strip).rstrip() for strip in strips)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)

    async def write(self, words: str) -> None:
        """Put words into the field that has the focus, as a paste: one event, not many."""
        focused = self.app.screen.focused
        assert isinstance(focused, Input | TextArea), f"no field to write in\n{self.text}"
        self.app.post_message(Paste(words))
        await self.pilot.pause()

    async def until(self, is_true: Callable[[], Any], what: str = "") -> None:
        """Let the app run until something is true."""
        try:
            async with asyncio.timeout(5):
                while not is_true():
                    await self.pilot.pause(0.005)
        except TimeoutError:
            pytest.fail(f"never came true: {what}\n{self.text}")

    async def sees(self, *words: str) -> None:
        """Wait until all of these are on the screen."""
        await self.until(lambda: all(word in self.text for word in words), repr(words))

    async def sees_no(self, words: str) -> None:
        """Wait until this is no longer on the screen."""
        await self.until(lambda: words not in self.text, f"no {words!r}")


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Open the app on a fake node; arguments are the node's."""
    monkeypatch.setattr(follower, "GATHER_S", 0.0)
    monkeypatch.setattr(follower, "SHORTEST_WAIT_S", 0.01)
    monkeypatch.setattr(follower, "LONGEST_WAIT_S", 0.02)
    monkeypatch.setattr(commons, "DEBOUNCE_S", 0.01)

    @asynccontextmanager
    async def open_app(
        cells: tuple[int, int] = (80, 24),
        *,
        is_running: bool = True,
        **settings: Any,  # noqa: ANN401
    ) -> AsyncIterator[Visit]:
        node = FakeNode(tmp_path, **settings)
        if is_running:
            await node.start()
        app = MeshApp(NodeClient(node.socket_path))
        try:
            async with app.run_test(size=cells, notifications=True) as pilot:
                one = Visit(app, pilot, node)
                if is_running:
                    await one.until(lambda: app.current_mode != "connecting", "connected")
                yield one
        finally:
            await node.stop()

    return open_app
