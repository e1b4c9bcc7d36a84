"""A node's home with many contributions in it, made once and used again by later runs.

It lies in the system's folder for temporary files, under a name that says with
which software and how many; remove it when it is in the way. It is opened by a
key file and holds nothing but the words of the demonstration, shaken. Its entries
are authored, sealed and signed like any, but in transactions of 2,000, and go into
the search index directly.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from crdt.crypto.keys import derive
from crdt.replica.replica import Replica
from crdt.store.connection import open_database
from crdt.store.sqlite_store import SqliteStore
from knowledge.contribution import Field
from knowledge.search.index import SearchIndex
from meshnode.client import NodeClient
from meshnode.daemon.background import is_answering
from meshnode.home.config import write_template
from meshnode.home.home import Home
from meshnode.home.key_file import read_key_file
from meshnode.home.keystore import Keystore
from meshnode.home.settings import Config, ModelSettings, ReticulumSettings
from meshnode.record.record import Machine
from meshnode.record.rendering import GENRE, contribution_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from crdt.ids import DocumentId

ROOT = Path(__file__).resolve().parents[2]
COMMONS = ROOT / "meshnode" / "demo" / "commons"
CONTENTS = 1
"""Raised whenever `_fill` makes something else."""

BATCH = 2_000
WORDS_EACH = 60
START_S = 60.0


def full_home(contributions: int, *, has_model: bool = False) -> Home:
    """Return a home with so many contributions in its commons, made now or by an earlier run."""
    name = f"meshnode-bench-{os.getuid()}-{_version()}-{contributions}{'m' if has_model else ''}"
    root = Path(tempfile.gettempdir()) / name
    if not root.exists():
        unfinished = root.with_name(f"{name}.{os.getpid()}")
        print(f"making a home with {contributions:,} contributions, once ...", file=sys.stderr)
        try:
            _make(Home(unfinished), contributions, has_model=has_model)
            unfinished.rename(root)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return Home(root)


def copy_home(home: Home, copy: Home) -> None:
    """Copy a home that no daemon runs on, to write in."""
    shutil.copytree(home.root, copy.root, ignore=shutil.ignore_patterns("node.sock", "reticulum"))


def _version() -> str:
    """A name for all that decides what lies in the files."""
    state = blake2b(CONTENTS.to_bytes(1), digest_size=6)
    sources = [ROOT / "crdt/store/schema.py", ROOT / "knowledge/search/schema.py"]
    sources += sorted((ROOT / "crdt/entries").glob("*.py"))
    for source in sources:
        state.update(source.read_bytes())
    return state.hexdigest()


def _make(home: Home, contributions: int, *, has_model: bool) -> None:
    home.make()
    links = ReticulumSettings(auto_interface=False)
    write_template(home.config, Config(reticulum=links, model=ModelSettings(enabled=has_model)))
    making = ["init", "--name", "Rosa", "--community", "Ridge", "--no-passphrase"]
    subprocess.run(program(home, *making), check=True, stdout=subprocess.DEVNULL)
    _fill(home, contributions)


def _fill(home: Home, contributions: int) -> None:
    keys = Keystore(home.keys).unlock(read_key_file(home.key_file))
    store = SqliteStore(home.database, keys.database_key)
    replica = Replica(store, keys.device, keys.name, Machine())
    index_key = derive(keys.database_key, b"mesh index key")
    index = SearchIndex(open_database(home.root / "index.db", index_key, writes=True))
    held = next(space for space in replica.holdings.all() if space.kind.name == "COMMONS")
    texts = some_texts(contributions, seed=7)
    for _ in range(0, contributions, BATCH):
        documents: list[DocumentId] = []
        with store.writing():
            for text in islice(texts, BATCH):
                fields = {Field.TITLE: " ".join(text.split()[:4]), Field.LANGUAGE: "en"}
                documents.append(replica.library.begin(held, GENRE, fields, text))
        index.db.conn.execute("BEGIN IMMEDIATE")
        for document in documents:
            contribution = contribution_of(replica, document)
            assert contribution is not None
            index.put(contribution)
        index.db.conn.execute("COMMIT")
        replica.made_anew(replica.stale_documents(2 * BATCH))
    replica.react()
    index.db.conn.close()
    store.checkpoint()
    store.close()


def some_texts(count: int, seed: int) -> Iterator[str]:
    """Yield notes of some sixty words each; the same for the same seed."""
    chance, words = random.Random(seed), vocabulary()
    for _ in range(count):
        yield " ".join(chance.choices(words, k=WORDS_EACH))


def vocabulary() -> list[str]:
    """Return the words of the demonstration's contributions, as often as they stand there."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(COMMONS.rglob("*.md")))
    return [word for text in texts for word in re.findall(r"[^\W\d_]{2,}", text)]


class RunningNode:
    """A daemon that runs on a home.

    Args:
        home: Its home.
        process: It.
        answered_s: Seconds from the start of Python to its first answer.
    """

    def __init__(self, home: Home, process: asyncio.subprocess.Process, answered_s: float) -> None:
        self.home = home
        self.answered_s = answered_s
        self.client = NodeClient(home.socket)
        self._process = process

    def resident_mib(self) -> float:
        """What the daemon holds in memory now."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def processor_s(self) -> float:
        """Processor time that the daemon has taken so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def running(home: Home) -> AsyncIterator[RunningNode]:
    """Run the real program on a home until the end of the block."""
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *program(home, "run"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(START_S):
            while not is_answering(home):
                assert process.returncode is None, "the daemon ended"
                await asyncio.sleep(0.005)
        node = RunningNode(home, process, time.perf_counter() - begun)
        try:
            yield node
        finally:
            await node.client.close()
    finally:
        process.terminate()
        await process.wait()


def program(home: Home, *command: str) -> list[str]:
    """Return the command line that does something with a home."""
    return [sys.executable, "-m", "meshnode", "--home", str(home.root), *command]
