"""By which tickets somebody may still have to be found: newest first, and not for ever.

    written ─ joined ─ let in ─ the guest's log is bound, with the space's key
    └──── open, until long after it expired ────┘└ used up, if for no more people

Who redeemed a ticket knows nothing else of `inner` until they hold its key. A binding is
sealed with it, so who bound the log that they joined with needs to be found no more.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from crdt.entries.skeletons import Invite, Join
from crdt.tickets import CLOSED_AFTER_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.ids import LogId, Pseudonym
    from crdt.replica.people import People
    from crdt.rights.access import Access, OpenInvite
    from crdt.rights.authority import ControlEntry


class _State(Enum):
    OPEN = auto()
    """Somebody may come with it, or came and lacks the key."""
    USED_UP = auto()
    """Whoever comes with it now copied it: that should become known, if there is room."""
    CLOSED = auto()


class OpenTickets:
    """The tickets of one `inner` space, by the keys of their invites."""

    def __init__(self) -> None:
        self._joins: dict[bytes, list[tuple[Pseudonym, LogId]]] = {}
        """Who redeemed each, in which log; in the order in which the invites came."""

    def take(self, act: ControlEntry) -> None:
        """Take in an act that decides something, after all that it rests on."""
        match act.skeleton:
            case Invite(key=key):
                self._joins.setdefault(key, [])
            case Join(invite=key):
                self._joins.setdefault(key, []).append((act.pseudonym, act.log))
            case _:
                pass

    def newest(self, access: Access, people: People, now_ms: int) -> Iterable[bytes]:
        """Give the keys of those to be found by: open ones first, newest first."""
        in_force = {invite.key: invite for invite in access.invites()}
        found: dict[_State, list[bytes]] = {state: [] for state in _State}
        for key in reversed(self._joins):
            if key in in_force:
                found[self._state(in_force[key], access, people, now_ms)].append(key)
        return (*found[_State.OPEN], *found[_State.USED_UP])

    def _state(self, invite: OpenInvite, access: Access, people: People, now_ms: int) -> _State:
        joins = self._joins[invite.key]
        let_in = {who for who, _ in joins if access.role(who) is not None}
        if any(who in let_in and log not in people.logs_of(who) for who, log in joins):
            return _State.OPEN
        if now_ms > invite.expires_ms + CLOSED_AFTER_MS:
            return _State.CLOSED
        return _State.USED_UP if len(let_in) >= invite.uses else _State.OPEN
