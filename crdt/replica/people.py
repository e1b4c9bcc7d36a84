"""Who stands behind pseudonyms, logs and devices: known to members only.

Members say it themselves: a join says it in its sealed box, a binding for each
log says it for good. Whose role has ended is for `crdt.rights.access` to tell.

Enrolments can be copied by everybody who reads them. What makes somebody a member here
is therefore only what their device signed for this very pseudonym: in the box of a join,
or in a binding of the `inner` log that the binding stands in. What they say of their
other logs counts once that is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.certificates import Writer, check_binding, check_joiner
from crdt.errors import BadSignature, CrdtError
from crdt.ids import DeviceId, LogId, MemberId, Pseudonym, SpaceId, device_id
from crdt.replica.appearance import appearance
from crdt.tickets import open_joiner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crdt.entries.skeletons import Binding


@dataclass(frozen=True, slots=True)
class Reader:
    """A device that claims to read an `inner` space, and the log that vouches for it."""

    device_public: bytes
    pseudonym: Pseudonym
    log: LogId

    @property
    def device(self) -> DeviceId:
        """Which device."""
        return device_id(self.device_public)


@dataclass(frozen=True, slots=True)
class _Box:
    pseudonym: Pseudonym
    log: LogId
    sealed: bytes


MAX_WAITING = 4096
"""Boxes and bindings that may wait for what proves them: some 10 MB at most."""


class People:
    """The members of one community, as its `inner` space tells.

    Args:
        inner: That space.
    """

    def __init__(self, inner: SpaceId) -> None:
        self._inner = inner
        self._writers: dict[LogId, Writer] = {}
        self._members: dict[Pseudonym, MemberId] = {}
        self._pseudonyms: dict[tuple[SpaceId, MemberId], Pseudonym] = {}
        self._readers: dict[bytes, dict[LogId, Reader]] = {}
        self._names: dict[Pseudonym, tuple[int, str]] = {}
        self._called: dict[str, set[Pseudonym]] = {}
        self._secrets: dict[bytes, bytes] = {}
        self._since: dict[MemberId, int] = {}
        self._boxes: dict[bytes, list[_Box]] = {}
        self._unproven: dict[Pseudonym, list[tuple[Writer, Binding]]] = {}
        self._waiting = 0

    # --- what entries say -----------------------------------------------------------

    def bind(self, author: Pseudonym, binding: Binding) -> None:
        """Take a binding in; one that is not proven, or is somebody else's, says nothing."""
        try:
            writer = check_binding(binding)
        except BadSignature:
            return
        if binding.space == self._inner:
            if binding.pseudonym == author and self._identify(author, writer.member):
                self._believe(writer, binding)
                self._believe_the_rest(author)
        elif author in self._members:
            if self._members[author] == writer.member:
                self._believe(writer, binding)
        elif self._has_room():
            self._unproven.setdefault(author, []).append((writer, binding))

    def keep_secret(self, invite: bytes, sealing: bytes) -> tuple[Pseudonym, ...]:
        """Learn the key that opens the boxes of an invite's joins; return who sent those here."""
        self._secrets[invite] = sealing
        boxes = self._boxes.pop(invite, [])
        for box in boxes:
            self._waiting -= 1
            self._open(sealing, box)
        return tuple(box.pseudonym for box in boxes)

    def receive(self, invite: bytes, author: Pseudonym, log: LogId, box: bytes) -> None:
        """Take in who joins, now or once the invite's secret is known."""
        sealed = _Box(author, log, box)
        if invite in self._secrets:
            self._open(self._secrets[invite], sealed)
        elif self._has_room():
            self._boxes.setdefault(invite, []).append(sealed)

    def call(self, author: Pseudonym, name: str, stamp_ms: int) -> None:
        """Take a name in; the newest that somebody gave themselves holds."""
        if (stamp_ms, name) > self._names.get(author, (-1, "")):
            self._name(author, stamp_ms, name)

    # --- what is known ---------------------------------------------------------------

    @property
    def secrets(self) -> dict[bytes, bytes]:
        """Sealing keys by invite, as far as this node may read them."""
        return self._secrets

    def name(self, pseudonym: Pseudonym) -> str:
        """How somebody wants to be called, by their pseudonym in `inner`; "" when unknown."""
        return self._names.get(pseudonym, (0, ""))[1]

    def members(self) -> tuple[MemberId, ...]:
        """Every member that anything is known of, in the order of their ids."""
        return tuple(sorted(set(self._members.values())))

    def since(self, member: MemberId) -> int | None:
        """When somebody's first device came, by its own clock, in milliseconds; None if unknown."""
        return self._since.get(member)

    def knows(self, log: LogId) -> bool:
        """Whether a binding has said whose a log is."""
        return log in self._writers

    def logs_of(self, pseudonym: Pseudonym) -> tuple[LogId, ...]:
        """Every log of a member, in any space, by their pseudonym in `inner`."""
        member = self._members.get(pseudonym)
        return tuple(log for log, writer in self._writers.items() if writer.member == member)

    def member(self, pseudonym: Pseudonym) -> MemberId | None:
        """Which member a pseudonym of any of the community's spaces is."""
        return self._members.get(pseudonym)

    def pseudonym(self, space: SpaceId, member: MemberId) -> Pseudonym | None:
        """What a member is called in one of the community's spaces."""
        return self._pseudonyms.get((space, member))

    def namesakes(self, member: MemberId) -> frozenset[MemberId]:
        """Other members whose names look the same as a member's."""
        inside = self.pseudonym(self._inner, member)
        alike = self._called.get(appearance(self.name(inside)), ()) if inside else ()
        found = {self._members[one] for one in alike if one in self._members}
        return frozenset(found - {member})

    def logs_like(self, pseudonym: Pseudonym) -> frozenset[LogId]:
        """Every log of a member and of their namesakes: those whom their name tells apart."""
        member = self._members.get(pseudonym)
        alike = {member, *self.namesakes(member)} if member else set()
        return frozenset(log for log, writer in self._writers.items() if writer.member in alike)

    def readers(self) -> Iterator[Reader]:
        """Every device that claims to read, once for each log that vouches for it."""
        for by_log in self._readers.values():
            yield from by_log.values()

    def readings(self, device_public: bytes) -> tuple[Reader, ...]:
        """The claims of one device."""
        return tuple(self._readers.get(device_public, {}).values())

    def _open(self, sealing: bytes, box: _Box) -> None:
        try:
            joiner = open_joiner(sealing, box.sealed)
            writer = check_joiner(joiner, self._inner, box.log, box.pseudonym)
        except CrdtError:
            return
        if self._identify(box.pseudonym, writer.member):
            self._introduce(self._inner, box.pseudonym, writer, box.log)
            if box.pseudonym not in self._names:
                self._name(box.pseudonym, 0, joiner.name)
            self._believe_the_rest(box.pseudonym)

    def _name(self, author: Pseudonym, stamp_ms: int, name: str) -> None:
        before = appearance(self.name(author))
        if len(alike := self._called.get(before, set()) - {author}):
            self._called[before] = alike
        else:
            self._called.pop(before, None)
        self._names[author] = (stamp_ms, name)
        self._called.setdefault(appearance(name), set()).add(author)

    def _identify(self, pseudonym: Pseudonym, member: MemberId) -> bool:
        return self._members.setdefault(pseudonym, member) == member

    def _believe(self, writer: Writer, binding: Binding) -> None:
        log = LogId(binding.log)
        self._writers[log] = writer
        known_ms = self._since.get(writer.member, binding.stamp_ms)
        self._since[writer.member] = min(known_ms, binding.stamp_ms)
        self._introduce(SpaceId(binding.space), Pseudonym(binding.pseudonym), writer, log)

    def _believe_the_rest(self, author: Pseudonym) -> None:
        """Take in what a member said of their other logs before we knew who they are."""
        for writer, binding in self._unproven.pop(author, []):
            self._waiting -= 1
            if self._members[author] == writer.member:
                self._believe(writer, binding)

    def _has_room(self) -> bool:
        has_room = self._waiting < MAX_WAITING
        self._waiting += has_room
        return has_room

    def _introduce(self, space: SpaceId, pseudonym: Pseudonym, writer: Writer, log: LogId) -> None:
        self._members.setdefault(pseudonym, writer.member)
        key = space, writer.member
        self._pseudonyms[key] = min(pseudonym, self._pseudonyms.get(key, pseudonym))
        if space == self._inner:
            claims = self._readers.setdefault(writer.device_public, {})
            claims[log] = Reader(writer.device_public, pseudonym, log)
