"""The plug is pulled at any moment: what was acknowledged is there, whole, and nothing half."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from crdt.store.sqlite_store import SqliteStore
from tests.crdt.writers import KEY, SPACE, Writer, space_row

WRITE_FOR_EVER = """
import sys
from pathlib import Path
from crdt.store.sqlite_store import SqliteStore
from tests.crdt.writers import KEY, Writer

store, rosa = SqliteStore(Path(sys.argv[1]), KEY), Writer(sys.argv[2])
while True:
    with store.writing():
        for turn in range(5):
            store.entries.put(rosa.write(bytes([turn]) * 3000))
        store.documents.drop(rosa.written[-1].id)
    print(len(rosa.written), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "db"
    store = SqliteStore(path, KEY)
    with store.writing():
        store.spaces.add(space_row())
    store.close()

    acknowledged = write_until_killed(path, f"rosa{seed}", 3 + random.Random(seed).randrange(20))

    store = SqliteStore(path, KEY)
    store.check()
    count = store.spaces.summary(SPACE).count
    assert count >= acknowledged and count % 5 == 0
    assert len(list(store.entries.ids(SPACE))) == count
    assert all(row.entry.is_whole for row in store.entries.since(SPACE, 0))
    log = Writer(f"rosa{seed}").keys.log
    assert store.logs.position(SPACE, log).sequence == count + 1
    store.close()


def write_until_killed(path: Path, name: str, lines: int) -> int:
    """Return how many entries the writer said were kept before it was killed."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(path), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            last = writer.stdout.readline()
        writer.kill()
        rest = writer.stdout.read().split()
    return int(rest[-1] if rest else last)
