"""The search through every page: what SQLite forgot, the search must still see."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlcipher3.dbapi2 as sqlcipher

from meshnode.page_scan import PAGE_BYTES, decrypted_pages, find_words

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))
FILLER = "plain bread " * 40


def connect(path: Path, *, journal: str = "WAL", forgets: bool = False) -> Any:  # noqa: ANN401 - no types
    conn: Any = sqlcipher.connect(str(path), isolation_level=None)
    conn.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    conn.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    conn.execute(f"PRAGMA secure_delete = {'ON' if forgets else 'OFF'}").fetchone()
    conn.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    return conn


def fill(conn: Any, word: str) -> None:  # noqa: ANN401 - no types
    conn.execute("BEGIN")
    conn.execute("CREATE TABLE notes (number INTEGER PRIMARY KEY, text TEXT)")
    conn.executemany("INSERT INTO notes (text) VALUES (?)", [(f"{FILLER} {word}",)] * 100)
    conn.execute("COMMIT")


def searched(folder: Path, *words: str) -> set[str]:
    return find_words(folder, words, {folder / "node.db": KEY}).words


def test_every_page_of_a_database_opens_and_shows_its_words(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "node.db", journal="DELETE")) as conn:
        fill(conn, "wayrapunku")

    scan = find_words(tmp_path, ["wayrapunku", "absent"], {tmp_path / "node.db": KEY})

    assert scan.words == {"wayrapunku"}
    assert scan.pages == (tmp_path / "node.db").stat().st_size // PAGE_BYTES > 10
    assert not scan.unreadable
    assert all("page" in found.place for found in scan.found)


def test_the_first_page_shows_the_schema(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "node.db", journal="DELETE")) as conn:
        fill(conn, "bread")

    first = next(decrypted_pages(tmp_path / "node.db", KEY))

    assert first.clear is not None
    assert b"CREATE TABLE notes" in first.clear


def test_words_on_free_pages_are_found_although_no_query_shows_them(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "node.db", journal="DELETE")) as conn:
        fill(conn, "wayrapunku")
        conn.execute("DELETE FROM notes")
        free = conn.execute("PRAGMA freelist_count").fetchone()[0]
        rows = conn.execute("SELECT count(*) FROM notes").fetchone()[0]

    assert (free > 5, rows) == (True, 0)
    assert searched(tmp_path, "wayrapunku") == {"wayrapunku"}


def test_nothing_is_found_once_free_pages_are_overwritten(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "node.db", journal="DELETE", forgets=True)) as conn:
        fill(conn, "wayrapunku")
        conn.execute("CREATE TABLE others AS SELECT 'quinua' AS text")
        conn.execute("DELETE FROM notes")

    assert searched(tmp_path, "wayrapunku", "quinua") == {"quinua"}


def test_words_that_stand_only_in_the_journal_are_found(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "node.db")) as conn:
        conn.execute("CREATE TABLE others (text TEXT)")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        fill(conn, "wayrapunku")

        scan = find_words(tmp_path, ["wayrapunku"], {tmp_path / "node.db": KEY})

    assert scan.frames > 10
    assert not scan.unreadable
    assert {found.place.split()[0] for found in scan.found} == {"journal"}


def test_another_key_opens_nothing_and_says_so(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "node.db", journal="DELETE")) as conn:
        fill(conn, "wayrapunku")

    scan = find_words(tmp_path, ["wayrapunku"], {tmp_path / "node.db": bytes(32)})

    assert not scan.found
    assert len(scan.unreadable) == scan.pages


def test_a_changed_page_is_reported_and_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    with closing(connect(path, journal="DELETE")) as conn:
        fill(conn, "wayrapunku")
    data = bytearray(path.read_bytes())
    data[3 * PAGE_BYTES + 7] ^= 1
    path.write_bytes(data)

    scan = find_words(tmp_path, ["wayrapunku"], {path: KEY})

    assert scan.unreadable == [f"{path}: page 4"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_other_files_are_searched_in_every_encoding_and_case(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "node.log").write_bytes(
        b"\x00\xff" + "the WayraPunku key".encode(encoding)
    )

    scan = find_words(tmp_path, ["wayrapunku"], {})

    assert [(found.path.name, found.place) for found in scan.found] == [("node.log", "as it is")]


def test_a_word_between_two_chunks_of_a_large_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"." * ((1 << 20) - 4) + b"wayrapunku" + b"." * 50)

    assert find_words(tmp_path, ["wayrapunku"], {}).words == {"wayrapunku"}


def test_an_empty_word_is_refused_since_it_is_everywhere(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty"):
        find_words(tmp_path, [" "], {})
