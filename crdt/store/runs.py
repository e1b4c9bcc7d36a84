"""What of a log is here, in runs: chains of entries without a gap.

    one branch      1 ─ 2 ─ 3     5 ─ 6        runs 1-3 and 5-6
    a forked log    1 ─ 2 ─ 3 ─ 4              runs 1-2, 3-5 and 3-4
                         └─ 3' ─ 4' ─ 5'

Where nothing contradicts anything, the entries of an unbroken stretch of numbers
are one chain: each new entry is compared with its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.store.rows import TIP_BYTES, Run

if TYPE_CHECKING:
    from crdt.ids import EntryId
    from crdt.store.connection import Connection

MAX_BRANCHED = 1024
"""Entries above the lowest fork of a log that are looked at; of more, none is told."""

MAX_BRANCHES = 64

_TIP_SQL = (
    "SELECT substr(id, 1, 8) FROM entries WHERE log = ? AND sequence = ? AND state = 1 LIMIT 1"
)
_HAS_TIP_SQL = "SELECT 1 FROM entries WHERE log = ? AND sequence = ? AND substr(id, 1, 8) = ?"
_CHAIN_SQL = """
WITH RECURSIVE chain (id, sequence, previous) AS (
    SELECT id, sequence, substr(header, 75, 32) FROM entries
    WHERE log = ?1 AND sequence = ?2 AND substr(id, 1, 8) = ?3
    UNION ALL
    SELECT e.id, e.sequence, substr(e.header, 75, 32) FROM chain JOIN entries e
    ON e.log = ?1 AND e.sequence = chain.sequence - 1 AND e.id = chain.previous
    WHERE chain.sequence > ?4
)
SELECT 1 FROM chain WHERE id = ?5
"""


def runs_below(connection: Connection, log: int, contiguous: int, end: int) -> list[Run]:
    """Return the runs below a number, where nothing forks."""
    found = [(1, min(contiguous, end - 1))] if contiguous and end > 1 else []
    # Numbers of an unbroken run keep their distance to their place in the order.
    found += connection.rows(
        "SELECT min(sequence), max(sequence) FROM (SELECT sequence,"
        " sequence - dense_rank() OVER (ORDER BY sequence) AS run FROM entries"
        " WHERE log = ? AND sequence > ? AND sequence < ? AND state = 1) GROUP BY run ORDER BY 1",
        (log, contiguous, end),
    )
    tips = [connection.rows(_TIP_SQL, (log, last))[0][0] for _, last in found]
    return [Run(first, last, tip) for (first, last), tip in zip(found, tips, strict=True)]


def lowest_fork(connection: Connection, log: int) -> int | None:
    """Return the lowest number of an entry that another contradicts."""
    row = connection.row(
        "SELECT min(e.sequence) FROM forks JOIN logs ON logs.number = forks.log"
        " JOIN entries e ON e.space = logs.space AND e.id IN (one, other) WHERE forks.log = ?",
        (log,),
    )
    return row[0] if row else None


def branches(connection: Connection, log: int, start: int) -> list[Run]:
    """Return the branches of a log from a number on, the longest first."""
    rows = connection.rows(
        "SELECT id, sequence, substr(header, 75, 32) FROM entries WHERE log = ? AND sequence >= ?"
        " AND state = 1 ORDER BY sequence DESC, id LIMIT ?",
        (log, start, MAX_BRANCHED + 1),
    )
    if len(rows) > MAX_BRANCHED:
        return []
    before = {name: previous for name, _, previous in rows}
    followed = set(before.values())
    leaves = [(name, sequence) for name, sequence, _ in rows if name not in followed]
    return [
        Run(_walk_down(before, name, sequence), sequence, name[:TIP_BYTES])
        for name, sequence in leaves[:MAX_BRANCHES]
    ]


def _walk_down(before: dict[EntryId, EntryId], name: EntryId, sequence: int) -> int:
    while (name := before[name]) in before:
        sequence -= 1
    return sequence


def has_tip(connection: Connection, log: int, run: Run) -> bool:
    """Whether the last entry of a run is here."""
    return connection.row(_HAS_TIP_SQL, (log, run.last, run.tip)) is not None


def leads_to(connection: Connection, log: int, run: Run, entry: EntryId) -> bool:
    """Whether the chain of a run leads to an entry, as far as it is here."""
    values = log, run.last, run.tip, run.first, entry
    return connection.row(_CHAIN_SQL, values) is not None
