"""In which order the entries of a space are sent."""

from __future__ import annotations

from array import array
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crdt.store.connection import Connection, Row

_PAGE_ROWS = 500
_COLUMNS = "SELECT number, priority, log, sequence, size FROM entries"


def sending_order(
    connection: Connection, space: int, numbers: array[int] | None, max_priority: int
) -> Iterator[tuple[int, array[int]]]:
    """Order entries: by priority; then the newest of each log, the second newest, and so on.

    The older half of one busy log never makes another log's news wait; of each
    round the small entries go first.
    """
    rows = _all(connection, space) if numbers is None else _these(connection, numbers)
    wanted = sorted(
        ((priority, log, -sequence, size, number) for number, priority, log, sequence, size in rows)
    )
    for priority, urgent in groupby(wanted, key=itemgetter(0)):
        if priority > max_priority:
            return
        turns = [
            (turn, size, number)
            for _, of_log in groupby(urgent, key=itemgetter(1))
            for turn, (_, _, _, size, number) in enumerate(of_log)
        ]
        turns.sort()
        yield priority, array("q", (number for _, _, number in turns))


def _all(connection: Connection, space: int) -> Iterable[Row]:
    last = 0
    while rows := connection.rows(
        f"{_COLUMNS} WHERE space = ? AND state = 1 AND number > ?"
        f" ORDER BY number LIMIT {_PAGE_ROWS}",
        (space, last),
    ):
        yield from rows
        last = rows[-1][0]


def _these(connection: Connection, numbers: array[int]) -> Iterable[Row]:
    for start in range(0, len(numbers), _PAGE_ROWS):
        page = numbers[start : start + _PAGE_ROWS]
        places = ",".join("?" * len(page))
        yield from connection.rows(f"{_COLUMNS} WHERE number IN ({places})", page)
