"""A node of the demonstration: its home, its daemon as a process of its own, its client."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import meshnode
from meshnode.client import NodeClient
from meshnode.daemon.background import is_answering
from meshnode.demo.telling import Untrue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshnode.home.home import Home

PROGRAM = (sys.executable, "-P", "-m", "meshnode")
"""The `meshnode` program, whatever folder it is called from."""

START_S = 60.0
STOP_S = 30.0
POLL_S = 0.05

_TAIL_LINES = 25
_TAIL_BYTES = 64 * 1024


class NodeProcess:
    """One node.

    Args:
        name: Of the person whose node it is.
        home: Its home.
        folder: Where it puts what it prints and its temporary files.
        program: The command line that runs the `meshnode` program.
    """

    def __init__(
        self, name: str, home: Home, folder: Path, program: Sequence[str] = PROGRAM
    ) -> None:
        self.name = name
        self.home = home
        self.client = NodeClient(home.socket)
        self._folder = folder
        self._program = program
        self._process: asyncio.subprocess.Process | None = None

    @property
    def output(self) -> Path:
        """What the daemon printed."""
        return self._folder / f"{self.name}.out"

    async def start(self) -> None:
        """Start the daemon, and return once it answers.

        Raises:
            Untrue: It ended, or does not answer in time.
        """
        # Temporary files go where the search for withdrawn words finds them.
        temporary = self._folder / "tmp"
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *self._program,
                "--home",
                str(self.home.root),
                "run",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": _import_path()},
                start_new_session=True,  # Ctrl-C is for us; we stop the nodes
            )
        self._process = process
        ended = asyncio.create_task(process.wait())
        try:
            async with asyncio.timeout(START_S):
                while not is_answering(self.home):
                    if (await asyncio.wait({ended}, timeout=POLL_S))[0]:
                        raise Untrue(
                            f"{self.name}'s node starts", f"it ended with {process.returncode}"
                        )
        except TimeoutError:
            raise Untrue(
                f"{self.name}'s node answers within {START_S:.0f} s", "no answer"
            ) from None
        finally:
            ended.cancel()

    async def stop(self) -> int:
        """Ask the daemon to stop, wait until it has, and return its exit status.

        Raises:
            Untrue: It goes on.
        """
        process = self._running()
        await self.client.stop()
        try:
            async with asyncio.timeout(STOP_S):
                status = await process.wait()
        except TimeoutError:
            raise Untrue(f"{self.name}'s node stops within {STOP_S:.0f} s", "it runs on") from None
        self._process = None
        return status

    async def end(self) -> None:
        """End the daemon whatever it is doing; for the way out."""
        await self.client.close()
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def tail(self) -> list[str]:
        """Return the last lines of what the daemon printed and of its log."""
        lines: list[str] = []
        for path in (self.output, self.home.log):
            if path.exists():
                lines.append(f"--- {self.name}: {path}")
                lines += _last_lines(path)
        return lines

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ValueError(f"{self.name}'s node does not run")
        return self._process


def _last_lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]


def _import_path() -> str:
    """Let the daemon import what we are, even when that is not installed."""
    place = str(Path(meshnode.__file__).resolve().parent.parent)
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join([place, *([before] if before else [])])
