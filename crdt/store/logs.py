"""The logs of a store: who writes them, how far they are here, where they fork."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.entries.authoring import Position
from crdt.entries.entry import MAX_SEQUENCE
from crdt.errors import LogForked
from crdt.ids import NO_ENTRY, EntryId, LogId, Pseudonym, SpaceId
from crdt.store.disk import DISK_BYTES_SQL
from crdt.store.rows import Fork, LogRow, Run
from crdt.store.runs import branches, has_tip, leads_to, lowest_fork, runs_below

if TYPE_CHECKING:
    from crdt.entries.entry import Header
    from crdt.store.connection import Connection
    from crdt.store.spaces import SpaceTable


@dataclass(slots=True)
class OpenLog:
    """A log while entries of it are being written."""

    number: int
    last: int
    contiguous: int
    is_changed: bool = False
    tip: EntryId | None = None
    """The entry with the highest number, if it was put just now and is the only one."""


class LogTable:
    """See `crdt.store.port.Logs`, but for `name`, which is the erasures' matter."""

    def __init__(self, connection: Connection, spaces: SpaceTable) -> None:
        self._connection = connection
        self._spaces = spaces
        self._open: dict[tuple[int, LogId], OpenLog] = {}
        connection.before_commit.append(self._write_open)
        connection.after_rollback.append(self._open.clear)

    def get(self, space: SpaceId, log: LogId) -> LogRow | None:
        """Return a log, or None when nothing of it is here."""
        found = self._select("logs.space = ? AND logs.log = ?", self._spaces.number_of(space), log)
        return found[0] if found else None

    def of_space(self, space: SpaceId) -> tuple[LogRow, ...]:
        """Return the logs of a space."""
        return self._select("logs.space = ?", self._spaces.number_of(space))

    def position(self, space: SpaceId, log: LogId) -> Position:
        """Tell where the next entry of our own log goes."""
        row = self._connection.row(
            "SELECT sequence, id, is_forked FROM logs JOIN entries ON entries.log = logs.number"
            " WHERE logs.log = ? AND logs.space = ? ORDER BY sequence DESC LIMIT 1",
            (log, self._spaces.number_of(space)),
        )
        if row is None:
            return Position(space, 1, NO_ENTRY)
        sequence, previous, is_forked = row
        if is_forked:
            raise LogForked(log.hex()[:12])
        return Position(space, sequence + 1, previous)

    def runs(self, space: SpaceId, log: LogId) -> tuple[Run, ...]:
        """Tell what of a log is in the set: lowest first; where it forks, each branch."""
        row = self._row(space, log)
        if row is None:
            return ()
        number, contiguous, is_forked = row
        fork = lowest_fork(self._connection, number) if is_forked else None
        end = MAX_SEQUENCE + 1 if fork is None else fork
        below = runs_below(self._connection, number, contiguous, end)
        return (*below, *(branches(self._connection, number, fork) if fork else ()))

    def leads_to(self, space: SpaceId, log: LogId, run: Run, entry: EntryId) -> bool:
        """Tell whether an entry that is here is one of a run that somebody else holds."""
        row = self._row(space, log)
        if row is None:
            return False
        number, contiguous, is_forked = row
        if is_forked or run.last > contiguous:
            return leads_to(self._connection, number, run, entry)
        return has_tip(self._connection, number, run)

    def is_certain(self, space: SpaceId, log: LogId, run: Run) -> bool:
        """Tell whether whatever is here with a number in a run is of that run."""
        row = self._row(space, log)
        return row is not None and not row[2] and has_tip(self._connection, row[0], run)

    def _row(self, space: SpaceId, log: LogId) -> tuple[int, int, bool] | None:
        self._write_open()
        row = self._connection.row(
            "SELECT number, contiguous, is_forked FROM logs WHERE log = ? AND space = ?",
            (log, self._spaces.number_of(space)),
        )
        return None if row is None else (row[0], row[1], bool(row[2]))

    def sizes(self, space: SpaceId) -> dict[LogId, int]:
        """Return about how many bytes of disk each log of a space takes."""
        rows = self._connection.rows(
            f"SELECT logs.log, sum({DISK_BYTES_SQL})"  # noqa: S608
            " FROM logs JOIN entries ON entries.log = logs.number"
            " WHERE logs.space = ? GROUP BY logs.number",
            (self._spaces.number_of(space),),
        )
        return dict(rows)

    def entry_at(self, space: SpaceId, log: LogId, sequence: int) -> EntryId | None:
        """Return the entry with a number, or None; of several the one with the lowest id."""
        row = self._connection.row(
            "SELECT min(entries.id) FROM entries JOIN logs ON logs.number = entries.log"
            " WHERE logs.log = ? AND logs.space = ? AND sequence = ?",
            (log, self._spaces.number_of(space), sequence),
        )
        return row[0] if row else None

    def tips(self, space: SpaceId, log: LogId) -> list[tuple[int, EntryId]]:
        """Give number and id of the last entry of each unbroken chain of a log."""
        row = self.get(space, log)
        if row is None or not row.contiguous:
            return []
        if not row.is_forked:
            last = self.entry_at(space, log, row.contiguous)
            return [(row.contiguous, last)] if last else []
        ends: dict[EntryId, int] = {}
        chained: set[EntryId] = set()
        for sequence, entry, previous in self._connection.rows(
            "SELECT sequence, entries.id, substr(header, 75, 32) FROM entries"
            " JOIN logs ON logs.number = entries.log WHERE logs.space = ? AND logs.log = ?"
            " AND state = 1 ORDER BY sequence",
            (self._spaces.number_of(space), log),
        ):
            if sequence == 1 or previous in chained:
                chained.add(entry)
                ends.pop(previous, None)
                ends[entry] = sequence
        return sorted(((number, entry) for entry, number in ends.items()), reverse=True)

    def forks(self, space: SpaceId) -> tuple[Fork, ...]:
        """Return what contradicts itself in a space."""
        rows = self._connection.rows(
            "SELECT logs.log, one, other FROM forks JOIN logs ON logs.number = forks.log"
            " WHERE logs.space = ? ORDER BY logs.number",
            (self._spaces.number_of(space),),
        )
        return tuple(Fork(*row) for row in rows)

    def open(self, log: LogId, space: int) -> OpenLog:
        """Return a log to write in, new or known."""
        opened = self._open.get((space, log))
        if opened is None:
            row = self._connection.row(
                "SELECT number, last, contiguous FROM logs WHERE log = ? AND space = ?",
                (log, space),
            )
            if row is None:
                sql = "INSERT INTO logs (log, space) VALUES (?, ?)"
                row = (self._connection.insert(sql, (log, space)), 0, 0)
            opened = self._open[space, log] = OpenLog(*row)
        return opened

    def enter(self, log: OpenLog, sequence: int) -> None:
        """Note that an entry of a log has just come into the set."""
        if sequence != log.contiguous + 1:
            return
        log.contiguous, log.is_changed = sequence, True
        if log.last <= sequence:
            return
        while self._connection.row(
            "SELECT 1 FROM entries WHERE log = ? AND sequence = ? AND state = 1",
            (log.number, log.contiguous + 1),
        ):
            log.contiguous += 1

    def check_chain(self, log: OpenLog, entry: EntryId, header: Header) -> bool:
        """Compare an entry that is not stored yet with its neighbours; mark a fork.

        Returns:
            Whether the entry contradicts another.
        """
        sequence = header.sequence
        follows = log.tip is not None and header.previous == log.tip
        if sequence > log.last + 1 or (sequence == log.last + 1 and follows):
            log.last, log.is_changed, log.tip = sequence, True, entry
            return False
        neighbours = self._connection.rows(
            "SELECT id, sequence, substr(header, 75, 32) FROM entries"
            " WHERE log = ? AND sequence BETWEEN ? AND ?",
            (log.number, sequence - 1, sequence + 1),
        )
        log.tip = entry if sequence > log.last else None
        if sequence > log.last:
            log.last, log.is_changed = sequence, True
        before = [name for name, number, _ in neighbours if number == sequence - 1]
        rivals = [name for name, number, _ in neighbours if number == sequence]
        after = [(name, previous) for name, number, previous in neighbours if number > sequence]
        if before and header.previous not in before:
            rivals.insert(0, before[0])  # the lowest number that is in doubt comes first
        explained = {entry, *rivals}
        rivals += [name for name, previous in after if previous not in explained]
        if rivals:
            # One proof for each entry: who writes a thousand with one number fills no table.
            self._mark(log, *sorted((entry, rivals[0])))
        return bool(rivals)

    def _mark(self, log: OpenLog, one: EntryId, other: EntryId) -> None:
        sql = "INSERT OR IGNORE INTO forks (log, one, other) VALUES (?, ?, ?)"
        self._connection.write(sql, (log.number, one, other))
        self._connection.write("UPDATE logs SET is_forked = 1 WHERE number = ?", (log.number,))

    def certify(self, log: OpenLog, certificate: EntryId, pseudonym: Pseudonym) -> bool:
        """Note who writes a log; returns whether somebody does now who did not before."""
        is_known = self._connection.row(
            "SELECT 1 FROM certificates WHERE log = ? AND pseudonym = ?", (log.number, pseudonym)
        )
        sql = "INSERT OR IGNORE INTO certificates (log, entry, pseudonym) VALUES (?, ?, ?)"
        self._connection.write(sql, (log.number, certificate, pseudonym))
        return is_known is None

    def _write_open(self) -> None:
        for log in self._open.values():
            if log.is_changed:
                self._connection.write(
                    "UPDATE logs SET last = ?, contiguous = ? WHERE number = ?",
                    (log.last, log.contiguous, log.number),
                )
        self._open.clear()

    def _select(self, which: str, *values: object) -> tuple[LogRow, ...]:
        self._write_open()
        rows = self._connection.rows(
            "SELECT logs.number, log, spaces.space, last, contiguous, is_forked FROM logs"  # noqa: S608
            f" JOIN spaces ON spaces.number = logs.space WHERE {which} ORDER BY logs.number",
            values,
        )
        certified: dict[int, dict[EntryId, Pseudonym]] = {}
        for number, entry, pseudonym in self._connection.rows(
            "SELECT certificates.log, entry, pseudonym FROM certificates"  # noqa: S608
            f" JOIN logs ON logs.number = certificates.log WHERE {which}",
            values,
        ):
            certified.setdefault(number, {})[entry] = pseudonym
        return tuple(
            LogRow(log, space, certified.get(number, {}), last, contiguous, bool(is_forked))
            for number, log, space, last, contiguous, is_forked in rows
        )
