"""Open the app on the fake node in this terminal.

`python -m tests.tui.show [empty | locked | alone]`
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from meshnode.client import NodeClient
from tests.tui.fake_node import FakeNode
from tui.app import MeshApp


async def show(kind: str, size: int) -> None:
    """Serve a fake node in a new folder, and open the app on it until it is closed."""
    with tempfile.TemporaryDirectory() as home:
        state = kind if kind in {"empty", "locked"} else "open"
        node = FakeNode(Path(home), state=state, size=size, alone=kind == "alone")  # type: ignore[arg-type]
        async with node:
            await MeshApp(NodeClient(node.socket_path)).run_async()


if __name__ == "__main__":
    asyncio.run(show(sys.argv[1] if len(sys.argv) > 1 else "open", 100_000))
