"""Follows the node: its status, its events, and its coming and going.

States: away -> connected -> away ... Each try that fails makes the next one
wait longer, up to a few seconds; one that works starts again from the shortest.
Events come in bursts while a sync runs, so they are gathered for a moment
before anything is fetched or drawn again.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from meshnode.client import ClientError, NodeUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.session import Session

SHORTEST_WAIT_S = 0.3
LONGEST_WAIT_S = 5.0
GATHER_S = 0.25
"""So a busy node causes at most four repaints a second, whatever the line."""
POLL_S = 2.0
"""While the node gives no events, for example because it is locked."""

RECONNECTED = "reconnected"
LOST = "lost"


class Follower:
    """Keeps the session's status fresh, and tells what changed.

    Args:
        session: Its `status` and `is_connected` are kept here.
        changed: Awaited with the topics that changed; `RECONNECTED` and `LOST` besides.
    """

    def __init__(
        self, session: Session, changed: Callable[[frozenset[str]], Awaitable[None]]
    ) -> None:
        self._session = session
        self._changed = changed
        self._topics: set[str] = set()
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell())
            await self._listen()

    def note(self, topic: str) -> None:
        """Have what belongs to a topic fetched again soon."""
        self._topics.add(topic)
        self._woken.set()

    async def refresh(self) -> bool:
        """Fetch the status now; say whether the node answered."""
        try:
            self._session.status = await self._session.client.status()
        except NodeUnreachable:
            self._session.trouble = ""
        except ClientError as error:
            self._session.trouble = error.explain()
        else:
            return True
        return False

    async def _listen(self) -> None:
        wait_s = SHORTEST_WAIT_S
        while True:
            if await self.refresh():
                wait_s = SHORTEST_WAIT_S
                self._session.is_connected = True
                await self._changed(frozenset({RECONNECTED}))
                await self._hear()
            if self._session.is_connected:
                self._session.is_connected = False
                await self._changed(frozenset({LOST}))
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _hear(self) -> None:
        """Pass events on, or look now and then, until the node goes away."""
        while True:
            try:
                async with aclosing(self._session.client.events()) as events:
                    async for event in events:
                        self.note(event.topic)
                return  # the node ended the stream: it is stopping
            except NodeUnreachable:
                return
            except ClientError:
                await asyncio.sleep(POLL_S)
                self.note("status")
                if not await self.refresh():
                    return

    async def _tell(self) -> None:
        while True:
            await self._woken.wait()
            await asyncio.sleep(GATHER_S)
            self._woken.clear()
            topics, self._topics = frozenset(self._topics), set()
            if await self.refresh():
                await self._changed(topics)
