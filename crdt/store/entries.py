"""Putting entries into a store, and reading them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.entries.entry import SignedEntry, VerifiedEntry, decode_header, encode_entry
from crdt.errors import AmbiguousId, UnknownEntry
from crdt.ids import ID_BYTES, DocumentId, EntryId, EpochId, LogId, SpaceId, checked_prefix
from crdt.store.begun_count import BegunCount
from crdt.store.erasures import ASIDE, IN_THE_SET, state_of
from crdt.store.order import sending_order
from crdt.store.rows import Put, StoredEntry

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator

    from crdt.store.connection import Connection, Row
    from crdt.store.erasures import ErasureTable
    from crdt.store.logs import LogTable
    from crdt.store.spaces import SpaceTable

_EMPTY = 0
_PAGE_ROWS = 128
"""Read at a time: at most 7 MB of the largest entries."""

_SELECT = (
    "SELECT e.number, e.id, e.header, e.signature, e.skeleton, s.part, e.content, c.part,"
    " e.kind, e.document, e.withdrawn FROM entries e"
    " LEFT JOIN bodies s ON s.number = e.skeleton LEFT JOIN bodies c ON c.number = e.content"
)
_SEALED_WITH = "substr(e.header, 107, 16) <> zeroblob(16) AND substr(e.header, 107, 16) = ?"
_ANY_SPACE = "e.space IN (SELECT number FROM spaces)"


class EntryTable:
    """See `crdt.store.port.Entries`."""

    def __init__(
        self, connection: Connection, spaces: SpaceTable, logs: LogTable, erasures: ErasureTable
    ) -> None:
        self._connection = connection
        self._spaces = spaces
        self._logs = logs
        self._erasures = erasures
        self._interpreted_late = 0
        self._begun = BegunCount(connection)

    def put(
        self, entry: VerifiedEntry, kind: int | None = None, document: DocumentId | None = None
    ) -> Put:
        """Keep a proven entry; doing so twice is the same as once."""
        header = entry.header
        space = self._spaces.number_of(header.space)
        known = self._connection.row(
            "SELECT number, state, withdrawn, skeleton, content FROM entries"
            " WHERE space = ? AND id = ?",
            (space, entry.id),
        )
        if known is not None:
            return self._complete(entry, space, *known)
        log = self._logs.open(header.log, space)
        withdrawn = self._erasures.meet(entry.id, space, log.number, header.priority)
        skeleton = self._keep(entry.skeleton) if withdrawn < 2 else None
        content = self._keep(_content_of(entry)) if withdrawn < 1 else None
        if skeleton is None:
            kind = document = None  # what it said is gone, or was never here
        state = state_of(withdrawn, skeleton, content)
        is_fork = self._logs.check_chain(log, entry.id, header)
        self._connection.write(
            "INSERT INTO entries (id, space, log, sequence, priority, size, state, withdrawn,"
            " kind, document, header, signature, skeleton, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.id,
                space,
                log.number,
                header.sequence,
                int(header.priority),
                header.skeleton_bytes + header.content_bytes,
                state,
                withdrawn,
                kind,
                document,
                entry.raw_header,
                entry.signature,
                skeleton,
                content,
            ),
        )
        if state == ASIDE:
            return Put.ASIDE
        self._spaces.enter(space, entry.id)
        self._logs.enter(log, header.sequence)
        if is_fork:
            return Put.FORKED
        return Put.REFUSED if withdrawn else Put.NEW

    def interpret(self, entry: EntryId, kind: int, document: DocumentId | None) -> None:
        """Note what an entry is."""
        self._interpreted_late += 1
        self._connection.write(
            "UPDATE entries AS e SET kind = ?, document = ?"  # noqa: S608
            f" WHERE {_ANY_SPACE} AND id = ?",
            (kind, document, entry),
        )

    def get(self, entry: EntryId) -> StoredEntry | None:
        """Return an entry, in the set or aside, or None."""
        row = self._connection.row(f"{_SELECT} WHERE {_ANY_SPACE} AND e.id = ?", (entry,))
        return None if row is None else _stored(row)

    def has(self, entry: EntryId) -> bool:
        """Tell whether an entry is in the set of its space."""
        sql = f"SELECT state FROM entries e WHERE {_ANY_SPACE} AND id = ?"  # noqa: S608
        return self._connection.row(sql, (entry,)) == (IN_THE_SET,)

    def find(self, prefix: str) -> EntryId:
        """Find the one entry whose id begins with these hexadecimal letters."""
        wanted = checked_prefix(prefix)
        lowest, highest = (bytes.fromhex(wanted.ljust(2 * ID_BYTES, fill)) for fill in "0f")
        found = self._connection.rows(
            f"SELECT id FROM entries e WHERE {_ANY_SPACE} AND id BETWEEN ? AND ? LIMIT 2",  # noqa: S608
            (lowest, highest),
        )
        if not found:
            raise UnknownEntry(prefix)
        if len(found) > 1:
            raise AmbiguousId(prefix)
        return EntryId(found[0][0])

    def control(self, space: SpaceId) -> Iterator[StoredEntry]:
        """Give the control entries of a space in the order of receipt."""
        where = "e.space = ? AND e.kind <= 31 AND e.state = 1"
        return self._walk(where, self._spaces.number_of(space))

    def of_document(
        self, document: DocumentId, *, with_aside: bool = False
    ) -> Iterator[StoredEntry]:
        """Give the edits of a document in the order of receipt."""
        return self._walk("e.document = ? AND e.state >= ?", document, 0 if with_aside else 1)

    def documents(self, space: SpaceId) -> Iterator[DocumentId]:
        """Give every document of a space whose first edit is here, in the order of receipt."""
        number, home = 0, self._spaces.number_of(space)
        while rows := self._connection.rows(
            "SELECT number, id FROM entries WHERE space = ? AND document = id AND state = 1"
            " AND number > ? ORDER BY number LIMIT 1000",
            (home, number),
        ):
            for _, document in rows:
                yield document
            number = rows[-1][0]

    def edited_since(self, number: int, most: int) -> list[tuple[int, DocumentId]]:
        """Return the first edits received after a number, as number and document; -1: all."""
        rows = self._connection.rows(
            "SELECT number, document FROM entries WHERE number > ? AND document IS NOT NULL"
            " ORDER BY number LIMIT ?",
            (number, most),
        )
        return [(row[0], DocumentId(row[1])) for row in rows]

    def begun_since(self, number: int, by_others_than: Iterable[LogId]) -> int:
        """Count the documents that were begun, by other logs, after a number was given out."""
        changes = self._erasures.carried_out + self._interpreted_late
        return self._begun.count(number, tuple(by_others_than), changes)

    def documents_of_log(self, log: LogId) -> Iterator[DocumentId]:
        """Give every document that an entry signed with a log's key edits, once each."""
        last = b""
        while rows := self._connection.rows(
            "SELECT DISTINCT document FROM entries"
            " WHERE log IN (SELECT number FROM logs WHERE log = ?) AND document > ?"
            " ORDER BY document LIMIT 1000",
            (log, last),
        ):
            for (document,) in rows:
                yield document
            last = rows[-1][0]

    def unopened(self, space: SpaceId, epoch: EpochId) -> Iterator[StoredEntry]:
        """Give the entries sealed with an epoch that nobody has interpreted yet."""
        home = self._spaces.number_of(space)
        return self._walk(f"e.space = ? AND {_SEALED_WITH} AND e.kind IS NULL", home, epoch)

    def first_of_each_log(self, space: SpaceId, epoch: EpochId) -> Iterator[StoredEntry]:
        """Give, of every log, the first entry in the set that is sealed with an epoch."""
        firsts = self._connection.rows(
            "SELECT e.number, min(e.sequence) FROM entries e"  # noqa: S608
            f" WHERE e.space = ? AND {_SEALED_WITH} AND e.state = 1 GROUP BY e.log",
            (self._spaces.number_of(space), epoch),
        )
        for number, _ in firsts:
            row = self._connection.row(f"{_SELECT} WHERE e.number = ?", (number,))
            if row is not None:
                yield _stored(row)

    def since(self, space: SpaceId, number: int) -> Iterator[StoredEntry]:
        """Give what is in the set and was received after a number, in that order."""
        home = self._spaces.number_of(space)
        return self._walk("e.space = ? AND e.state = 1", home, after=number)

    def ids(self, space: SpaceId) -> Iterator[tuple[EntryId, int]]:
        """Give id and number of everything in the set."""
        home, last = self._spaces.number_of(space), b""
        while rows := self._connection.rows(
            "SELECT id, number FROM entries WHERE space = ? AND id > ? AND state = 1"
            " ORDER BY id LIMIT 4096",
            (home, last),
        ):
            yield from rows
            last = rows[-1][0]

    def places(self, space: SpaceId) -> Iterator[tuple[int, LogId, int]]:
        """Give number, log and sequence number of everything in the set."""
        home, last = self._spaces.number_of(space), 0
        while rows := self._connection.rows(
            "SELECT entries.number, logs.log, sequence FROM entries"
            " JOIN logs ON logs.number = entries.log WHERE entries.space = ? AND state = 1"
            " AND entries.number > ? ORDER BY entries.number LIMIT 1000",
            (home, last),
        ):
            yield from rows
            last = rows[-1][0]

    def newest(self) -> int:
        """Return the highest number given out so far, 0 for none."""
        row = self._connection.row("SELECT max(number) FROM entries")
        return row[0] or 0 if row else 0

    def sending_order(
        self, space: SpaceId, numbers: array[int] | None, max_priority: int
    ) -> Iterator[tuple[int, array[int]]]:
        """Order entries for sending."""
        home = self._spaces.number_of(space)
        return sending_order(self._connection, home, numbers, max_priority)

    def wires(self, numbers: Iterable[int]) -> list[bytes]:
        """Return entries as frames carry them."""
        found = []
        for number in numbers:
            row = self._connection.row(f"{_SELECT} WHERE e.number = ?", (number,))
            if row is not None:
                _, _, header, signature, *parts = row[:8]
                found.append(encode_entry(SignedEntry(header, signature, *_parts(*parts))))
        return found

    def _complete(
        self,
        entry: VerifiedEntry,
        space: int,
        number: int,
        state: int,
        withdrawn: int,
        skeleton: int | None,
        content: int | None,
    ) -> Put:
        before = skeleton, content
        if skeleton is None and withdrawn < 2:
            skeleton = self._keep(entry.skeleton)
        if content is None and withdrawn < 1:
            content = self._keep(_content_of(entry))
        if (skeleton, content) == before:
            return Put.KNOWN
        new_state = state_of(withdrawn, skeleton, content)
        self._connection.write(
            "UPDATE entries SET skeleton = ?, content = ?, state = ? WHERE number = ?",
            (skeleton, content, new_state, number),
        )
        if new_state == ASIDE:
            return Put.ASIDE
        if state == ASIDE:
            self._spaces.enter(space, entry.id)
            self._logs.enter(self._logs.open(entry.header.log, space), entry.header.sequence)
        return Put.RESTORED

    def _keep(self, part: bytes | None) -> int | None:
        if not part:
            return None if part is None else _EMPTY
        return self._connection.insert("INSERT INTO bodies (part) VALUES (?)", (part,))

    def _walk(self, where: str, *parameters: object, after: int = 0) -> Iterator[StoredEntry]:
        sql = f"{_SELECT} WHERE {where} AND e.number > ? ORDER BY e.number LIMIT {_PAGE_ROWS}"
        while rows := self._connection.rows(sql, (*parameters, after)):
            for row in rows:
                yield _stored(row)
            after = rows[-1][0]


def _content_of(entry: VerifiedEntry) -> bytes | None:
    """A content of no bytes is known, even if the peer left it out."""
    return entry.content if entry.header.content_bytes else b""


def _stored(row: Row) -> StoredEntry:
    number, name, raw, signature, *parts, kind, document, withdrawn = row
    header = decode_header(raw)
    entry = VerifiedEntry(name, header, raw, signature, *_parts(*parts))
    return StoredEntry(number, entry, kind, document, bool(withdrawn))


def _parts(
    skeleton: int | None, skeleton_part: bytes | None, content: int | None, part: bytes | None
) -> tuple[bytes | None, bytes | None]:
    return (
        b"" if skeleton == _EMPTY else skeleton_part,
        b"" if content == _EMPTY else part,
    )
