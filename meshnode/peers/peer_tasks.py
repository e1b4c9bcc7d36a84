"""What is done for one peer beside everything else, and troubles no other when it fails."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from crdt.errors import MeshError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

_LOG = logging.getLogger(__name__)


class PeerTasks:
    """Tasks that run until they are done, each on its own."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> tuple[asyncio.Task[None], ...]:
        """Those that are not done."""
        return tuple(self._running)

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Begin one; a mistake of ours in it is logged."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("Something went wrong with a peer", exc_info=error)


async def quietly(work: Awaitable[object]) -> None:
    """Do something for one peer whose failure must not trouble the others."""
    try:
        await work
    except MeshError as error:
        _LOG.info("A peer could not be served: %s", error.code)
    except Exception:
        _LOG.exception("A peer could not be served")
