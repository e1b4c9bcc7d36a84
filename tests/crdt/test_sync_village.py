"""A village of nodes that write, withdraw and meet on links that break at any frame."""

from __future__ import annotations

import random
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crdt.entries.entry import Priority
from tests.crdt.meeting import COMMONS, INNER, Meeting, Node, meet
from tests.crdt.writers import OTHER_SPACE, SPACE

if TYPE_CHECKING:
    from crdt.ids import EntryId

WHO = st.integers(0, 3)
SPACES = st.sampled_from([SPACE, OTHER_SPACE])


class Village(RuleBasedStateMachine):
    """Any order of writing, withdrawing and meeting; then everybody agrees."""

    def __init__(self) -> None:
        super().__init__()
        names = ("rosa", "ahmed", "chidi", "mei")
        self.nodes = [Node(name, COMMONS, INNER) for name in names]
        self.written: dict[EntryId, bytes] = {}
        self.withdrawn: set[EntryId] = set()

    @rule(who=WHO, space=SPACES, size=st.integers(1, 9000), priority=st.sampled_from(Priority))
    def write(self, who: int, space: bytes, size: int, priority: Priority) -> None:
        words = random.Random(len(self.written)).randbytes(size)
        entry = self.nodes[who].write(words, SPACE if space == SPACE else OTHER_SPACE, priority)
        self.written[entry.id] = words

    @rule(who=WHO, data=st.data())
    def withdraw(self, who: int, data: st.DataObject) -> None:
        node = self.nodes[who]
        own = [entry for entry in node.writers[SPACE].written if entry.id in self.written]
        if own:
            target = data.draw(st.sampled_from(own)).id
            self.withdrawn.add(target)
            node.withdraw(target)

    @rule(
        pair=st.permutations([0, 1, 2, 3]),
        frames=st.integers(0, 30),
        budget=st.sampled_from([400, 4000, 65536]),
    )
    def meet_until_the_link_breaks(self, pair: list[int], frames: int, budget: int) -> None:
        one, other = self.nodes[pair[0]], self.nodes[pair[1]]
        Meeting(one, other, frame_budget=budget).run(frames)

    @invariant()
    def what_is_counted_is_there(self) -> None:
        for node in self.nodes:
            for space in (SPACE, OTHER_SPACE):
                assert node.store.spaces.summary(space).count == len(node.holds(space))

    @invariant()
    def nobody_invents_or_forks(self) -> None:
        made = {
            entry.id
            for node in self.nodes
            for writer in node.writers.values()
            for entry in writer.written
        }
        for node in self.nodes:
            assert node.holds() | node.holds(OTHER_SPACE) <= made
            assert node.store.logs.forks(SPACE) == ()

    def teardown(self) -> None:
        for _ in range(2):
            for one, other in combinations(self.nodes, 2):
                meet(one, other)
        for space in (SPACE, OTHER_SPACE):
            assert len({node.store.spaces.summary(space) for node in self.nodes}) == 1
        for node in self.nodes:
            for name, words in self.written.items():
                stored = node.store.entries.get(name)
                assert stored is not None
                part = stored.entry.content
                assert part is None if name in self.withdrawn else part and part[16:] == words
            node.store.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_a_lively_meeting_never_trips_over_frames_that_cross(seed: int) -> None:
    """Frames of both sides cross at random while people write and readers come and go."""
    chance = random.Random(seed)
    nodes = [Node("rosa", COMMONS, INNER), Node("ahmed", COMMONS, INNER)]
    for node in nodes:
        node.trusted = {other.device.public for other in nodes if chance.random() < 0.5}
        for turn in range(chance.randrange(8)):
            node.write(
                bytes([turn]) * chance.randrange(1, 20_000), chance.choice([SPACE, OTHER_SPACE])
            )
    meeting = Meeting(*nodes, frame_budget=5000)
    ends = [meeting.one, meeting.other]
    for _ in range(300):
        sender, receiver = chance.sample(ends, 2)
        space, doing = chance.choice([SPACE, OTHER_SPACE]), chance.random()
        if doing < 0.03:
            receiver.node.write(chance.randbytes(100), space)
        elif doing < 0.06:
            fresh = receiver.node.write(chance.randbytes(100), space)
            stored = receiver.node.store.entries.get(fresh.id)
            assert stored is not None
            receiver.obey(receiver.session.push(space, [stored.number]))
        elif doing < 0.12:
            receiver.obey(receiver.session.refresh(space))
        elif doing < 0.15 and receiver.node.trusted is not None:
            receiver.node.trusted ^= {sender.node.device.public}
            receiver.obey(receiver.session.refresh(OTHER_SPACE))
        elif sender.outbox:
            receiver.obey(receiver.session.receive(sender.outbox.popleft()))

    for end in ends:
        end.node.trusted = None
        end.obey(end.session.refresh(OTHER_SPACE))
        end.obey(end.session.refresh(SPACE))
    meeting.run()

    for space in (SPACE, OTHER_SPACE):
        assert nodes[0].holds(space) == nodes[1].holds(space)
    for end in ends:
        settled = end.last_settled()
        assert settled is not None and settled.differing == ()


@pytest.mark.slow
def test_a_village_converges_once_the_rain_stops() -> None:
    run_state_machine_as_test(
        Village, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )
