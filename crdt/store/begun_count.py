"""How many documents others began since somebody last looked: asked for at every refresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crdt.ids import LogId
    from crdt.store.connection import Connection

Asked = tuple[int, tuple["LogId", ...], int]


@dataclass(frozen=True, slots=True)
class _Counted:
    asked: Asked
    up_to: int
    count: int


class BegunCount:
    """Counts, each time only what came since the last.

    Args:
        connection: Of the store.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: _Counted | None = None
        connection.after_rollback.append(self._forget)

    def count(self, number: int, by_others_than: tuple[LogId, ...], changes: int) -> int:
        """Count the documents that were begun, by other logs, after a number was given out.

        Args:
            number: See there.
            by_others_than: Logs that do not count.
            changes: Another number whenever older entries changed.
        """
        asked: Asked = (number, by_others_than, changes)
        row = self._connection.row("SELECT max(number) FROM entries")
        newest = row[0] or 0 if row else 0
        last = self._last
        count, up_to = (last.count, last.up_to) if last and last.asked == asked else (0, number)
        if up_to < newest:
            count += self._between(up_to, newest, by_others_than)
        self._last = _Counted(asked, newest, count)
        return count

    def _between(self, after: int, up_to: int, by_others_than: tuple[LogId, ...]) -> int:
        marks = ", ".join("?" * len(by_others_than))
        row = self._connection.row(
            "SELECT count(*) FROM entries WHERE document = id AND number > ? AND number <= ?"  # noqa: S608
            f" AND withdrawn = 0 AND log NOT IN (SELECT number FROM logs WHERE log IN ({marks}))",
            (after, up_to, *by_others_than),
        )
        return row[0] if row else 0

    def _forget(self) -> None:
        self._last = None
