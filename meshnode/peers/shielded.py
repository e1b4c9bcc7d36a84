"""Waiting for work that others wait for, too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from transports.errors import LinkClosed

if TYPE_CHECKING:
    T = TypeVar("T")


async def outcome_of(work: asyncio.Task[T]) -> T:
    """Return what a task gives; it goes on when whoever waits here is cancelled.

    Raises:
        LinkClosed: The task itself was cancelled, which is no reason to end its waiters.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        waiter = asyncio.current_task()
        if work.cancelled() and not (waiter and waiter.cancelling()):
            raise LinkClosed("the node is closing") from None
        raise
