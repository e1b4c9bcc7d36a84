"""Whole nodes in all weathers: whatever happens, once the rain stops everybody agrees."""

from __future__ import annotations

import random
import tempfile
from contextlib import suppress
from itertools import combinations, count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from crdt.documents.replay import replay
from crdt.entries import keyring
from crdt.entries.opening import open_entry
from crdt.errors import BadInvite, CannotOpen, NotAuthorised, UnknownEntry, Withdrawn
from crdt.ids import EntryId
from crdt.rights.authority import Place, Role
from crdt.tickets import read_ticket
from tests.crdt.air_village import AirMeeting, AirVillager, Sealer
from tests.crdt.rich_history import entries_of
from tests.crdt.views import fresh_replica, view_of
from transports.simulated_air import CLEAR, DRIZZLE, STORM

if TYPE_CHECKING:
    from crdt.ids import DocumentId

NAMES = ("rosa", "ahmed", "chi", "dan")
WHO = st.integers(0, 3)
SEEDS = PICK = st.integers(0, 1 << 16)
REFUSED = (NotAuthorised, CannotOpen, Withdrawn, UnknownEntry, BadInvite)
"""What a person may hear who asks for what cannot be."""

MOST_ROUNDS = 12

AGREED = ("summary", "documents", "roles", "heads", "effective", "seal", "name")
"""What members come to see alike. Keys are not among it: one that opens nothing stays behind."""


class Village(RuleBasedStateMachine):
    """Any order of living together; invariants after each step."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(keyring, "seal_to_device", Sealer())
        self.people = [AirVillager(Path(self._folder.name), name) for name in NAMES]
        self.people[0].found()
        self.texts: dict[DocumentId, list[str]] = {}
        self.taken_back: set[DocumentId] = set()
        self.hidden: dict[DocumentId, set[str]] = {}
        self.tickets: list[str] = []
        self.words = (f"word{number}x" for number in count())

    @initialize(roles=st.lists(st.sampled_from([None, *Role]), min_size=3, max_size=3))
    def settle(self, roles: list[Role | None]) -> None:
        """Most are members already when it begins to rain, and something is written."""
        rosa = self.people[0]
        for number, role in enumerate(roles, 1):
            if role is not None:
                self.join(0, number, 1, role)
                AirMeeting(rosa, self.people[number], CLEAR, number).run()
                AirMeeting(rosa, self.people[number], CLEAR, number).run()
        for who in range(4):
            self.write(who, "commons")
            self.write(who, "inner")

    # --- joining and leaving ------------------------------------------------------------

    @rule(host=WHO, guest=WHO, uses=st.sampled_from([1, 1, 3]), role=st.sampled_from(Role))
    def join(self, host: int, guest: int, uses: int, role: Role) -> None:
        """On paper: nobody meets anybody here."""
        inviting, joining = self.people[host], self.people[guest]
        if host == guest or joining.replica.holdings.all():
            return
        for community in inviting.replica.membership.communities():
            with suppress(*REFUSED):
                ticket = inviting.ticket(community, role, uses)
                self.tickets.append(ticket)
                joining.weather.time_ms = max(joining.weather.time_ms, inviting.weather.time_ms)
                self._redeem(joining, ticket)

    @rule(guest=WHO, which=PICK)
    def join_with_a_copy(self, guest: int, which: int) -> None:
        """Of a ticket that somebody else has, or that served already."""
        joining = self.people[guest]
        if self.tickets and not joining.replica.holdings.all():
            with suppress(*REFUSED):
                self._redeem(joining, self.tickets[which % len(self.tickets)])

    def _redeem(self, joining: AirVillager, ticket: str) -> None:
        joining.replica.membership.redeem(read_ticket(ticket))
        for outsiders in self.hidden.values():
            outsiders.discard(joining.name)  # who joins reads history

    @rule(who=WHO, whom=st.integers(1, 3))
    def remove(self, who: int, whom: int) -> None:
        node = self.people[who]
        for person in self.people:
            self._check(person)
        for community in node.replica.membership.communities():
            with suppress(*REFUSED):
                member = self.people[whom].replica.keys.enrolment.member
                node.replica.standing.remove(community, member)
        node.replica.react()
        self._check(node)

    @rule(who=WHO)
    def rotate(self, who: int) -> None:
        node = self.people[who]
        for inner in node.replica.holdings.inner_spaces():
            if inner.role is not None and inner.role >= Role.CONTRIBUTOR:
                node.replica.distribution.rotate(inner)
        node.replica.react()

    # --- writing ------------------------------------------------------------------------

    @rule(who=WHO, level=st.sampled_from(["inner", "commons"]))
    def write(self, who: int, level: str) -> None:
        node, word = self.people[who], next(self.words)
        if not any(held.kind.name.lower() == level for held in node.replica.holdings.all()):
            return
        with suppress(*REFUSED):
            document = node.write(f"{word} begins.\n\nThe end.", level)
            self.texts[document] = [word]
            if level == "inner":
                self.hidden[document] = {
                    other.name for other in self.people if self._is_outside(node, other)
                }
        self._check(node)

    @staticmethod
    def _is_outside(node: AirVillager, other: AirVillager) -> bool:
        """Whether somebody was removed, as a node knows, or never came near the community.

        Not so members of whom the node has not heard: they may hold its keys.
        """
        device, inner = other.replica.keys.device.public, node.space("inner")
        is_known = inner.people is not None and bool(inner.people.readings(device))
        is_stranger = not other.replica.holdings.all()
        return (is_known or is_stranger) and not inner.may_read(device)

    @rule(who=WHO, which=PICK, place=PICK, is_stale=st.booleans())
    def edit(self, who: int, which: int, place: int, is_stale: bool) -> None:
        node = self.people[who]
        if not self.texts:
            return
        document = self._document(which)
        word = next(self.words)
        with suppress(*REFUSED):
            edits = node.replica.library.edits(document)
            seen = replay(document, edits)
            base = (edits[0].id,) if is_stale and edits and edits[0].is_effective else ()
            text = replay(document, edits, at=base).text if base else seen.text
            cut = place % (len(text) + 1)
            changed = f"{text[:cut]} {word} {text[cut + 3 :]}"
            node.replica.library.change(document, {}, changed, base)
            self.texts[document].append(word)
        node.replica.react()
        self._check(node)

    @rule(who=WHO, which=PICK)
    def withdraw(self, who: int, which: int) -> None:
        if not self.texts:
            return
        document = self._document(which)
        with suppress(*REFUSED):
            self.people[who].withdraw(document)
            if self._is_withdrawn(self.people[who], document):
                self.taken_back.add(document)  # and not only somebody's own words in it
        self._check(self.people[who])

    def _document(self, which: int) -> DocumentId:
        return list(self.texts)[-1 - which % len(self.texts)]

    # --- machines -----------------------------------------------------------------------

    @rule(who=WHO)
    def restart(self, who: int) -> None:
        before = view_of(self.people[who].replica)
        self.people[who].restart()
        if not self.people[who].replica.react_anew().ruled:
            assert view_of(self.people[who].replica) == before

    @rule(who=WHO)
    def lose_power(self, who: int) -> None:
        before = [held.space for held in self.people[who].replica.holdings.all()]
        self.people[who].lose_power()
        assert [held.space for held in self.people[who].replica.holdings.all()] == before
        self._check(self.people[who])

    @rule(who=WHO)
    def keep_a_copy(self, who: int) -> None:
        self.people[who].keep_a_copy()

    @rule(who=st.integers(1, 3))
    def restore_the_copy(self, who: int) -> None:
        self.people[who].restore_the_copy()
        self._check(self.people[who])

    # --- meeting ------------------------------------------------------------------------

    @rule(
        pair=st.permutations([0, 1, 2, 3]),
        weather=st.sampled_from([CLEAR, DRIZZLE, STORM]),
        seed=SEEDS,
    )
    def meet(self, pair: list[int], weather: object, seed: int) -> None:
        one, other = self.people[pair[0]], self.people[pair[1]]
        AirMeeting(one, other, weather, seed).run()  # type: ignore[arg-type]
        for node in (one, other):
            self._check(node)

    @rule(pair=st.permutations([0, 1, 2, 3]))
    def carry_a_bundle(self, pair: list[int]) -> None:
        one, other = self.people[pair[0]], self.people[pair[1]]
        other.read_bundle_of(one, one.weather.random_bytes(16))
        self._check(other)

    @rule(who=WHO, seed=SEEDS)
    def what_is_shown_depends_on_the_set_alone(self, who: int, seed: int) -> None:
        node = self.people[who].replica
        entries = entries_of(node)
        random.Random(seed).shuffle(entries)
        other = fresh_replica(Path(":memory:"), node.keys, node.holdings.all())
        assert not other.admit(entries).refused
        assert view_of(other) == view_of(node)
        other.store.close()

    # --- invariants ---------------------------------------------------------------------

    def _check(self, node: AirVillager) -> None:
        store = node.store
        for held in node.replica.holdings.all():
            found = [name for name, _ in store.entries.ids(held.space)]
            assert store.spaces.summary(held.space).count == len(found)
            if held.keyring is not None and held.keyring.keys:
                # In a new log it says whose it is, as soon as there is a key to say it with.
                is_mute = held.role is None or held.writing_seal() is None
                assert is_mute or store.logs.get(held.space, held.own.log) is not None
        for document, words in self.texts.items():
            self._let_in_again(node, document)
            if node.replica.library.withdrawal_of(document) is not None:
                self._is_gone(node, document, words)
            elif node.name in self.hidden.get(document, ()):
                assert not self._shows(node, document, words[:1])

    def _let_in_again(self, node: AirVillager, document: DocumentId) -> None:
        """Who may read after all, as somebody says who knows what its author knew, may read it."""
        outsiders = self.hidden.get(document)
        stored = node.store.entries.get(EntryId(document)) if outsiders else None
        if not outsiders or stored is None:
            return
        inner, header = node.space("inner"), stored.entry.header
        opened = open_entry(stored.entry, inner.keyring)
        author = node.replica.interpreter.writers.author(stored.entry)
        if opened is None or author is None:
            return
        place = Place(header.log, header.sequence, stored.entry.id)
        if inner.may(opened.kind, author, place, opened.cites):
            for other in self.people:
                if inner.may_read(other.replica.keys.device.public):
                    outsiders.discard(other.name)

    def _is_gone(self, node: AirVillager, document: DocumentId, words: list[str]) -> None:
        for stored in node.store.entries.of_document(document, with_aside=True):
            assert not stored.entry.content
        assert node.store.documents.load(document) is None
        with pytest.raises(Withdrawn):
            node.text(document)
        for held in node.replica.holdings.all():
            for stored in node.store.entries.since(held.space, 0):
                content = stored.entry.content or b""
                assert not any(word.encode() in content for word in words)

    def _reads(self, node: AirVillager) -> bool:
        return any(inner.role is not None for inner in node.replica.holdings.inner_spaces())

    def _is_withdrawn(self, node: AirVillager, document: DocumentId) -> bool:
        with suppress(*REFUSED):
            return node.replica.library.withdrawal_of(document) is not None
        return False

    def _shows(self, node: AirVillager, document: DocumentId, words: list[str]) -> bool:
        with suppress(*REFUSED):
            return any(word in node.text(document) for word in words)
        return False

    # --- the rain stops -----------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self._converge()
        finally:
            for node in self.people:
                node.store.close()
            self._folder.cleanup()
            self._patch.undo()

    def _converge(self) -> None:
        rosa = self.people[0]
        for round_number in range(MOST_ROUNDS):
            for one, other in combinations(self.people, 2):
                AirMeeting(one, other, CLEAR, round_number).run()
        members = [
            node
            for node in self.people
            if self._reads(node) and rosa.space("inner").may_read(node.replica.keys.device.public)
        ]
        shown = {node.name: view_of(node.replica) for node in members}
        for node in members:
            self._check(node)
            for kind in ("INNER", "COMMONS"):
                for part in AGREED:
                    ours, theirs = shown[node.name][kind][part], shown["rosa"][kind][part]
                    assert ours == theirs, (node.name, kind, part)
        for document in self.taken_back:
            if not any(self._is_withdrawn(node, document) for node in members):
                continue  # known to one node alone, whose older copy was put back
            for node in members:
                assert not self._shows(node, document, self.texts[document])


def live(examples: int, steps: int, *, is_fixed: bool = False) -> None:
    run_state_machine_as_test(
        Village,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=is_fixed,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )


@pytest.mark.slow
def test_a_village_agrees_once_the_rain_stops() -> None:
    live(examples=8, steps=25, is_fixed=True)


@pytest.mark.long
def test_a_village_agrees_whatever_happens() -> None:
    live(examples=150, steps=50)
