"""Real daemons that meet over Reticulum are killed at any moment: nothing acknowledged is lost.

MESHNODE_TEST_KILLS  how often (default: 12; 200 takes some minutes)
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from crdt.errors import MeshError
from meshnode.demo.telling import Untrue
from meshnode.demo.village import lay_out
from meshnode.views.community import InviteRequest
from meshnode.views.file_import import ImportedFile, ImportRequest
from meshnode.views.home import InitRequest
from tests.meshnode.nodes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from meshnode.demo.node_process import NodeProcess

KILLS = int(os.environ.get("MESHNODE_TEST_KILLS", "12"))
FILES = 12


@dataclass
class Promises:
    """What nodes have acknowledged."""

    kept: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """Asked to be withdrawn, without an answer."""


async def _import(node: NodeProcess, folder: Path, promises: Promises) -> None:
    async with aclosing(node.client.import_files(ImportRequest(paths=(str(folder),)))) as events:
        async for event in events:
            if isinstance(event, ImportedFile) and event.id:
                promises.kept.add(event.id)


async def _withdraw(node: NodeProcess, note: str, promises: Promises) -> None:
    promises.kept.discard(note)
    promises.doubtful.add(note)
    await node.client.withdraw(note)
    promises.doubtful.discard(note)
    promises.withdrawn.add(note)


async def _sync(node: NodeProcess) -> None:
    async for _ in node.client.sync():
        pass


def _kill(node: NodeProcess) -> None:
    process = node._running()
    os.kill(process.pid, signal.SIGKILL)


async def _ids(node: NodeProcess) -> set[str]:
    page = await node.client.contributions(limit=1000)
    return {row.id for row in page.items}


@pytest.mark.slow
async def test_a_daemon_killed_at_any_moment_keeps_its_promises(tmp_path: Path) -> None:
    dice = random.Random(7)
    promises = Promises()
    village = lay_out(tmp_path, has_models=(False, False))
    rosa, ahmed = village.nodes
    try:
        for node in village.nodes:
            await node.start()
        await rosa.client.init(InitRequest(name="Rosa", community="Ridge"))
        await ahmed.client.init(InitRequest(name="Ahmed"))
        await ahmed.client.join((await rosa.client.invite(InviteRequest())).ticket)

        async def is_in() -> bool:
            communities = (await ahmed.client.status()).communities
            return bool(communities) and not communities[0].pending

        await wait_until(is_in, "Ahmed is in")

        for number in range(KILLS):
            folder = tmp_path / f"notes {number}"
            folder.mkdir()
            for file in range(FILES):
                text = " ".join(dice.choices(["rain", "spring", "bean", "mast"], k=200))
                (folder / f"{file}.md").write_text(f"# Note {number} {file}\n\n{text}\n")
            works = [_import(rosa, folder, promises)]
            if promises.kept:
                works.append(_withdraw(rosa, dice.choice(sorted(promises.kept)), promises))
            under_way = [asyncio.create_task(work) for work in works]
            syncs = [asyncio.create_task(_sync(node)) for node in village.nodes]
            victim = dice.choice([rosa, rosa, ahmed])
            await asyncio.sleep(dice.uniform(0.0, 0.5))
            _kill(victim)
            for sync in syncs:
                sync.cancel()
            await asyncio.gather(*syncs, return_exceptions=True)
            ends = await asyncio.gather(*under_way, return_exceptions=True)
            await victim._running().wait()
            await victim.start()

            mistakes = [
                end for end in ends if isinstance(end, Exception) and not isinstance(end, MeshError)
            ]
            assert mistakes == []
            held = await _ids(rosa)
            if held < promises.kept:  # the index may have to catch up
                await asyncio.sleep(0.5)
                held = await _ids(rosa)
            assert promises.kept <= held

        async def agree() -> bool:
            await _sync(ahmed)
            at_rosa, at_ahmed = await _ids(rosa), await _ids(ahmed)
            return at_rosa == at_ahmed and not at_rosa & promises.withdrawn

        await wait_until(agree, "both hold the same")
        for node in village.nodes:
            bad = [check for check in await node.client.doctor() if check.state == "bad"]
            assert bad == []
        for note in sorted(promises.withdrawn):

            async def is_erased(note: str = note) -> bool:
                return (await rosa.client.coverage(note)).sentence == "erased on 2 of 2 nodes"

            await wait_until(is_erased, f"{note[:8]} is erased everywhere")
    except Untrue as untrue:
        untrue.add_note("\n".join([*rosa.tail(), *ahmed.tail()]))
        raise
    finally:
        await village.end()
