"""A village of nodes that write, withdraw and meet on links that break at any frame."""

from __future__ import annotations

import random
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crdt.entry import Priority
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
def test_a_village_converges_once_the_rain_stops() -> None:
    run_state_machine_as_test(
        Village, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )
