"""What strangers may make this node keep: little, so that nobody fills its disk.

Anybody may sign entries for a commons whose id they know. What they write has no
effect, but it is kept and passed on, because a grant may come later. So it is
bounded, per log and per space. Whoever was ever let in is no stranger: the words of
those who left stand, and must reach everybody who comes later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.errors import QuotaSpent

if TYPE_CHECKING:
    from crdt.entries.entry import Header, VerifiedEntry
    from crdt.ids import LogId, SpaceId
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.interpreter import Interpreter
    from crdt.store.port import Store

MAX_LOG_BYTES = 64 * 1024
"""Of one log: a certificate, joins and a first few pages, until a grant comes."""

MAX_SPACE_BYTES = 8 * 1024 * 1024
"""Of all such logs of a space together; they count until the next start, also once let in."""


class Quota:
    """Counts what strangers have left here.

    Args:
        store: Counted once per space, when the first such entry comes.
        interpreter: Knows who writes which log.
    """

    def __init__(self, store: Store, interpreter: Interpreter) -> None:
        self._store = store
        self._interpreter = interpreter
        self._by_log: dict[SpaceId, dict[LogId, int]] = {}

    def check(self, held: HeldSpace, entry: VerifiedEntry) -> None:
        """Make sure that there is room for an entry, if it is not here yet.

        Raises:
            QuotaSpent: Its author was never let in, and has left, or all such have, enough.
        """
        header = entry.header
        if self._is_members(held, header.log):
            return
        if self._store.entries.has(entry.id):
            return
        counted = self._counted(held)
        size = header.skeleton_bytes + header.content_bytes
        if counted.get(header.log, 0) + size > MAX_LOG_BYTES:
            raise QuotaSpent(f"{MAX_LOG_BYTES >> 10} kB from one log")
        if sum(counted.values()) + size > MAX_SPACE_BYTES:
            raise QuotaSpent(f"{MAX_SPACE_BYTES >> 20} MB in one space")

    def count(self, held: HeldSpace, header: Header) -> None:
        """Count an entry that was kept."""
        counted = self._by_log.get(held.space)
        if counted is None or self._is_members(held, header.log):
            return
        size = header.skeleton_bytes + header.content_bytes
        counted[header.log] = counted.get(header.log, 0) + size

    def _is_members(self, held: HeldSpace, log: LogId) -> bool:
        """Whether a log is somebody's who was ever let in: what they wrote may have effect."""
        if held.access is None or (held.keyring is not None and not held.keyring.keys):
            # Who holds only a ticket cannot tell yet who is a member.
            return True
        authors, access = self._interpreter.writers.all_of((held.space, log)), held.access
        return any(access.ever_had_role(author) for author in authors)

    def _counted(self, held: HeldSpace) -> dict[LogId, int]:
        counted = self._by_log.get(held.space)
        if counted is None:
            sizes = self._store.logs.sizes(held.space)
            counted = self._by_log[held.space] = {
                log: size for log, size in sizes.items() if not self._is_members(held, log)
            }
        return counted
