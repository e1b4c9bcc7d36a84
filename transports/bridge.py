"""The one door between foreign threads (Reticulum's) and the asyncio loop.

Foreign threads may stall a whole network stack by waiting, and what they raise
is swallowed. So whatever crosses here copies, offers and returns: none of these
calls blocks or raises, not even when the loop is gone.

    post          run a function on the loop, soon
    Bell          wake whoever waits on the loop
    ThreadBridge  news: bounded, the oldest is dropped and counted
    FrameInbox    frames of a link: bounded, nothing is ever dropped; what does
                  not fit is refused, and the link must close
"""

from __future__ import annotations

import asyncio
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

T = TypeVar("T")
P = ParamSpec("P")


def post(
    loop: asyncio.AbstractEventLoop,
    function: Callable[P, object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> bool:
    """Run a function on the loop, soon. Safe from any thread.

    Returns:
        Whether the loop will run it; False when the loop is closed.
    """
    try:
        loop.call_soon_threadsafe(lambda: function(*args, **kwargs))
    except RuntimeError:  # the loop closed, perhaps just now: nobody is left to tell
        return False
    return True


class Bell:
    """A bell that any thread may ring and tasks on one loop hear.

    It stays rung until somebody calls `hush`. To lose no ring: hush, look at
    what the bell guards, and only then wait.

    Args:
        loop: Where it is heard.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rung = asyncio.Event()
        self._on_the_way = False

    def ring(self) -> None:
        """Wake whoever waits. Many rings before the loop hears them cost one wake-up."""
        if not self._on_the_way:
            self._on_the_way = True
            post(self._loop, self._hear)

    def hush(self) -> None:
        """Silence the bell. Only on the loop."""
        self._rung.clear()

    async def wait_rung(self) -> None:
        """Wait until the bell has been rung since it was last hushed."""
        await self._rung.wait()

    def _hear(self) -> None:
        # In this order, so that a ring between the two lines is sent again, never lost.
        self._on_the_way = False
        self._rung.set()


class ThreadBridge(Generic[T]):
    """A bounded mailbox for news: any thread offers, one task on the loop takes.

    Args:
        capacity: How many items may wait. Past it the oldest is dropped and
            counted in `dropped`: news repeats itself, so stale news is the cheap loss.
        loop: The loop that takes.
    """

    def __init__(self, capacity: int, loop: asyncio.AbstractEventLoop) -> None:
        self.dropped = 0
        self._capacity = capacity
        self._waiting: deque[T] = deque()
        self._lock = Lock()
        self._bell = Bell(loop)

    def offer(self, item: T) -> None:
        """Hand over an item."""
        with self._lock:
            if len(self._waiting) == self._capacity:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(item)
        self._bell.ring()

    async def __aiter__(self) -> AsyncIterator[T]:
        """Yield items in the order they were offered, for ever."""
        while True:
            self._bell.hush()
            while item := self._take():
                yield item[0]
            await self._bell.wait_rung()

    def _take(self) -> tuple[T] | None:
        with self._lock:
            return (self._waiting.popleft(),) if self._waiting else None


class FrameInbox:
    """The frames of one link that wait to be received: in order, bounded, none ever dropped.

    Args:
        capacity_bytes: How much may wait. What does not fit is refused, and the
            caller must close the link: a link delivers everything or closes.
        loop: The loop that takes.
    """

    def __init__(self, capacity_bytes: int, loop: asyncio.AbstractEventLoop) -> None:
        self._capacity_bytes = capacity_bytes
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._end: Exception | None = None
        self._lock = Lock()
        self._bell = Bell(loop)

    @property
    def waiting_bytes(self) -> int:
        """How much waits to be taken."""
        return self._waiting_bytes

    def offer(self, frame: bytes) -> bool:
        """Hand over a frame.

        Returns:
            False when it was refused, because the inbox is full or closed.
        """
        with self._lock:
            fits = self._waiting_bytes + len(frame) <= self._capacity_bytes
            if self._end is not None or not fits:
                return False
            self._waiting.append(frame)
            self._waiting_bytes += len(frame)
        self._bell.ring()
        return True

    def close(self, end: Exception) -> None:
        """Take no more frames; once those that wait are taken, `take` raises `end`.

        The first end stands: a later one explains less.
        """
        with self._lock:
            if self._end is None:
                self._end = end
        self._bell.ring()

    async def take(self) -> bytes:
        """Wait for the next frame. A cancelled wait loses nothing.

        Raises:
            Exception: The `end` given to `close`, when everything was taken.
        """
        while True:
            self._bell.hush()
            with self._lock:
                if self._waiting:
                    frame = self._waiting.popleft()
                    self._waiting_bytes -= len(frame)
                    return frame
                if self._end is not None:
                    # A fresh one each time: a raised exception grows its traceback.
                    raise type(self._end)(*self._end.args)
            await self._bell.wait_rung()
