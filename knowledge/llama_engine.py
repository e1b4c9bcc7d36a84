"""The engine that runs llama.cpp in a process of its own.

RESTING -> LOADING -> READY -> (the process ends) -> FAILED -> LOADING -> ...

Nothing of llama.cpp enters the node's process: a crash in it, a kill by the
kernel or a model too large for the machine costs one answer's phrasing, and the
next question starts the process again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge import model_messages as messages
from knowledge.engine import EngineState, Prompt
from knowledge.errors import ModelFailed, ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

LOAD_TIMEOUT_S = 120.0
"""A model of a few gigabytes from an SD card takes a minute."""

SILENCE_TIMEOUT_S = 60.0
"""Longest wait for the next piece: a full prompt on a Pi takes half of it."""

_CLOSE_TIMEOUT_S = 2.0
_CODE_ROOT = Path(__file__).resolve().parent.parent


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
            or [sys.executable, "-P", "-m", "knowledge.model_process", str(model), str(threads)]
        )
        self._state = EngineState.RESTING
        self._run: _Run | None = None
        self._starting = asyncio.Lock()
        self._loading: asyncio.Task[_Run] | None = None
        self._ids = count(1)
        self._refused: tuple[tuple[int, int], str] | None = None
        self.last_cost: messages.Done | None = None

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self._model.stem

    @property
    def state(self) -> EngineState:
        """Whether the model is loaded."""
        if self._state is EngineState.READY and (self._run is None or not self._run.is_alive):
            return EngineState.FAILED
        return self._state

    @property
    def pid(self) -> int | None:
        """Process id of the model process while it lives."""
        return self._run.pid if self._run and self._run.is_alive else None

    async def start(self) -> None:
        """Begin loading in the background; what fails is told by `state` and the next use."""
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._ready_run(), name="load model")
            self._loading.add_done_callback(_take_outcome)

    async def phrase(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Stream the model's reply (see `Engine.phrase`)."""
        run = await self._ready_run()
        request = messages.Phrase(
            next(self._ids),
            tuple(messages.Turn(turn.role.value, turn.text) for turn in prompt.turns),
            prompt.max_tokens,
            prompt.vocabulary,
        )
        replies = await run.ask(request)
        done: messages.Done | None = None
        try:
            while done is None:
                reply = await self._next_reply(run, replies)
                match reply:
                    case messages.Piece():
                        yield reply.text
                    case messages.Done():
                        done = reply
        finally:
            run.forget(request.id, cancel=done is None)
        self.last_cost = done
        if done.reason == "too_long":
            raise ModelFailed("the question and its passages are too long for this model")

    async def close(self) -> None:
        """Stop the process. Safe to call twice."""
        if self._loading is not None:
            self._loading.cancel()
            with suppress(asyncio.CancelledError, ModelUnavailable, ModelFailed):
                await self._loading
            self._loading = None
        if self._run is not None:
            await self._run.close()
            self._run = None
        self._state = EngineState.RESTING

    async def _next_reply(
        self, run: _Run, replies: asyncio.Queue[messages.Piece | messages.Done | None]
    ) -> messages.Piece | messages.Done:
        try:
            async with asyncio.timeout(SILENCE_TIMEOUT_S * max(1, run.askers)):
                reply = await replies.get()
        except TimeoutError:
            run.kill()
            self._state = EngineState.FAILED
            raise ModelFailed(f"it said nothing for {SILENCE_TIMEOUT_S:.0f} s") from None
        if reply is None:
            self._state = EngineState.FAILED
            raise ModelFailed(await run.wait_end())
        return reply

    async def _ready_run(self) -> _Run:
        async with self._starting:
            if self._run is not None and self._run.is_alive:
                return self._run
            mark = self._file_mark()
            if self._refused is not None and self._refused[0] == mark:
                raise ModelUnavailable(self._refused[1])
            self._state = EngineState.LOADING
            try:
                self._run = await _Run.spawn(self._command)
            except _LoadRefused as error:
                self._refused = (mark, str(error))  # the same file would be refused again
                self._state = EngineState.FAILED
                raise ModelUnavailable(str(error)) from None
            except BaseException:
                self._state = EngineState.FAILED
                raise
            self._state = EngineState.READY
            return self._run

    def _file_mark(self) -> tuple[int, int]:
        try:
            status = self._model.stat()
        except OSError as error:
            self._state = EngineState.FAILED
            raise ModelUnavailable(f"{self._model}: {error.strerror}") from error
        return status.st_size, status.st_mtime_ns


class _LoadRefused(Exception):
    """The process says why it cannot load the model."""


class _Run:
    """One life of the model process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Queue[messages.Piece | messages.Done | None]] = {}
        self._ended = False
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def spawn(cls, command: Sequence[str]) -> _Run:
        """Start the process and wait until its model is loaded.

        Raises:
            _LoadRefused: The model cannot be loaded, says the process.
            ModelFailed: The process cannot start, or dies or hangs while loading.
        """
        environment = {
            **os.environ,
            "OMP_WAIT_POLICY": "passive",  # spinning threads starve everybody else
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(_CODE_ROOT), os.environ.get("PYTHONPATH")])
            ),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=messages.MAX_LINE_BYTES,
                env=environment,
                start_new_session=True,  # Ctrl-C in a terminal is for the node to handle
            )
        except OSError as error:
            raise ModelFailed(f"its process cannot start: {error}") from error
        run = cls(process)
        try:
            async with asyncio.timeout(LOAD_TIMEOUT_S):
                await run._wait_loaded()
        except TimeoutError:
            await run.close()
            raise ModelFailed(f"it did not load within {LOAD_TIMEOUT_S:.0f} s") from None
        except BaseException:
            await run.close()
            raise
        run._reader = asyncio.create_task(run._read(), name="model replies")
        return run

    @property
    def is_alive(self) -> bool:
        return not self._ended and self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def askers(self) -> int:
        """How many wait for this process: it serves them in turn."""
        return len(self._waiting)

    async def ask(
        self, request: messages.Phrase
    ) -> asyncio.Queue[messages.Piece | messages.Done | None]:
        """Send a request; its replies come into the queue, then None if the process ends."""
        replies: asyncio.Queue[messages.Piece | messages.Done | None] = asyncio.Queue()
        self._waiting[request.id] = replies
        if self._ended:
            replies.put_nowait(None)
        try:
            self._write(request)
            async with asyncio.timeout(SILENCE_TIMEOUT_S):
                await self._stdin.drain()
        except (TimeoutError, OSError):
            self.kill()
        except BaseException:
            self.forget(request.id, cancel=True)
            raise
        return replies

    def forget(self, request_id: int, *, cancel: bool) -> None:
        """Drop a request; `cancel` tells the process to stop making it."""
        self._waiting.pop(request_id, None)
        if cancel and self.is_alive:
            self._write(messages.Cancel(request_id))

    def kill(self) -> None:
        """End the process at once."""
        if self._process.returncode is None:
            # Not Process.kill(): it polls, and takes the exit status from asyncio's watcher.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def wait_end(self) -> str:
        """Wait until the process is gone and return how it ended."""
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                status = await self._process.wait()
        except TimeoutError:  # it closed its output and lives on
            self.kill()
            status = await self._process.wait()
        return f"ended by signal {-status}" if status < 0 else f"ended with status {status}"

    async def close(self) -> None:
        """End the process: its input ends, then it is killed. Safe to call twice."""
        if self._process.returncode is None:
            self._stdin.close()
            try:
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await self._process.wait()
            except TimeoutError:
                self.kill()
                await self._process.wait()
        if self._reader is not None:
            await self._reader

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        assert self._process.stdin is not None  # noqa: S101  (we asked for a pipe)
        return self._process.stdin

    def _write(self, request: messages.Request) -> None:
        with suppress(OSError, RuntimeError):  # the pipe broke: the reader notices the end
            self._stdin.write(messages.encode_line(request))

    async def _read_line(self) -> messages.Reply | None:
        assert self._process.stdout is not None  # noqa: S101
        line = await self._process.stdout.readline()
        return messages.decode_reply(line) if line else None

    async def _wait_loaded(self) -> None:
        try:
            reply = await self._read_line()
        except ValueError as error:  # a line over the limit, or BadLine
            raise ModelFailed(f"its process spoke nonsense: {error}") from error
        match reply:
            case messages.Loaded():
                return
            case messages.LoadFailed(reason):
                raise _LoadRefused(reason)
            case None:
                raise ModelFailed(f"while loading, its process {await self.wait_end()}")
            case messages.Piece() | messages.Done():
                raise ModelFailed("its process answered before it was asked")

    async def _read(self) -> None:
        try:
            while True:
                match reply := await self._read_line():
                    case messages.Piece() | messages.Done():
                        if reply.id in self._waiting:
                            self._waiting[reply.id].put_nowait(reply)
                    case _:
                        break
        except (ValueError, OSError):
            self.kill()  # nonsense or a broken pipe: as good as gone
        finally:
            self._ended = True
            for replies in self._waiting.values():
                replies.put_nowait(None)


def _take_outcome(task: asyncio.Task[_Run]) -> None:
    """Mark a background load's error as seen: `state` tells it, and so does the next use."""
    if not task.cancelled():
        task.exception()
