"""The SQLCipher store: the contract, and what only a file on a disk can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.errors import DiskFull, StoreDamaged, StoreError, StoreTooNew, WrongKey
from crdt.store.sqlite_store import SqliteStore
from tests.crdt.store_contract import PowerCut, StoreContract, erase, name_log, put
from tests.crdt.writers import KEY, SPACE, Writer, space_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestSqliteStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> Iterator[None]:
        self._path = tmp_path
        self._stores = list[SqliteStore]()
        yield
        for store in self._stores:
            store.close()

    def open_store(self) -> SqliteStore:
        store = SqliteStore(self._path / f"{len(self._stores)}.db", KEY)
        self._stores.append(store)
        return store


def new_store(path: Path) -> SqliteStore:
    store = SqliteStore(path, KEY)
    with store.writing():
        store.spaces.add(space_row())
    return store


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    store, rosa = new_store(tmp_path / "db"), Writer("rosa")
    put(store, *(rosa.write(bytes([turn])) for turn in range(3)))
    summary = store.spaces.summary(SPACE)
    store.close()

    store = SqliteStore(tmp_path / "db", KEY)

    assert store.spaces.summary(SPACE) == summary
    assert store.logs.position(SPACE, rosa.keys.log).sequence == 4
    store.close()


def test_the_wrong_key_opens_nothing(tmp_path: Path) -> None:
    new_store(tmp_path / "db").close()
    with pytest.raises(WrongKey):
        SqliteStore(tmp_path / "db", b"?" * 32)
    with pytest.raises(WrongKey):
        other = tmp_path / "other"
        other.write_bytes(b"this is no database, but it is long enough to be one" * 100)
        SqliteStore(other, KEY)


def test_nothing_in_the_file_can_be_read_without_the_key(tmp_path: Path) -> None:
    store, rosa = new_store(tmp_path / "db"), Writer("rosa")
    put(store, rosa.write(b"the spring behind the ridge"))
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert len(files) == 3 and not any(b"spring" in data for data in files)
    store.close()


def test_a_database_of_newer_software_is_left_alone(tmp_path: Path) -> None:
    store = new_store(tmp_path / "db")
    store.db.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreTooNew, match="99"):
        SqliteStore(tmp_path / "db", KEY)


def test_a_damaged_database_is_noticed(tmp_path: Path) -> None:
    store, rosa = new_store(tmp_path / "db"), Writer("rosa")
    put(store, *(rosa.write(bytes(2000)) for _ in range(20)))
    store.check()
    store.close()
    data = bytearray((tmp_path / "db").read_bytes())
    data[len(data) - 6000] ^= 1
    (tmp_path / "db").write_bytes(data)

    store = SqliteStore(tmp_path / "db", KEY)
    with pytest.raises(StoreDamaged) as damage:
        store.check()
    assert "sync again" in damage.value.explain()
    store.close()


def test_a_full_disk_undoes_the_batch_and_the_next_one_works(tmp_path: Path) -> None:
    store, rosa = new_store(tmp_path / "db"), Writer("rosa")
    put(store, rosa.write(b"first"))
    pages = store.db.execute("PRAGMA page_count").fetchone()[0]
    store.db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DiskFull):
        put(store, rosa.write(bytes(40_000)))
    assert store.spaces.summary(SPACE).count == 1

    store.db.execute("PRAGMA max_page_count = 100000")

    put(store, rosa.written[1])
    assert store.spaces.summary(SPACE).count == 2
    store.close()


def test_a_reader_sees_whole_commits_and_writes_nothing(tmp_path: Path) -> None:
    store, rosa = new_store(tmp_path / "db"), Writer("rosa")
    reader = store.reader()
    count = "SELECT count FROM spaces"
    with store.writing():
        store.entries.put(rosa.write(b"seed"))
        assert reader.execute(count).fetchone() == (0,)
    assert reader.execute(count).fetchone() == (1,)
    with pytest.raises(Exception, match="readonly"):
        reader.execute("DELETE FROM spaces")
    reader.conn.close()
    store.close()


def test_other_tables_live_and_die_in_the_same_transaction(tmp_path: Path) -> None:
    store = new_store(tmp_path / "db")
    with store.writing():
        store.db.execute("CREATE TABLE search (words TEXT)")
    with pytest.raises(PowerCut), store.writing():
        store.db.execute("INSERT INTO search VALUES ('spring')")
        raise PowerCut
    assert store.db.execute("SELECT count(*) FROM search").fetchone() == (0,)
    store.close()


def test_a_full_disk_is_told_as_such_whoever_filled_it(tmp_path: Path) -> None:
    store = new_store(tmp_path / "db")
    store.db.execute("CREATE TABLE search (words TEXT)")
    store.db.execute(
        f"PRAGMA max_page_count = {store.db.execute('PRAGMA page_count').fetchone()[0]}"
    )
    with pytest.raises(DiskFull), store.writing():
        store.shelves.keep("drafts", b"one", b"1")
        store.db.execute("INSERT INTO search VALUES (?)", ["x" * 100_000])
    assert store.shelves.items("drafts") == ()
    store.close()


def test_an_open_read_holds_up_the_checkpoint_and_says_so(tmp_path: Path) -> None:
    store, rosa = new_store(tmp_path / "db"), Writer("rosa")
    store.db.execute("PRAGMA busy_timeout = 1")
    put(store, rosa.write(b"a regret"))
    name_log(store, rosa)
    reader = store.reader()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entries").fetchone()
    withdrawal = rosa.write(b"withdrawn")
    put(store, withdrawal)
    erase(store, rosa.written, rosa, by=withdrawal.id)
    assert not store.checkpoint()
    assert store.erasures.unfinished(SPACE)

    reader.execute("COMMIT")

    assert store.checkpoint()
    assert not store.erasures.unfinished(SPACE)
    reader.conn.close()
    store.close()


def test_a_second_writer_is_told_that_the_database_is_busy(tmp_path: Path) -> None:
    one, two = new_store(tmp_path / "db"), SqliteStore(tmp_path / "db", KEY)
    two.db.execute("PRAGMA busy_timeout = 1")
    with one.writing(), pytest.raises(StoreError, match="another program"), two.writing():
        pass
    one.close()
    two.close()
