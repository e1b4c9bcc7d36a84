"""Waits until a node shows something: looks again at every event, never for a fixed time."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, TypeVar

from meshnode.api.api_connection import ClientError
from meshnode.demo.telling import Untrue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from meshnode.client import NodeClient

RECHECK_S = 0.5
"""Looks again after so long without an event: what changed elsewhere makes none here."""

WAIT_S = 60.0

T = TypeVar("T")


async def wait_until(
    node: NodeClient,
    look: Callable[[], Awaitable[T]],
    holds: Callable[[T], bool],
    expected: str,
    *,
    within_s: float = WAIT_S,
) -> T:
    """Look until it holds, and return what was seen then.

    Args:
        node: Whose events say when to look again.
        look: Gives what is to be judged.
        holds: Judges it.
        expected: What should come to be, as a sentence.
        within_s: How long to wait at most.

    Raises:
        Untrue: It did not come to be in time, with what was seen last.
        ClientError: The node could not be asked.
    """
    end_s = time.monotonic() + within_s
    changed = asyncio.Event()
    following = asyncio.create_task(_follow(node, changed))
    try:
        while not holds(seen := await look()):
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise Untrue(f"within {within_s:.0f} s: {expected}", seen)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(RECHECK_S, left_s)):
                    await changed.wait()
            changed.clear()
    finally:
        following.cancel()
        # An ended stream is no failure of what is waited for: looking tells.
        with suppress(asyncio.CancelledError, ClientError):
            await following
    return seen


async def _follow(node: NodeClient, changed: asyncio.Event) -> None:
    async with aclosing(node.events()) as events:
        async for _ in events:
            changed.set()
