"""Withdrawals, as far as they concern what a store keeps.

    awaited ──target comes──► here ──its log's owner known, and fits──► erased ──checkpoint──► off
                                                                                         the disk

A withdrawal waits for its target as long as needed; one whose owner does not
fit waits for ever, without effect. While its target is here, words are on the
disk that it names, and it is not finished, whoever keeps the certificate back.
Parts are overwritten in place with zeros (`crdt.store.schema` says why they are
not deleted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.entries.entry import Priority
from crdt.errors import TooLarge
from crdt.store.port import MAX_AWAITED
from crdt.store.rows import Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.ids import EntryId, LogId, Pseudonym, SpaceId
    from crdt.store.caches import DocumentTable
    from crdt.store.connection import Connection
    from crdt.store.logs import LogTable
    from crdt.store.spaces import SpaceTable

ASIDE, IN_THE_SET = 0, 1
_CONTENT, _BOTH = 1, 2
_AWAITED, _HERE, _ERASED, _OFF_THE_DISK = 0, 1, 2, 3
_FITS = (
    "(owner IS NULL OR owner IN (SELECT pseudonym FROM certificates WHERE certificates.log = ?))"
)


class ErasureTable:
    """See `crdt.store.port.Erasures`."""

    def __init__(
        self, connection: Connection, spaces: SpaceTable, logs: LogTable, documents: DocumentTable
    ) -> None:
        self._connection = connection
        self._spaces = spaces
        self._logs = logs
        self._documents = documents
        self.carried_out = 0
        """How often something was erased since the store was opened."""

    def erase(
        self,
        targets: Iterable[EntryId],
        *,
        by: EntryId,
        space: SpaceId,
        owner: Pseudonym | None,
        skeletons: bool,
    ) -> tuple[EntryId, ...]:
        """Erase entries, now or as soon as they and their log's certificate are here."""
        home = self._spaces.number_of(space)
        wanted = tuple(targets)
        self._check_room(home, owner, len(wanted))
        level = _BOTH if skeletons else _CONTENT
        for target in wanted:
            self._connection.write(
                "INSERT INTO erasures (target, withdrawal, space, owner, level, state)"
                " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (target, withdrawal) DO UPDATE SET"
                " level = CASE WHEN excluded.owner IS NULL AND owner IS NOT NULL"
                " THEN excluded.level ELSE max(level, excluded.level) END,"
                " owner = CASE WHEN excluded.owner IS NULL THEN NULL ELSE owner END",
                (target, by, home, owner, level),
            )
        return tuple(target for target in wanted if self._carry_out(target, home))

    def name_log(
        self, space: SpaceId, log: LogId, certificate: EntryId, pseudonym: Pseudonym
    ) -> tuple[EntryId, ...]:
        """Note who writes a log, and carry out what waited for it."""
        home = self._spaces.number_of(space)
        opened = self._logs.open(log, home)
        if not self._logs.certify(opened, certificate, pseudonym):
            return ()
        waiting = self._connection.rows(
            "SELECT DISTINCT target FROM erasures JOIN entries ON entries.id = target"
            " AND entries.space = erasures.space WHERE erasures.space = ?"
            " AND erasures.state < 2 AND owner = ? AND entries.log = ?",
            (home, pseudonym, opened.number),
        )
        return tuple(target for (target,) in waiting if self._carry_out(target, home))

    def withdrawn_by(self, entry: EntryId) -> tuple[EntryId, ...]:
        """Return the withdrawals that took parts of an entry."""
        sql = "SELECT withdrawal FROM erasures WHERE target = ? AND state > 1 ORDER BY withdrawal"
        return tuple(row[0] for row in self._connection.rows(sql, (entry,)))

    def unfinished(self, space: SpaceId) -> tuple[Unfinished, ...]:
        """Return withdrawals that name words which may still be on the disk."""
        rows = self._connection.rows(
            "SELECT DISTINCT withdrawal, logs.log, e.sequence FROM erasures"
            " JOIN entries e ON e.space = erasures.space AND e.id = withdrawal"
            " JOIN logs ON logs.number = e.log"
            " WHERE erasures.space = ? AND erasures.state < 3 AND erasures.state > 0",
            (self._spaces.number_of(space),),
        )
        return tuple(Unfinished(name, (space, log), sequence) for name, log, sequence in rows)

    def needs_checkpoint(self, space: SpaceId) -> bool:
        """Tell whether something was erased that may still be in the journal."""
        sql = "SELECT 1 FROM erasures WHERE space = ? AND state = 2 AND state < 3 LIMIT 1"
        return self._connection.row(sql, (self._spaces.number_of(space),)) is not None

    def finish(self) -> None:
        """Note that everything erased so far is off the disk."""
        if self._connection.row("SELECT 1 FROM erasures WHERE state = 2 LIMIT 1"):
            with self._connection.writing():
                self._connection.write("UPDATE erasures SET state = 3 WHERE state = 2")

    def meet(self, target: EntryId, space: int, log: int, priority: int) -> int:
        """Tell what withdrawals already took of an entry that is just coming in.

        Returns:
            0: nothing, 1: its content, 2: both parts.
        """
        sql = "SELECT 1 FROM erasures WHERE target = ? AND space = ? LIMIT 1"
        if self._connection.row(sql, (target, space)) is None:
            return 0
        level = self._level(target, space, log, priority)
        self._settle(target, space, log, _OFF_THE_DISK)
        self._note_here(target, space)
        return level

    def _carry_out(self, target: EntryId, space: int) -> bool:
        row = self._connection.row(
            "SELECT e.number, e.state, e.withdrawn, e.skeleton, e.content, e.sequence,"
            " logs.log, e.document, e.priority FROM entries e JOIN logs ON logs.number = e.log"
            " WHERE e.space = ? AND e.id = ?",
            (space, target),
        )
        if row is None:
            return False
        number, state, withdrawn, skeleton, content, sequence, log_id, document, priority = row
        log = self._logs.open(log_id, space)
        level = self._level(target, space, log.number, priority)
        self._settle(target, space, log.number, _ERASED)
        self._note_here(target, space)
        if level <= withdrawn:
            return False
        if document is not None:
            self._documents.drop(document)
        self.carried_out += 1
        self._zero(content)
        if level == _BOTH:
            self._zero(skeleton)
            skeleton = None
        new_state = state_of(level, skeleton, None)
        self._connection.write(
            "UPDATE entries SET withdrawn = ?, state = ?, skeleton = ?, content = NULL"
            " WHERE number = ?",
            (level, new_state, skeleton, number),
        )
        if (state, new_state) == (ASIDE, IN_THE_SET):
            self._spaces.enter(space, target)
            self._logs.enter(log, sequence)
        return True

    def _zero(self, body: int | None) -> None:
        sql = "UPDATE bodies SET part = zeroblob(length(part)) WHERE number = ?"
        if body:
            self._connection.write(sql, (body,))

    def _level(self, target: EntryId, space: int, log: int, priority: int) -> int:
        row = self._connection.row(
            f"SELECT max(level) FROM erasures WHERE target = ? AND space = ? AND {_FITS}",  # noqa: S608
            (target, space, log),
        )
        level = row[0] or 0 if row else 0
        # Rights and keys of others rest on urgent skeletons: those stay (`crdt.entries.opening`).
        return min(level, _CONTENT) if priority == Priority.URGENT else level

    def _settle(self, target: EntryId, space: int, log: int, state: int) -> None:
        self._connection.write(
            "UPDATE erasures SET state = ? WHERE target = ? AND space = ? AND state < ?"  # noqa: S608
            f" AND {_FITS}",
            (state, target, space, state, log),
        )

    def _note_here(self, target: EntryId, space: int) -> None:
        """Note that a target came whose log does not fit those who withdrew it, or not yet."""
        sql = "UPDATE erasures SET state = ? WHERE target = ? AND space = ? AND state = ?"
        self._connection.write(sql, (_HERE, target, space, _AWAITED))

    def _check_room(self, space: int, owner: Pseudonym | None, more: int) -> None:
        """Bound what waits for one owner: who names what never comes harms nobody else."""
        row = self._connection.row(
            "SELECT count(*) FROM (SELECT 1 FROM erasures"
            " WHERE space = ? AND owner IS ? AND state < 2 LIMIT ?)",
            (space, owner, MAX_AWAITED),
        )
        if row is not None and row[0] + more > MAX_AWAITED:
            raise TooLarge("too many withdrawn ids are waited for")


def state_of(withdrawn: int, skeleton: int | None, content: int | None) -> int:
    """Tell whether an entry belongs to the set: whole but for what was withdrawn."""
    is_explained = (skeleton is not None or withdrawn == 2) and (content is not None or withdrawn)
    return IN_THE_SET if is_explained else ASIDE
