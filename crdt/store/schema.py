"""The tables, and how an older database becomes a newer one.

Two rules keep erasure honest (`crdt.store.connection` says why):

- `bodies` is only ever appended to. A part is erased by overwriting it with as
  many zeros, so no row there changes its size and SQLite never moves one.
- what must change its size (`materialised`) is sealed under a key in
  `slots`, whose rows all have one size and are overwritten in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.errors import StoreDamaged, StoreTooNew

if TYPE_CHECKING:
    from crdt.store.connection import Connection

_FIRST = (
    """
CREATE TABLE spaces (
    number      INTEGER PRIMARY KEY,
    space       BLOB NOT NULL UNIQUE,      -- 32 bytes
    kind        INTEGER NOT NULL,
    realm       BLOB NOT NULL,
    charter     BLOB,                      -- as encoded in the genesis entry
    incarnation BLOB NOT NULL,             -- 16 bytes, of our own log
    count       INTEGER NOT NULL DEFAULT 0,
    total       BLOB NOT NULL              -- 512 bytes: see `crdt.store.spaces`
) STRICT
""",
    """
CREATE TABLE logs (
    number     INTEGER PRIMARY KEY,
    log        BLOB NOT NULL,              -- 32 bytes: a key, which may sign in several spaces
    space      INTEGER NOT NULL,           -- spaces.number
    last       INTEGER NOT NULL DEFAULT 0, -- highest sequence number here
    contiguous INTEGER NOT NULL DEFAULT 0, -- all numbers up to this one are in the set
    is_forked  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (log, space)
) STRICT
""",
    "CREATE INDEX logs_by_space ON logs (space)",
    """
CREATE TABLE certificates (
    log       INTEGER NOT NULL,            -- logs.number
    entry     BLOB NOT NULL,               -- 32 bytes
    pseudonym BLOB NOT NULL,               -- 32 bytes: who signed it
    PRIMARY KEY (log, entry)
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE entries (
    number    INTEGER PRIMARY KEY,         -- order of receipt
    id        BLOB NOT NULL,               -- 32 bytes
    space     INTEGER NOT NULL,            -- spaces.number
    log       INTEGER NOT NULL,            -- logs.number
    sequence  INTEGER NOT NULL,
    priority  INTEGER NOT NULL,
    size      INTEGER NOT NULL,            -- bytes of both parts
    state     INTEGER NOT NULL,            -- 0: aside, 1: in the set
    withdrawn INTEGER NOT NULL DEFAULT 0,  -- 0: no, 1: the content, 2: both parts
    kind      INTEGER,                     -- of the skeleton, once it was opened
    document  BLOB,                        -- 32 bytes
    header    BLOB NOT NULL,               -- 194 bytes, exactly as signed
    signature BLOB NOT NULL,               -- 64 bytes
    skeleton  INTEGER,                     -- bodies.number; null: not here; 0: empty
    content   INTEGER                      -- bodies.number; null: not here; 0: empty
) STRICT
""",
    "CREATE INDEX entries_by_id ON entries (space, id, state)",
    "CREATE INDEX entries_by_log ON entries (log, sequence, state)",
    "CREATE INDEX entries_of_document ON entries (document, number) WHERE document IS NOT NULL",
    "CREATE INDEX entries_of_control ON entries (space, number) WHERE kind <= 31",
    "CREATE INDEX entries_begun ON entries (space, number) WHERE document = id",
    "CREATE INDEX entries_sealed ON entries (space, substr(header, 107, 16), number)"
    " WHERE substr(header, 107, 16) <> zeroblob(16)",
    """
CREATE TABLE bodies (
    number INTEGER PRIMARY KEY,
    part   BLOB NOT NULL                   -- salt, then the bytes as stored; zeros when erased
) STRICT
""",
    """
CREATE TABLE forks (
    log   INTEGER NOT NULL,                -- logs.number
    one   BLOB NOT NULL,                   -- entry ids
    other BLOB NOT NULL,
    PRIMARY KEY (log, one, other)
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE erasures (
    target     BLOB NOT NULL,              -- entry id, here or not
    withdrawal BLOB NOT NULL,              -- entry id
    space      INTEGER NOT NULL,           -- spaces.number
    owner      BLOB,                       -- pseudonym whose words the target must be; null: any
    level      INTEGER NOT NULL,           -- 1: content, 2: both parts
    state      INTEGER NOT NULL,           -- see `crdt.store.erasures`
    PRIMARY KEY (target, withdrawal)
) STRICT, WITHOUT ROWID
""",
    "CREATE INDEX erasures_by_state ON erasures (space, state, withdrawal) WHERE state < 3",
    "CREATE INDEX erasures_waiting ON erasures (space, owner) WHERE state < 2",
    """
CREATE TABLE slots (
    number   INTEGER PRIMARY KEY,
    document BLOB NOT NULL,                -- 32 bytes
    key      BLOB NOT NULL                 -- 32 bytes, new at every save; zeros: dropped
) STRICT
""",
    "CREATE UNIQUE INDEX slots_by_document ON slots (document)",
    """
CREATE TABLE materialised (
    slot           INTEGER PRIMARY KEY,    -- slots.number
    replay_version TEXT NOT NULL,
    heads_hash     BLOB NOT NULL,
    sealed         BLOB NOT NULL           -- secretbox under the slot's key, nonce of zeros
) STRICT
""",
    """
CREATE TABLE epochs (
    number INTEGER PRIMARY KEY,
    space  INTEGER NOT NULL,               -- spaces.number
    epoch  BLOB NOT NULL,                  -- 16 bytes
    key    BLOB NOT NULL,                  -- 32 bytes
    cites  BLOB NOT NULL,                  -- entry ids, one after the other
    entry  BLOB,
    UNIQUE (space, epoch)
) STRICT
""",
    """
CREATE TABLE receipts (
    space   INTEGER NOT NULL,              -- spaces.number of the community's inner space
    device  BLOB NOT NULL,                 -- 16 bytes
    counter INTEGER NOT NULL,
    signed  BLOB NOT NULL,
    PRIMARY KEY (space, device)
) STRICT
""",
    """
CREATE TABLE shelves (
    shelf TEXT NOT NULL,
    key   BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (shelf, key)
) STRICT
""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Each makes a database of the version that is its place here into the next."""

VERSION = len(MIGRATIONS)


def migrate(connection: Connection) -> None:
    """Bring the tables up to this software's version, whole or not at all.

    Raises:
        StoreTooNew: Newer software wrote them.
        StoreDamaged: There is no version to be read.
    """
    found = connection.row("PRAGMA user_version")
    if found is None:
        raise StoreDamaged("no version")
    version: int = found[0]
    if version > VERSION:
        raise StoreTooNew(f"version {version}, this software reads {VERSION}")
    if version == VERSION:
        return
    with connection.writing():
        for migration in MIGRATIONS[version:]:
            for statement in migration:
                connection.write(statement)
        connection.write(f"PRAGMA user_version = {VERSION}")
