"""What strangers may make this node keep: little, so that nobody fills its disk.

Anybody may sign entries for a commons whose id they know. What they write has no
effect, but it is kept and passed on, because a grant may come later. So it is
bounded. Whoever was ever let in is no stranger: the words of those who left stand,
and must reach everybody who comes later.

    log, by its certificate          room
    ───────────────────────────────────────────────────────────────────────
    of somebody who was ever let in  no bound
    of a stranger                    a little each, and a little for all together
    not here yet                     less, but of its own: the newest entry comes first
    of whoever redeems a ticket      certificate and join: by what the ticket serves

No room is taken from another, so that strangers who fill theirs shut nobody out. A
log moves with what is known of it: rooms are counted anew when one seems full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.certificates import check_certificate
from crdt.entries.opening import Opened, open_entry
from crdt.entries.skeletons import Certificate, Join
from crdt.errors import BadCertificate, QuotaSpent
from crdt.rights.authority import proves_invitation
from crdt.store.disk import disk_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.entries.entry import Header, VerifiedEntry
    from crdt.ids import LogId, Pseudonym, SpaceId
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.interpreter import Interpreter
    from crdt.rights.access import Access, OpenInvite
    from crdt.store.port import Store

MAX_LOG_BYTES = 64 * 1024
"""Of one stranger's log on the disk: a certificate, joins, some pages, until a grant comes."""

MAX_SPACE_BYTES = 8 * 1024 * 1024
"""Of all strangers' logs of a space together."""

MAX_NAMELESS_BYTES = 1024 * 1024
"""Of all logs of a space whose certificates are not here: most come within the same meeting."""

MAX_LOGS = 256
"""Strangers' logs of a space: each costs every receipt some 40 bytes, of 48 KiB."""

MAX_NAMELESS_LOGS = 128
"""Logs of a space whose certificates are not here."""

SPARE_JOINS = 16
"""People who may redeem a ticket beyond its uses: of several, the rules decide later."""

_MAX_REMEMBERED = 4096
"""Certificates without a join that are remembered, until it comes as well."""

_State = tuple["Access | None", int]
"""The rules of a space, and the version that they had."""


@dataclass(slots=True)
class _Left:
    """What strangers have left in a space, by log, as of some state of its rules."""

    state: _State
    named: dict[LogId, int]
    nameless: dict[LogId, int]

    def has_room(self, log: LogId, size: int, *, is_named: bool) -> bool:
        """Whether there is room for an entry of a log, that may be its certificate."""
        if is_named or log in self.named:
            moved = size + self.nameless.get(log, 0)
            fits_log = self.named.get(log, 0) + moved <= MAX_LOG_BYTES
            fits_logs = log in self.named or len(self.named) < MAX_LOGS
            fits_space = sum(self.named.values()) + moved <= MAX_SPACE_BYTES
            return fits_log and fits_logs and fits_space
        fits_logs = log in self.nameless or len(self.nameless) < MAX_NAMELESS_LOGS
        return fits_logs and sum(self.nameless.values()) + size <= MAX_NAMELESS_BYTES

    def add(self, log: LogId, size: int, *, is_named: bool) -> None:
        """Count what was kept."""
        if is_named:
            self.named[log] = self.named.get(log, 0) + self.nameless.pop(log, 0) + size
        else:
            self.nameless[log] = self.nameless.get(log, 0) + size

    def drop(self, log: LogId) -> None:
        """Count a log no more: it turned out to be a member's."""
        self.named.pop(log, None)
        self.nameless.pop(log, None)


class Quota:
    """Counts what strangers have left here.

    Args:
        store: Counted once per space, when the first such entry comes, and when it seems full.
        interpreter: Knows who writes which log.
    """

    def __init__(self, store: Store, interpreter: Interpreter) -> None:
        self._store = store
        self._interpreter = interpreter
        self._left: dict[SpaceId, _Left] = {}
        self._invites: dict[SpaceId, tuple[_State, dict[bytes, OpenInvite]]] = {}
        self._remembered: dict[LogId, Pseudonym] = {}
        """Who certified logs for which there was no room: their joins may come next."""
        self._let_in: dict[tuple[SpaceId, bytes], int] = {}
        """Entries that were kept because of an invite, since the start."""

    def forget(self) -> None:
        """Count anew: what was counted last may not have been kept."""
        self._left.clear()

    def check(self, held: HeldSpace, entry: VerifiedEntry, opened: Opened | None) -> int:
        """Make sure that there is room for an entry, if it is not here yet.

        Returns:
            What to count once it was kept, in bytes.

        Raises:
            QuotaSpent: Its author was never let in, and has left, or all such have, enough.
        """
        header = entry.header
        if self._is_members(held, header.log) or self._store.entries.get(entry.id) is not None:
            return 0
        author, size = _certified(header, opened), _size(header, opened)
        if author is not None and held.access and held.access.ever_had_role(author):
            return size
        if not self._has_room(held, header.log, size, is_named=author is not None):
            self._check_ticket(held, header.log, opened, author)
        return size

    def count(self, held: HeldSpace, log: LogId, size: int) -> None:
        """Count an entry that was kept."""
        left = self._left.get(held.space)
        if left is None or not size:
            return
        if self._is_members(held, log):
            left.drop(log)
        else:
            left.add(log, size, is_named=self._is_named(held, log))

    def _is_members(self, held: HeldSpace, log: LogId) -> bool:
        """Whether a log is somebody's who was ever let in: what they wrote may have effect."""
        if held.access is None or (held.keyring is not None and not held.keyring.keys):
            # Who holds only a ticket cannot tell yet who is a member.
            return True
        authors, access = self._interpreter.writers.all_of((held.space, log)), held.access
        return any(access.ever_had_role(author) for author in authors)

    def _is_named(self, held: HeldSpace, log: LogId) -> bool:
        return bool(self._interpreter.writers.all_of((held.space, log)))

    # --- rooms -------------------------------------------------------------------------

    def _has_room(self, held: HeldSpace, log: LogId, size: int, *, is_named: bool) -> bool:
        left = self._left.get(held.space)
        if left is not None and left.has_room(log, size, is_named=is_named):
            return True
        if left is None or left.state != _state(held):
            left = self._left[held.space] = self._counted(held)
        return left.has_room(log, size, is_named=is_named)

    def _counted(self, held: HeldSpace) -> _Left:
        left = _Left(_state(held), {}, {})
        for log, size in self._store.logs.sizes(held.space).items():
            if not self._is_members(held, log):
                left.add(log, size, is_named=self._is_named(held, log))
        return left

    # --- tickets -----------------------------------------------------------------------

    def _check_ticket(
        self, held: HeldSpace, log: LogId, opened: Opened | None, author: Pseudonym | None
    ) -> None:
        """Make sure that an entry is the certificate or the join of whoever redeems a ticket.

        Either tells only together with the other, and they may come in any order, also
        when there is no room for the first: then it comes again, and the other is known.
        """
        if author is not None:
            self._remember(log, author)
            join, authors = self._second(held, log), [author]
        else:
            join = opened.skeleton if opened else None
            known = self._interpreter.writers.all_of((held.space, log))
            authors = [*known] or [who for who in [self._remembered.get(log)] if who]
        if isinstance(join, Join) and self._is_invited(held, join, authors):
            return
        raise QuotaSpent(f"{MAX_LOG_BYTES >> 10} kB of one log, {MAX_SPACE_BYTES >> 20} MB of all")

    def _remember(self, log: LogId, author: Pseudonym) -> None:
        self._remembered[log] = author
        if len(self._remembered) > _MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    def _second(self, held: HeldSpace, log: LogId) -> object:
        """What the second entry of a log says, where a join stands."""
        second = self._store.logs.entry_at(held.space, log, 2)
        stored = self._store.entries.get(second) if second else None
        opened = open_entry(stored.entry, held.keyring) if stored else None
        return opened.skeleton if opened else None

    def _is_invited(self, held: HeldSpace, join: Join, authors: Iterable[Pseudonym]) -> bool:
        """Whether a ticket in force lets somebody join, who has not yet; takes of its room."""
        invite, place = self._invite(held, join.invite), (held.space, join.invite)
        if invite is None or join.stamp_ms > invite.expires_ms:
            return False
        let_in, most = self._let_in.get(place, 0), invite.uses + SPARE_JOINS
        if let_in >= 2 * most or len(invite.joined) >= most:
            return False
        if not any(
            author not in invite.joined and proves_invitation(held.space, join, author)
            for author in authors
        ):
            return False
        self._let_in[place] = let_in + 1
        return True

    def _invite(self, held: HeldSpace, key: bytes) -> OpenInvite | None:
        state, invites = self._invites.get(held.space, (None, {}))
        if state != _state(held):
            invites = {each.key: each for each in held.access.invites()} if held.access else {}
            self._invites[held.space] = _state(held), invites
        return invites.get(key)


def _state(held: HeldSpace) -> _State:
    return held.access, held.access.version if held.access else 0


def _size(header: Header, opened: Opened | None) -> int:
    parts = header.skeleton_bytes + header.content_bytes
    return disk_bytes(parts, opened.kind if opened else None)


def _certified(header: Header, opened: Opened | None) -> Pseudonym | None:
    """Who signed that a log is theirs, if an entry is its certificate."""
    if opened is None or not isinstance(opened.skeleton, Certificate):
        return None
    try:
        return check_certificate(header, opened.skeleton)
    except BadCertificate:
        return None
