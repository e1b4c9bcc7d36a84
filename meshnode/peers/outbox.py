"""Frames on their way to a peer: put out by whoever has some, sent by one task, in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from transports.errors import LinkClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from transports.link import Link

SILENCE_S = 180.0
"""How long a peer may take nothing, or say nothing, in the middle of a meeting."""

MAX_OUTBOX_FRAMES = 256
"""Frames that wait to be sent before we take no more from the peer: it has to read, too."""


class Outbox:
    """What waits to be sent over one link.

    Args:
        link: Sent over.
        on_failure: Told why no more can be sent.
    """

    def __init__(self, link: Link, on_failure: Callable[[Exception], None]) -> None:
        self._link = link
        self._on_failure = on_failure
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()

    def put(self, frame: bytes) -> None:
        """Put a frame out; this never waits for the peer."""
        self._frames.put_nowait(frame)

    async def run(self) -> None:
        """Send what is put out, until cancelled or until the peer takes no more."""
        try:
            while True:
                frame = await self._frames.get()
                try:
                    async with asyncio.timeout(SILENCE_S):
                        await self._link.send(frame)
                finally:
                    self._frames.task_done()
        except LinkClosed as error:
            self._on_failure(error)
        except TimeoutError:
            self._on_failure(LinkClosed("the peer has taken nothing for too long"))
        finally:
            while not self._frames.empty():
                self._frames.get_nowait()
                self._frames.task_done()

    async def wait_sent(self) -> None:
        """Return once everything was sent, or given up."""
        await self._frames.join()

    async def wait_room(self) -> None:
        """Return once there is room for what the next frame of the peer asks for."""
        if self._frames.qsize() >= MAX_OUTBOX_FRAMES:
            async with asyncio.timeout(SILENCE_S):
                await self._frames.join()
