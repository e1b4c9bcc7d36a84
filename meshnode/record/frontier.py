"""Which logs a receipt names: those of people who count here, most important first.

Anybody may begin logs in a commons whose id they know, as many as fit a node's
quota. A receipt that named them all would soon fit no frame.
"""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crdt.ids import LogKey, Pseudonym
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.membership import Community
    from crdt.replica.replica import Replica
    from crdt.store.rows import LogRow, Run

_Rank = tuple[bool, bool, int]


def spaces_of(community: Community) -> list[HeldSpace]:
    """Return the spaces of a community that are held here."""
    return [held for held in (community.inner, community.commons) if held is not None]


def frontier(replica: Replica, community: Community) -> Iterator[tuple[LogKey, tuple[Run, ...]]]:
    """Give the logs of a community, with what is here of each.

    Our own first; then of whoever holds a role, then of whoever ever was to have one. Of
    each the newest log comes before the second newest of anybody: who begins many logs
    takes no room from others. Logs of strangers, or of nobody yet, are left out.
    """
    ranked: list[tuple[_Rank, LogKey]] = []
    for held in spaces_of(community):
        turns: Counter[Pseudonym] = Counter()
        for row in reversed(replica.store.logs.of_space(held.space)):
            authors = [each for each in _authors(replica, row) if held.has_been_raised(each)]
            if authors:
                author = min(authors)
                ranked.append((_rank(held, row, authors, turns[author]), (held.space, row.log)))
                turns[author] += 1
    ranked.sort(key=itemgetter(0))
    for _, log in ranked:
        yield log, replica.store.logs.runs(*log)


def _authors(replica: Replica, row: LogRow) -> frozenset[Pseudonym]:
    return replica.interpreter.writers.all_of((row.space, row.log))


def _rank(held: HeldSpace, row: LogRow, authors: list[Pseudonym], turn: int) -> _Rank:
    access = held.access
    has_role = access is not None and any(access.role(each) is not None for each in authors)
    return row.log != held.own.log, not has_role, turn
