"""One life of the model process, as the node sees it: requests go in, replies come out by id."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from knowledge.errors import ModelFailed
from knowledge.model import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

LOAD_TIMEOUT_S = 120.0
"""A model of a few gigabytes from an SD card takes a minute."""

SILENCE_TIMEOUT_S = 60.0
"""Longest wait for the next piece: a full prompt on a Pi takes half of it."""

_CLOSE_TIMEOUT_S = 2.0
CODE_ROOT = Path(__file__).resolve().parents[2]

Replies: TypeAlias = "asyncio.Queue[messages.Piece | messages.Done | None]"
"""What comes for one request; None when the process is gone."""


class LoadRefused(Exception):
    """The process says why it cannot load the model: the message, for a person."""


class ModelChild:
    """The running process. Made by `spawn`, ready when that returns."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, Replies] = {}
        self._ended = False
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def spawn(cls, command: Sequence[str]) -> ModelChild:
        """Start the process and wait until its model is loaded.

        Raises:
            LoadRefused: The model cannot be loaded, says the process.
            ModelFailed: The process cannot start, or dies or hangs while loading.
        """
        environment = {
            **os.environ,
            "OMP_WAIT_POLICY": "passive",  # spinning threads starve everybody else
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(CODE_ROOT), os.environ.get("PYTHONPATH")])
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
        """Whether it can still be asked."""
        return not self._ended and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def askers(self) -> int:
        """How many wait for this process: it serves them in turn."""
        return len(self._waiting)

    async def ask(self, request: messages.Phrase) -> Replies:
        """Send a request; its replies come into the queue, then None if the process ends."""
        replies: Replies = asyncio.Queue()
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
                raise LoadRefused(reason)
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
