"""Steps in turn: one at a time, and each to its end, whoever asked for it and went away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from meshnode.peers.shielded import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Turns:
    """Takes steps, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._steps: set[asyncio.Task[None]] = set()

    async def take(self, step: Callable[[], Coroutine[None, None, None]]) -> None:
        """Take a step; it is taken to its end even if the caller does not wait for it."""
        task = asyncio.create_task(self._take(step))
        self._steps.add(task)
        task.add_done_callback(self._end)
        await outcome_of(task)

    async def wait_ended(self) -> None:
        """Return once every step that was asked for has ended, well or not."""
        await asyncio.gather(*self._steps, return_exceptions=True)

    async def _take(self, step: Callable[[], Coroutine[None, None, None]]) -> None:
        async with self._turn:
            await step()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._steps.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it
