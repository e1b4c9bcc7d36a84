"""An encrypted database as the node opens it, and a look at its decrypted pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlite_utils import Database

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))

_PAGE_BYTES = 4096
_SALT_BYTES = 16
_RESERVED_BYTES = 80
_IV_BYTES = 16


def open_database(path: Path) -> Database:
    conn: Any = sqlcipher.connect(str(path), isolation_level=None)
    conn.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"").fetchone()
    conn.execute("PRAGMA journal_mode = WAL").fetchone()
    conn.execute("PRAGMA temp_store = MEMORY").fetchone()
    return Database(conn)


def decrypted_pages(path: Path) -> bytes:
    """Return every page of the file in clear: SQLCipher 4's layout, AES-256-CBC with a raw key."""
    raw = path.read_bytes()
    clear: list[bytes] = []
    for start in range(0, len(raw), _PAGE_BYTES):
        page = raw[start : start + _PAGE_BYTES]
        body = page[_SALT_BYTES if start == 0 else 0 : -_RESERVED_BYTES]
        initial = page[-_RESERVED_BYTES : -_RESERVED_BYTES + _IV_BYTES]
        decryptor = Cipher(algorithms.AES(KEY), modes.CBC(initial)).decryptor()
        clear.append(decryptor.update(body) + decryptor.finalize())
    return b"".join(clear)
