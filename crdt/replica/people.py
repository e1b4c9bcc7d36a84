"""Who stands behind pseudonyms, logs and devices: known to members only.

Members say it themselves: a join says it in its sealed box, a binding for each
log says it for good. Whose role has ended is for `crdt.rights.access` to tell.

Enrolments can be copied by everybody who reads them. What makes somebody a member here
is therefore only what their device signed for this very pseudonym: in the box of a join,
or in a binding of the `inner` log that the binding stands in. What they say of their
other logs counts once that is known.

    claims of a pseudonym ─ proven ones ─ lowest member ─> all that it claimed of that member

Whoever claims to be two members is the lower one, whatever came first.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from crdt.certificates import Writer, check_binding, check_joiner
from crdt.errors import BadSignature, CrdtError
from crdt.ids import DeviceId, LogId, MemberId, Pseudonym, SpaceId, device_id
from crdt.replica.appearance import appearance
from crdt.tickets import open_joiner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
class _Claim:
    """What a pseudonym says of one log in one space.

    Attributes:
        stamp_ms: When, by the clock of whoever said it; None in a box.
        is_proof: Whether it shows, by itself, who the pseudonym is.
    """

    writer: Writer
    space: SpaceId
    pseudonym: Pseudonym
    log: LogId
    stamp_ms: int | None
    is_proof: bool


@dataclass(frozen=True, slots=True)
class _Box:
    pseudonym: Pseudonym
    log: LogId
    sealed: bytes


MAX_DEVICES = 16
"""Of one member that are given keys: each takes 80 bytes of every epoch."""

MAX_WAITING = 4096
"""Boxes and claims that may wait for what proves them: some 10 MB at most."""


class People:
    """The members of one community, as its `inner` space tells.

    Args:
        inner: That space.
    """

    def __init__(self, inner: SpaceId) -> None:
        self._inner = inner
        self._logs: dict[MemberId, set[LogId]] = {}
        self._members: dict[Pseudonym, MemberId] = {}
        self._pseudonyms: dict[tuple[SpaceId, MemberId], set[Pseudonym]] = {}
        self._readers: dict[bytes, dict[tuple[Pseudonym, LogId], Reader]] = {}
        self._devices: dict[Pseudonym, set[DeviceId]] = {}
        self._counting: dict[Pseudonym, frozenset[DeviceId]] = {}
        self._names: dict[Pseudonym, tuple[int, str]] = {}
        self._called: dict[str, set[Pseudonym]] = {}
        self._secrets: dict[bytes, set[bytes]] = {}
        self._since: dict[MemberId, int] = {}
        self._boxes: dict[bytes, list[_Box]] = {}
        self._claims: dict[Pseudonym, dict[MemberId, list[_Claim]]] = {}
        self._known_as: dict[Pseudonym, MemberId] = {}
        self._waiting = 0

    # --- what entries say -----------------------------------------------------------

    def bind(self, author: Pseudonym, binding: Binding) -> None:
        """Take a binding in; one that is not proven, or is somebody else's, says nothing."""
        try:
            writer = check_binding(binding)
        except BadSignature:
            return
        is_proof = binding.space == self._inner
        if is_proof and binding.pseudonym != author:
            return
        claim = _Claim(
            writer,
            SpaceId(binding.space),
            Pseudonym(binding.pseudonym),
            LogId(binding.log),
            binding.stamp_ms,
            is_proof,
        )
        self._take(author, claim)

    def keep_secret(self, invite: bytes, sealing: bytes) -> tuple[Pseudonym, ...]:
        """Learn the key that opens the boxes of an invite's joins; return who sent those here."""
        self._secrets.setdefault(invite, set()).add(sealing)
        boxes = self._boxes.get(invite, [])
        opened = [box for box in boxes if self._open(sealing, box)]
        for box in opened:
            boxes.remove(box)
            self._waiting -= 1
        return tuple(box.pseudonym for box in opened)

    def receive(self, invite: bytes, author: Pseudonym, log: LogId, box: bytes) -> None:
        """Take in who joins, now or once the invite's secret is known."""
        sealed = _Box(author, log, box)
        if any(self._open(sealing, sealed) for sealing in self._secrets.get(invite, ())):
            return
        if self._has_room():
            self._boxes.setdefault(invite, []).append(sealed)

    def call(self, author: Pseudonym, name: str, stamp_ms: int) -> None:
        """Take a name in; the newest that somebody gave themselves holds."""
        if (stamp_ms, name) > self._names.get(author, (-1, "")):
            self._name(author, stamp_ms, name)

    # --- what is known ---------------------------------------------------------------

    @property
    def secrets(self) -> Mapping[bytes, set[bytes]]:
        """Sealing keys by invite, as far as this node may read them; one, unless somebody lies."""
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
        return any(log in logs for logs in self._logs.values())

    def logs_of(self, pseudonym: Pseudonym) -> tuple[LogId, ...]:
        """Every log of a member, in any space, by their pseudonym in `inner`."""
        member = self._members.get(pseudonym)
        return tuple(sorted(self._logs.get(member, ()))) if member else ()

    def member(self, pseudonym: Pseudonym) -> MemberId | None:
        """Which member a pseudonym of any of the community's spaces is."""
        return self._members.get(pseudonym)

    def pseudonym(self, space: SpaceId, member: MemberId) -> Pseudonym | None:
        """What a member is called in one of the community's spaces; of several names the lowest."""
        return min(self._pseudonyms.get((space, member), ()), default=None)

    def pseudonyms(self, space: SpaceId, member: MemberId) -> frozenset[Pseudonym]:
        """Everybody who a member says to be in one of the community's spaces."""
        return frozenset(self._pseudonyms.get((space, member), ()))

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
        return frozenset(log for each in alike for log in self._logs.get(each, ()))

    def readers(self) -> Iterator[Reader]:
        """Every device that claims to read, once for each log that vouches for it."""
        for device_public in self._readers:
            yield from self.readings(device_public)

    def readings(self, device_public: bytes) -> tuple[Reader, ...]:
        """The claims of one device; none, if it is one too many of whoever claims it."""
        claims = self._readers.get(device_public, {}).values()
        return tuple(one for one in claims if one.device in self._counted(one.pseudonym))

    def _counted(self, pseudonym: Pseudonym) -> frozenset[DeviceId]:
        """The devices of somebody that count: those with the lowest ids, whatever came first."""
        counted = self._counting.get(pseudonym)
        if counted is None:
            devices = self._devices.get(pseudonym, ())
            counted = self._counting[pseudonym] = frozenset(nsmallest(MAX_DEVICES, devices))
        return counted

    def _open(self, sealing: bytes, box: _Box) -> bool:
        """Take in what a box says; returns whether that is the key it was sealed with."""
        try:
            joiner = open_joiner(sealing, box.sealed)
        except CrdtError:
            return False
        try:
            writer = check_joiner(joiner, self._inner, box.log, box.pseudonym)
        except CrdtError:
            return True
        self._take(box.pseudonym, _Claim(writer, self._inner, box.pseudonym, box.log, None, True))
        self.call(box.pseudonym, joiner.name, 0)
        return True

    def _name(self, author: Pseudonym, stamp_ms: int, name: str) -> None:
        before = appearance(self.name(author))
        if len(alike := self._called.get(before, set()) - {author}):
            self._called[before] = alike
        else:
            self._called.pop(before, None)
        self._names[author] = (stamp_ms, name)
        self._called.setdefault(appearance(name), set()).add(author)

    def _take(self, author: Pseudonym, claim: _Claim) -> None:
        """Keep a claim, and believe what is proven by now."""
        claims = self._claims.setdefault(author, {})
        known_as = self._known_as.get(author)
        if claim.writer.member != known_as and not claim.is_proof and not self._has_room():
            return
        said = claims.setdefault(claim.writer.member, [])
        if claim not in said:
            said.append(claim)
        proven = (who for who, each in claims.items() if any(one.is_proof for one in each))
        member = min(proven, default=None)
        if member is None:
            return
        self._known_as[author] = member
        if known_as is None:
            self._believe(claims[member])
        elif member == known_as == claim.writer.member:
            self._believe([claim])
        elif member != known_as:
            self._believe_anew()

    def _believe(self, claims: Iterable[_Claim]) -> None:
        for claim in claims:
            writer, member = claim.writer, claim.writer.member
            if claim.stamp_ms is not None:
                self._logs.setdefault(member, set()).add(claim.log)
                self._since[member] = min(claim.stamp_ms, self._since.get(member, claim.stamp_ms))
            known = self._members.get(claim.pseudonym, member)
            self._members[claim.pseudonym] = min(known, member)
            self._pseudonyms.setdefault((claim.space, member), set()).add(claim.pseudonym)
            if claim.space == self._inner:
                reader = Reader(writer.device_public, claim.pseudonym, claim.log)
                by_device = self._readers.setdefault(writer.device_public, {})
                by_device[claim.pseudonym, claim.log] = reader
                self._devices.setdefault(claim.pseudonym, set()).add(reader.device)
                self._counting.pop(claim.pseudonym, None)

    def _believe_anew(self) -> None:
        """Somebody is another member than they were taken for: nothing stays of what that told."""
        told = (self._logs, self._members, self._pseudonyms, self._readers, self._since)
        for each in (*told, self._devices, self._counting):
            each.clear()
        for author, member in sorted(self._known_as.items()):
            self._believe(self._claims[author][member])

    def _has_room(self) -> bool:
        has_room = self._waiting < MAX_WAITING
        self._waiting += has_room
        return has_room
