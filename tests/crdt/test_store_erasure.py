"""After a withdrawal the words are in no page of any file: proven on a store without encryption.

The twin of the store differs in one thing only: its key pragma is left out, so
that its pages can be read as they lie on the disk.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlcipher3 import dbapi2

from crdt.ids import DocumentId, EntryId
from crdt.store.rows import Materialised
from crdt.store.sqlite_store import SqliteStore
from tests.crdt.store_contract import erase, put
from tests.crdt.writers import KEY, Writer, space_row

if TYPE_CHECKING:
    from pathlib import Path


class PlainConnection:
    """A connection that is never given its key, and may be told other pragmas."""

    def __init__(self, raw: Any, instead: dict[str, str]) -> None:  # noqa: ANN401
        self._raw = raw
        self._instead = instead

    def execute(self, sql: str, *parameters: object) -> Any:  # noqa: ANN401
        if sql.startswith("PRAGMA key"):
            return None
        return self._raw.execute(self._instead.get(sql, sql), *parameters)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._raw, name)


def plain_store(
    path: Path, monkeypatch: pytest.MonkeyPatch, instead: dict[str, str] | None = None
) -> SqliteStore:
    connect = dbapi2.connect
    with monkeypatch.context() as patch:
        patch.setattr(
            dbapi2,
            "connect",
            lambda *given, **options: PlainConnection(connect(*given, **options), instead or {}),
        )
        store = SqliteStore(path, KEY)
    with store.writing():
        store.spaces.add(space_row())
    return store


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))


def live_through(
    store: SqliteStore, seed: int, *, deletes: bool = False
) -> tuple[set[bytes], set[bytes]]:
    """Write, cache, withdraw and restore at random; return the words gone, and the rest."""
    chance, rosa = random.Random(seed), Writer("rosa")
    gone: set[bytes] = set()
    live: dict[EntryId, bytes] = {}
    for turn in range(250):
        mark = b"<%016x>" % chance.getrandbits(64)
        size = int(10 ** chance.uniform(0, 2.9))
        entry = rosa.write(mark * size)
        put(store, entry)
        live[entry.id] = mark
        if turn % 3 == 0:
            target = chance.choice(list(live))
            gone.add(live.pop(target))
            stored = next(entry for entry in rosa.written if entry.id == target)
            if deletes:
                with store.writing():
                    store.db.execute(
                        "DELETE FROM bodies WHERE number = (SELECT content FROM"
                        " entries WHERE id = ?)",
                        [target],
                    )
            else:
                erase(store, [stored], None, by=EntryId(bytes(31) + bytes([turn])))
                assert put(store, stored)  # somebody brings it back
        document = DocumentId(bytes(31) + bytes([chance.randrange(9)]))
        cached = store.documents.load(document)
        if cached is not None:
            gone.add(cached.saved[:18])
        words = b"[%016x]" % chance.getrandbits(64)
        with store.writing():
            if chance.random() < 0.2:
                store.documents.drop(document)
                gone.discard(words)
            else:
                saved = words * int(10 ** chance.uniform(0, 2.9))
                store.documents.save(document, Materialised("1", b"heads", saved))
    return gone, set(live.values())


@pytest.mark.slow
def test_the_scan_finds_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = plain_store(tmp_path / "db", monkeypatch)
    _, live = live_through(store, 1)
    store.checkpoint()
    data = on_disk(tmp_path / "db")
    assert data.startswith(b"SQLite format 3") and all(mark in data for mark in live)
    store.close()


@pytest.mark.slow
def test_the_scan_finds_what_a_careless_store_leaves_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = {"PRAGMA secure_delete = ON": "PRAGMA secure_delete = OFF"}
    store = plain_store(tmp_path / "db", monkeypatch, careless)
    gone, _ = live_through(store, 1, deletes=True)
    store.checkpoint()
    data = on_disk(tmp_path / "db")
    assert any(mark in data for mark in gone)
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_what_was_withdrawn_is_in_no_page_of_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    store = plain_store(tmp_path / "db", monkeypatch)
    gone, live = live_through(store, seed)

    assert store.checkpoint()

    data = on_disk(tmp_path / "db")
    assert [mark for mark in gone if mark in data] == []
    assert len(gone) > 80 and len(live) > 100
    store.close()


@pytest.mark.slow
def test_compacting_leaves_nothing_that_any_table_ever_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = {"PRAGMA secure_delete = ON": "PRAGMA secure_delete = OFF"}
    store = plain_store(tmp_path / "db", monkeypatch, careless)
    gone, _ = live_through(store, 2, deletes=True)
    store.compact()
    data = on_disk(tmp_path / "db")
    assert [mark for mark in gone if mark in data] == []
    store.close()
