"""Tells the story: each step as a sentence, what was checked, how long it took, what was untrue."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from crdt.errors import MeshError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

STEP_TIMEOUT_S = 90.0
"""A step that takes longer hangs: all of them together take less."""

_MOST_SEEN_CHARS = 1200


class Untrue(MeshError):
    """A step of the story is not true.

    Attributes:
        expected: What should have been.
        seen: What was.
    """

    code = "demo.untrue"

    def __init__(self, expected: str, seen: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.seen = str(seen)


class Telling:
    """Counts and times the steps, and says each as it happens.

    Args:
        say: Prints one line.
        clock_s: A monotonic clock, in seconds.
    """

    def __init__(
        self, say: Callable[[str], None], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock_s = clock_s
        self._began_s = clock_s()
        self.steps = 0
        self.checks = 0

    def chapter(self, title: str) -> None:
        """Begin a new part of the story."""
        self._say("")
        self._say(title)

    @asynccontextmanager
    async def step(self, sentence: str) -> AsyncIterator[None]:
        """Tell one step; whatever is wrong inside comes out as `Untrue`.

        Raises:
            Untrue: A check failed, a node refused, or the step did not end in time.
        """
        self.steps += 1
        self._say(f"{self.steps:3}  {sentence}")
        began_s = self._clock_s()
        try:
            async with asyncio.timeout(STEP_TIMEOUT_S):
                yield
        except Untrue:
            raise
        except TimeoutError as error:
            raise Untrue(f"this step ends within {STEP_TIMEOUT_S:.0f} s", "it goes on") from error
        except MeshError as error:
            raise Untrue("this step works", f"{error.code}: {error.explain()}") from error
        self._say(f"     ✓ {self._clock_s() - began_s:.2f} s")

    def true(self, claim: str, holds: bool, seen: object = "the opposite") -> None:
        """Say what was checked.

        Raises:
            Untrue: It does not hold.
        """
        if not holds:
            raise Untrue(claim, seen)
        self.checks += 1
        self._say(f"     true: {claim}")

    def note(self, sentence: str) -> None:
        """Say something that is not checked, such as an answer or a figure."""
        for line in sentence.splitlines():
            self._say(f"       {line}")

    def failed(self, error: Untrue) -> None:
        """Say what was untrue."""
        seen = error.seen
        if len(seen) > _MOST_SEEN_CHARS:
            seen = f"{seen[:_MOST_SEEN_CHARS]} …"
        self._say(f"     ✗ UNTRUE in step {self.steps}")
        self._say(f"       expected: {error.expected}")
        self._say(f"       seen:     {seen}")

    def finished(self) -> None:
        """Say that all of it was true."""
        self._say("")
        took_s = self._clock_s() - self._began_s
        self._say(f"All {self.steps} steps are true ({self.checks} checks, {took_s:.1f} s).")
