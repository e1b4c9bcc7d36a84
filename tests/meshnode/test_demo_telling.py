"""The story is told step by step, and stops at what is not true."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from meshnode.client import NodeUnreachable
from meshnode.demo import telling as telling_module
from meshnode.demo.asking import SPRING_NOTE, Asked, check_answer
from meshnode.demo.patience import wait_until
from meshnode.demo.telling import Telling, Untrue
from meshnode.views.answer import AskDone, Citation
from meshnode.views.news import NodeEvent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from meshnode.client import NodeClient

QUOTE = "After rain, boil spring water at a rolling boil for 3 minutes before you drink it."
ROSA = Citation(id="a1", title=SPRING_NOTE, author="Rosa", community="Ridge", quote=QUOTE)


class Told:
    """What was said, on a clock that ticks once at every look."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.time_s = 0.0
        self.telling = Telling(self.lines.append, self._clock_s)

    def _clock_s(self) -> float:
        self.time_s += 0.25
        return self.time_s


async def test_a_step_says_what_was_checked_and_how_long_it_took() -> None:
    told = Told()

    async with told.telling.step("Rosa founds Ridge."):
        told.telling.true("she is its founder", True)
        told.telling.note("first line\nsecond line")
    told.telling.finished()

    assert told.lines == [
        "  1  Rosa founds Ridge.",
        "     true: she is its founder",
        "       first line",
        "       second line",
        "     ✓ 0.25 s",
        "",
        "All 1 steps are true (1 checks, 0.8 s).",
    ]


async def test_what_is_untrue_ends_the_step_and_is_told_with_what_was_seen() -> None:
    told = Told()

    with pytest.raises(Untrue) as caught:
        async with told.telling.step("Ahmed joins."):
            told.telling.true("he is a member", False, {"Ahmed": None})
    told.telling.failed(caught.value)

    assert told.lines[-3:] == [
        "     ✗ UNTRUE in step 1",
        "       expected: he is a member",
        "       seen:     {'Ahmed': None}",
    ]
    assert not [line for line in told.lines if "✓" in line]


async def test_a_node_that_refuses_makes_its_step_untrue() -> None:
    with pytest.raises(Untrue, match="works") as caught:
        async with Told().telling.step("They meet."):
            raise NodeUnreachable("node.sock")

    assert "client.unreachable" in caught.value.seen


async def test_a_step_without_end_is_untrue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling_module, "STEP_TIMEOUT_S", 0.0)

    with pytest.raises(Untrue, match="ends within"):
        async with Told().telling.step("They meet."):
            await asyncio.Event().wait()


async def test_a_mistake_of_our_own_is_not_taken_for_an_untruth() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Told().telling.step("They meet."):
            raise ZeroDivisionError


# --- waiting ---------------------------------------------------------------------


class Heard:
    """A node of which only its events are heard."""

    def __init__(self) -> None:
        self.happened: asyncio.Queue[NodeEvent] = asyncio.Queue()
        self.is_heard = False

    async def events(self) -> AsyncGenerator[NodeEvent, None]:
        self.is_heard = True
        try:
            while True:
                yield await self.happened.get()
        finally:
            self.is_heard = False


async def test_waiting_looks_again_at_every_event_and_then_stops_listening() -> None:
    node = Heard()
    looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        node.happened.put_nowait(NodeEvent(topic="contributions"))
        return looks

    seen = await wait_until(cast("NodeClient", node), look, lambda count: count == 3, "three")

    assert (seen, looks, node.is_heard) == (3, 3, False)


async def test_waiting_in_vain_says_what_was_seen_last() -> None:
    async def look() -> str:
        return "50 contributions"

    with pytest.raises(Untrue, match="51 contributions") as caught:
        await wait_until(
            cast("NodeClient", Heard()),
            look,
            lambda seen: seen.startswith("51"),
            "51 contributions",
            within_s=0.0,
        )

    assert caught.value.seen == "50 contributions"


# --- the answer ------------------------------------------------------------------


def answered(
    quote: str = QUOTE,
    answer: str = "Boil it for 3 minutes.",
    *,
    author: str = "Rosa",
    grounded: bool = True,
    first_s: float | None = 0.2,
) -> Asked:
    citation = Citation(id="a1", title=SPRING_NOTE, author=author, community="Ridge", quote=quote)
    done = AskDone(
        answer=answer, grounded=grounded, citations=(citation,), first_ms=1.0, total_ms=2.0
    )
    return Asked((citation,), first_s, done)


def test_the_right_answer_is_true() -> None:
    told = Told()

    check_answer(told.telling, answered())

    assert told.telling.checks == 7


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (answered(author="Ahmed"), "Rosa's note"),
        (answered(quote="Boil it for an hour."), "it says 3 minutes"),
        (answered(quote="Boil it for 13 minutes."), "it says 3 minutes"),
        (answered(first_s=1.5), "within 1 s"),
        (answered(grounded=False), "grounded"),
        (answered(answer="Boil it for 12 hours."), "the answer says"),
        (answered(answer="Boil it for 3 minutes or 12 hours."), "no figure"),
        (Asked((), None, answered().done), "a passage answers"),
    ],
)
def test_a_wrong_late_or_invented_answer_is_untrue(asked: Asked, why: str) -> None:
    with pytest.raises(Untrue, match=why):
        check_answer(Told().telling, asked)
