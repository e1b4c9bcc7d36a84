"""About how much disk an entry takes: more than its parts, and much more for some."""

from __future__ import annotations

from crdt.entries.skeletons import Kind

ROW_BYTES = 512
"""Header, signature, ids and four indexes: 415 to 430 measured, 630 for who begins a log."""

WITHDRAWAL_FACTOR = 11
"""A withdrawal that names what is not here leaves a row for each target: 10.7 measured."""

# Parts of 10 kB leave a fourth of their last pages empty.
DISK_BYTES_SQL = (
    f"{ROW_BYTES} + size * 5 / 4"
    f" + CASE kind WHEN {int(Kind.WITHDRAWAL)} THEN size * {WITHDRAWAL_FACTOR - 1} ELSE 0 END"
)


def disk_bytes(part_bytes: int, kind: int | None) -> int:
    """Tell about how much disk an entry takes, as `Logs.sizes` adds it up."""
    more = part_bytes * (WITHDRAWAL_FACTOR - 1) if kind == Kind.WITHDRAWAL else 0
    return ROW_BYTES + part_bytes * 5 // 4 + more
