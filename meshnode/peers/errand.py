"""An errand: something to do whenever it is asked for, again and again, come what may."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from crdt.errors import MeshError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RETRY_S = 30.0
"""What failed is tried again so much later."""

_LOG = logging.getLogger(__name__)


class Errand:
    """Work that is done a moment after it was asked for: asked for often, it is done once.

    Args:
        work: Does it; what fails is tried again by itself.
        delay_s: From asking to doing.
        every_s: Done so often without being asked; None: never.
    """

    def __init__(
        self, work: Callable[[], Awaitable[None]], *, delay_s: float, every_s: float | None = None
    ) -> None:
        self._work = work
        self._delay_s = delay_s
        self._every_s = every_s
        self._bell = asyncio.Event()

    def ask(self) -> None:
        """Have it done soon."""
        self._bell.set()

    async def run(self) -> None:
        """Do it whenever it is due, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._bell.wait()
            await asyncio.sleep(self._delay_s)
            self._bell.clear()
            try:
                await self._work()
            except MeshError as error:
                _LOG.info("An errand is tried again: %s", error.code)
                self._ask_later()
            except Exception:
                # A mistake of ours; the other errands and the node go on.
                _LOG.exception("An errand is tried again")
                self._ask_later()

    def _ask_later(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_S, self._bell.set)
