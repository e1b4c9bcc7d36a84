"""Who wrote what, also where somebody certified one log for two people."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crdt.certificates import certify
from crdt.codec import encode
from crdt.crypto.keys import LogKeys
from crdt.documents.draft import begin
from crdt.entries.authoring import SALTS_BYTES, Position, author
from crdt.entries.contents import encode_values
from crdt.entries.entry import Priority, SignedEntry, decode_entry
from crdt.entries.skeletons import Begin, Grant, Skeleton
from crdt.ids import NO_ENTRY, DocumentId, Pseudonym
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from tests.crdt.people import bytes_for, device_keys
from tests.crdt.rich_history import entries_of
from tests.crdt.views import fresh_replica, view_of
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from crdt.entries.entry import VerifiedEntry
    from crdt.replica.replica import Replica

IN_MEMORY = Path(":memory:")


class TwoFaces:
    """A steward, and the other name under which they are a member too."""

    def __init__(self, folder: Path) -> None:
        self.rosa, self.wrong, self.other = (Villager(folder, n) for n in ("rosa", "ahmed", "eve"))
        community = self.rosa.found()
        for guest, role in ((self.wrong, Role.STEWARD), (self.other, Role.CONTRIBUTOR)):
            guest.replica.membership.redeem(read_ticket(self.rosa.ticket(community, role)))
            self.rosa.meet(guest)
        self.guest = Villager(folder, "dan")
        theirs = self.wrong.replica.membership.community(self.wrong.space("inner"))
        self.guest.replica.membership.redeem(read_ticket(self.wrong.ticket(theirs)))
        self.wrong.meet(self.guest)
        self.wrong.meet(self.rosa)

    def keys(self, level: str) -> LogKeys:
        """The steward's log, with the other's name on it."""
        own = self.wrong.space(level).own
        return LogKeys(own.signing, self.other.space(level).own.withdrawal, own.incarnation)

    def write(
        self,
        level: str,
        skeleton: Skeleton,
        content: bytes = b"",
        *,
        after: VerifiedEntry | None = None,
        priority: Priority = Priority.URGENT,
    ) -> VerifiedEntry:
        place = Position(self.wrong.space(level).space, 1, NO_ENTRY)
        if after is not None:
            place = Position(place.space, after.header.sequence + 1, after.id)
        keys, salts = self.keys(level), bytes(SALTS_BYTES)
        return author(keys, place, priority, encode(skeleton), content, salts=salts, seal=None)

    def note(self, text: str, *, after: VerifiedEntry) -> VerifiedEntry:
        """A note in the commons, in the steward's log, that rests on the other's role."""
        [draft] = begin({1: "A note"}, text)
        heads, now_ms = self.other.space("commons").heads, self.wrong.weather.now_ms()
        skeleton, values = Begin(now_ms, heads, 1, draft.operations), encode_values(draft.values)
        return self.write("commons", skeleton, values, after=after, priority=Priority.DOCUMENT)

    def certificate(self, level: str) -> VerifiedEntry:
        space, now_ms = self.wrong.space(level).space, self.wrong.weather.now_ms()
        return self.write(level, certify(self.keys(level), space, now_ms))


@pytest.fixture
def faces(tmp_path: Path) -> TwoFaces:
    return TwoFaces(tmp_path)


def wire(entry: VerifiedEntry) -> SignedEntry:
    return decode_entry(entry.wire())


def like(node: Villager) -> Replica:
    return fresh_replica(IN_MEMORY, node.replica.keys, node.replica.holdings.all())


@pytest.mark.slow
@pytest.mark.parametrize("level", ["inner", "commons"])
def test_whom_a_steward_let_in_stays_whatever_name_they_put_on_their_log_later(
    faces: TwoFaces, level: str
) -> None:
    rosa = faces.rosa
    note = faces.wrong.write("As Ahmed.", level)
    faces.wrong.give(rosa)
    before = rosa.space(level).access
    assert before is not None
    members = dict(before.members())

    rosa.replica.admit([wire(faces.certificate(level))])

    after = rosa.space(level).access
    assert after is not None
    assert dict(after.members()) == members
    assert rosa.text(note) == "As Ahmed."
    assert rosa.replica.library.author_of(note) == faces.wrong.space(level).own.pseudonym


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_who_wrote_what_does_not_depend_on_which_name_came_first(
    faces: TwoFaces, seed: int
) -> None:
    chance, rosa = random.Random(seed), faces.rosa
    for level in ("inner", "commons"):
        faces.wrong.write(f"As Ahmed, {level}.", level)
    faces.wrong.give(rosa)
    entries = entries_of(rosa.replica)
    entries += [wire(faces.certificate(level)) for level in ("inner", "commons")]
    rosa.replica.admit(entries)
    chance.shuffle(entries)
    other = like(rosa)

    for start in range(0, len(entries), 5):
        assert not other.admit(entries[start : start + 5]).refused

    assert view_of(other) == view_of(rosa.replica)
    rosa.restart()
    assert view_of(rosa.replica) == view_of(other)
    other.store.close()


@pytest.mark.slow
def test_what_follows_the_second_certificate_is_by_the_second_name(faces: TwoFaces) -> None:
    rosa, second = faces.rosa, faces.certificate("commons")
    begun = faces.note("As Eve.", after=second)
    note = DocumentId(begun.id)
    rosa.replica.admit([wire(begun)])
    assert rosa.replica.library.author_of(note) == faces.wrong.space("commons").own.pseudonym

    rosa.replica.admit([wire(second)])

    assert rosa.replica.library.author_of(note) == faces.other.space("commons").own.pseudonym
    assert rosa.text(note) == "As Eve."


@pytest.mark.slow
def test_an_entry_of_a_contested_log_is_nobodys_until_its_chain_is_here(faces: TwoFaces) -> None:
    rosa, second = faces.rosa, faces.certificate("commons")
    between = faces.note("Between.", after=second)
    last = faces.note("As Eve.", after=between)
    note = DocumentId(last.id)
    rosa.replica.admit([wire(second), wire(last)])
    assert rosa.replica.library.author_of(note) is None
    assert rosa.text(note) == ""

    rosa.replica.admit([wire(between)])

    assert rosa.replica.library.author_of(note) == faces.other.space("commons").own.pseudonym
    assert rosa.text(note) == "As Eve."
    assert note in rosa.replica.stale_documents(100)


@pytest.mark.slow
def test_an_act_after_the_second_certificate_is_by_the_second_name(faces: TwoFaces) -> None:
    """Eve is no steward: what counted while the log was thought to be Ahmed's counts no more."""
    rosa, level = faces.rosa, "commons"
    second, stranger = faces.certificate(level), Pseudonym(bytes_for("stranger", 32))
    held = faces.wrong.space(level)
    grant = Grant(faces.wrong.weather.now_ms(), held.heads, stranger, int(Role.READER), None, ())
    given = faces.write(level, grant, after=second, priority=Priority.URGENT)
    rosa.replica.admit([wire(given)])
    access = rosa.space(level).access
    assert access is not None and access.role(stranger) is Role.READER

    rosa.replica.admit([wire(second)])

    access = rosa.space(level).access
    assert access is not None and access.role(stranger) is None


@pytest.mark.slow
def test_strangers_who_contest_their_own_logs_cost_nobody_a_new_beginning(
    faces: TwoFaces, tmp_path: Path
) -> None:
    rosa, access = faces.rosa, faces.rosa.space("commons").access
    realm, space = rosa.space("commons").realm, rosa.space("commons").space
    one, two = (device_keys(name).log(realm, bytes(16)) for name in ("one", "two"))
    both = LogKeys(one.signing, two.withdrawal, one.incarnation)
    for keys in (one, both):
        skeleton = encode(certify(keys, space, 0))
        place, salts = Position(space, 1, NO_ENTRY), bytes(SALTS_BYTES)
        entry = author(keys, place, Priority.URGENT, skeleton, b"", salts=salts, seal=None)
        rosa.replica.admit([wire(entry)])

    assert rosa.replica.interpreter.writers.is_contested((space, one.log))
    assert rosa.space("commons").access is access


def test_one_key_in_two_spaces_signs_two_logs_whichever_came_first(tmp_path: Path) -> None:
    rosa, eve, ahmed, dan = (Villager(tmp_path, n) for n in ("rosa", "eve", "ahmed", "dan"))
    community = rosa.found()
    for guest in (eve, ahmed, dan):
        guest.replica.membership.redeem(read_ticket(rosa.ticket(community)))
        rosa.meet(guest)
    for guest in (eve, ahmed, dan):
        rosa.meet(guest)
    levels = ("inner", "commons")
    one_key = device_keys("eve").log(bytes(16), bytes(16)).signing
    for held in map(eve.space, levels):
        held.own = LogKeys(one_key, held.own.withdrawal, bytes(16))
    notes = [eve.write(f"For {level}.", level) for level in levels]

    inner, commons = (eve.space(level).space for level in levels)
    for guest, order in ((ahmed, (inner, commons)), (dan, (commons, inner))):
        for space in order:
            eve.give(guest, [space])

    for guest in (ahmed, dan):
        assert [guest.text(note) for note in notes] == ["For inner.", "For commons."]
    eve.withdraw(notes[1])
    for guest in (ahmed, dan):
        eve.give(guest)
        assert guest.text(notes[0]) == "For inner."
        assert guest.replica.library.withdrawal_of(notes[1]) is not None
    assert ahmed.store.spaces.summary(inner) == dan.store.spaces.summary(inner)
    assert ahmed.store.spaces.summary(commons) == dan.store.spaces.summary(commons)
