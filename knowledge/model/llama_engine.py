"""The engine that runs llama.cpp in a process of its own.

RESTING -> LOADING -> READY -> (the process ends) -> FAILED -> LOADING -> ...

Nothing of llama.cpp enters the node's process: a crash in it, a kill by the
kernel or a model too large for the machine costs one answer's phrasing, and the
next question starts the process again.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from knowledge.errors import ModelFailed, ModelUnavailable
from knowledge.model import messages
from knowledge.model.child import SILENCE_TIMEOUT_S, LoadRefused, ModelChild
from knowledge.model.engine import EngineState, Prompt

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from knowledge.model.child import Replies


class LlamaEngine:
    """An `Engine` over one GGUF file. One event loop; any number of askers."""

    def __init__(
        self, model: Path, *, threads: int | None = None, command: Sequence[str] | None = None
    ) -> None:
        """Prepare; nothing starts yet.

        Args:
            model: The GGUF file.
            threads: Threads for making tokens; None is half of the cores. More is not
                faster where other processes are busy: llama.cpp's threads spin.
            command: Program to run instead of the model process, for tests.
        """
        self._model = model
        threads = threads or max(1, (os.cpu_count() or 2) // 2)
        self._command = list(
            command
            or [sys.executable, "-P", "-m", "knowledge.model.process", str(model), str(threads)]
        )
        self._state = EngineState.RESTING
        self._child: ModelChild | None = None
        self._loading: asyncio.Task[ModelChild] | None = None
        self._ids = count(1)
        self._has_read = False
        self._refused: tuple[tuple[int, int], str] | None = None
        self.last_cost: messages.Done | None = None

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self._model.stem

    @property
    def state(self) -> EngineState:
        """Whether the model is loaded."""
        if self._state is EngineState.READY and (self._child is None or not self._child.is_alive):
            return EngineState.FAILED
        return self._state

    @property
    def pid(self) -> int | None:
        """Process id of the model process while it lives."""
        return self._child.pid if self._child and self._child.is_alive else None

    async def start(self) -> None:
        """Begin loading in the background; what fails is told by `state` and the next use."""
        self._load()

    async def phrase(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Stream the model's reply (see `Engine.phrase`)."""
        child = await self._ready_child()
        request = messages.Phrase(
            next(self._ids),
            tuple(messages.Turn(turn.role.value, turn.text) for turn in prompt.turns),
            prompt.max_tokens,
            prompt.vocabulary,
        )
        self._has_read = True
        replies = await child.ask(request)
        done: messages.Done | None = None
        try:
            while done is None:
                reply = await self._next_reply(child, replies)
                match reply:
                    case messages.Piece():
                        yield reply.text
                    case messages.Done():
                        done = reply
        finally:
            child.forget(request.id, cancel=done is None)
        self.last_cost = done
        if done.reason == "too_long":
            raise ModelFailed("the question and its passages are too long for this model")

    async def forget(self) -> None:
        """End the process if it has read anything, the one sure way, and begin to load again."""
        if self._has_read and self._child is not None:
            child, self._child = self._child, None
            self._has_read, self._state = False, EngineState.LOADING
            await child.close()
            self._load()

    async def close(self) -> None:
        """Stop the process. Safe to call twice."""
        if self._loading is not None:
            self._loading.cancel()
            with suppress(asyncio.CancelledError, ModelUnavailable, ModelFailed):
                await self._loading
            self._loading = None
        if self._child is not None:
            await self._child.close()
            self._child = None
        self._state = EngineState.RESTING

    async def _next_reply(
        self, child: ModelChild, replies: Replies
    ) -> messages.Piece | messages.Done:
        try:
            async with asyncio.timeout(SILENCE_TIMEOUT_S * max(1, child.askers)):
                reply = await replies.get()
        except TimeoutError:
            child.kill()
            self._state = EngineState.FAILED
            raise ModelFailed(f"it said nothing for {SILENCE_TIMEOUT_S:.0f} s") from None
        if reply is None:
            self._state = EngineState.FAILED
            raise ModelFailed(await child.wait_end())
        return reply

    async def _ready_child(self) -> ModelChild:
        if self._child is not None and self._child.is_alive:
            return self._child
        return await asyncio.shield(self._load())  # an asker who leaves must not stop the load

    def _load(self) -> asyncio.Task[ModelChild]:
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._live_child(), name="load model")
            self._loading.add_done_callback(_take_outcome)
        return self._loading

    async def _live_child(self) -> ModelChild:
        if self._child is not None and self._child.is_alive:
            return self._child
        mark = self._file_mark()
        if self._refused is not None and self._refused[0] == mark:
            raise ModelUnavailable(self._refused[1])
        self._state = EngineState.LOADING
        try:
            self._child = await ModelChild.spawn(self._command)
        except LoadRefused as error:
            self._refused = (mark, str(error))  # the same file would be refused again
            self._state = EngineState.FAILED
            raise ModelUnavailable(str(error)) from None
        except BaseException:
            self._state = EngineState.FAILED
            raise
        self._state = EngineState.READY
        return self._child

    def _file_mark(self) -> tuple[int, int]:
        try:
            status = self._model.stat()
        except OSError as error:
            self._state = EngineState.FAILED
            raise ModelUnavailable(f"{self._model}: {error.strerror}") from error
        return status.st_size, status.st_mtime_ns


def _take_outcome(task: asyncio.Task[ModelChild]) -> None:
    """Mark a background load's error as seen: `state` tells it, and so does the next use."""
    if not task.cancelled():
        task.exception()
