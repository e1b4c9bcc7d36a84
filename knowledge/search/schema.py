"""The search index's tables, and how they come to be.

The index is a view of the entries. It is therefore never migrated: when this
module's version is not the one in the database, the tables are made anew and
the node fills them again from the entries.

Each sharing level has a full-text table of its own. A search for a reader who
may see only the commons opens only the commons' table, so neither hits, nor
scores, nor timing tell that reader what the other levels hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge.contribution import Level

if TYPE_CHECKING:
    from sqlite_utils import Database

VERSION = 2

PIECE_BITS = 13
"""A piece's row number is its contribution's number, shifted by this, plus its ordinal."""

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""Folds case and accents. The stemmer is English, yet it takes plural s off Spanish, French and
Portuguese words too and leaves other scripts alone (docs/importing.md has the measurement)."""

_TABLES = """
CREATE TABLE search_schema (
    version INTEGER NOT NULL            -- of these tables
) STRICT;

CREATE TABLE contributions (
    number       INTEGER PRIMARY KEY,   -- local, never reused while the row lives
    id           TEXT NOT NULL UNIQUE,  -- hex of the entry that began the document
    level        TEXT NOT NULL,         -- inner, allied or commons
    consent      INTEGER NOT NULL,      -- bits, as knowledge.contribution.Consent
    title        TEXT NOT NULL,
    title_order  TEXT NOT NULL,         -- the title as lists sort it: no case, no accents
    author       TEXT NOT NULL,         -- the name that it was given under
    author_order TEXT NOT NULL,         -- the name as lists sort it
    author_key   TEXT NOT NULL,         -- hex of the author's pseudonym in that space
    community    TEXT NOT NULL,
    language     TEXT NOT NULL,         -- BCP 47
    licence      TEXT NOT NULL,         -- SPDX expression
    tags         TEXT NOT NULL,         -- JSON list of strings
    place        TEXT NOT NULL,
    source       TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,      -- author's clock, milliseconds since 1970
    changed_ms   INTEGER NOT NULL,      -- author's clock, milliseconds since 1970
    edits        INTEGER NOT NULL,      -- how many made it what it is
    contributors TEXT NOT NULL,         -- JSON list of names, the author first
    given_by     TEXT NOT NULL,         -- who signed, where that is not the author; else empty
    digest       BLOB NOT NULL          -- 16 bytes, of all fields and the text: is it unchanged?
) STRICT;


-- Each list is answered from one of these alone, filters and all, but for the rows of its page.
CREATE INDEX contributions_by_change ON contributions (
    changed_ms DESC, number DESC, level, language, community, author, author_key);

CREATE INDEX contributions_by_title ON contributions (
    title_order, number, level, language, community, author, author_key);

CREATE INDEX contributions_by_author ON contributions (
    author_order, changed_ms DESC, number, level, language, community, author, author_key);

CREATE TABLE contribution_tags (
    tag    TEXT NOT NULL,               -- casefolded
    number INTEGER NOT NULL,            -- of the contribution
    PRIMARY KEY (tag, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE contribution_counts (
    level         TEXT PRIMARY KEY,
    contributions INTEGER NOT NULL,     -- rows of contributions on that level
    pieces        INTEGER NOT NULL      -- rows of that level's full-text table
) STRICT;

CREATE TABLE pieces (
    number INTEGER PRIMARY KEY,         -- contribution's number << 13 | ordinal
    start  INTEGER NOT NULL,            -- code points from the start of the contribution's text
    text   TEXT NOT NULL                -- laid end to end, a contribution's pieces are its text
) STRICT;
"""

# External content: the words stand once, in `pieces`. `secure-delete` takes a removed row's words
# out of the index at once, where FTS5 would otherwise leave them until a merge.
_FULL_TEXT = """
CREATE VIEW passage_text_{level} AS
    SELECT pieces.number AS number, contributions.title AS title, pieces.text AS text
    FROM pieces JOIN contributions ON contributions.number = pieces.number >> {bits}
    WHERE contributions.level = '{level}';

CREATE VIRTUAL TABLE passages_{level} USING fts5 (
    title, text,
    content = 'passage_text_{level}', content_rowid = 'number',
    tokenize = '{tokenizer}', prefix = '2 3'
);

INSERT INTO passages_{level} (passages_{level}, rank) VALUES ('secure-delete', 1);

INSERT INTO passages_{level} (passages_{level}, rank) VALUES ('rank', 'bm25(4.0, 1.0)');

INSERT INTO contribution_counts (level, contributions, pieces) VALUES ('{level}', 0, 0);
"""

_OLD_TABLES = (
    "search_schema",
    "contributions",
    "contribution_tags",
    "contribution_counts",
    "pieces",
)


def is_current(db: Database) -> bool:
    """Whether the database holds this version's tables."""
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'search_schema'").fetchone()
    if known is None:
        return False
    row = db.execute("SELECT version FROM search_schema").fetchone()
    return row is not None and row[0] == VERSION


def create(db: Database) -> None:
    """Make the tables anew and empty, in the caller's transaction if there is one."""
    for level in Level:
        db.execute(f"DROP TABLE IF EXISTS passages_{level.value}")
        db.execute(f"DROP VIEW IF EXISTS passage_text_{level.value}")
    for table in _OLD_TABLES:
        db.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _statements(_TABLES):
        db.execute(statement)
    for level in Level:
        full_text = _FULL_TEXT.format(level=level.value, tokenizer=TOKENIZER, bits=PIECE_BITS)
        for statement in _statements(full_text):
            db.execute(statement)
    db.execute("INSERT INTO search_schema (version) VALUES (?)", (VERSION,))


def _statements(script: str) -> list[str]:
    """Split a script at blank lines: `executescript` would commit the caller's transaction."""
    return [part.strip().rstrip(";") for part in script.split("\n\n") if part.strip()]
