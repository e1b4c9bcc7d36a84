"""Steps are taken one at a time, and each to its end."""

from __future__ import annotations

import asyncio

import pytest

from meshnode.peers.turns import Turns


async def test_a_step_waits_for_the_one_before_it() -> None:
    turns, gate, taken = Turns(), asyncio.Event(), list[str]()

    async def first() -> None:
        await gate.wait()
        taken.append("first")

    async def second() -> None:
        taken.append("second")

    async with asyncio.TaskGroup() as group:
        group.create_task(turns.take(first))
        group.create_task(turns.take(second))
        gate.set()

    assert taken == ["first", "second"]


async def test_a_step_ends_although_whoever_asked_for_it_went_away() -> None:
    turns, begun, gate, taken = Turns(), asyncio.Event(), asyncio.Event(), list[str]()

    async def step() -> None:
        begun.set()
        await gate.wait()
        taken.append("step")

    caller = asyncio.create_task(turns.take(step))
    await begun.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    gate.set()
    await turns.wait_ended()

    assert caller.cancelled()
    assert taken == ["step"]


async def test_a_step_that_fails_says_so_and_lets_the_next_one_in() -> None:
    turns, taken = Turns(), list[str]()

    async def fails() -> None:
        raise ValueError("no")

    async def goes_on() -> None:
        taken.append("next")

    with pytest.raises(ValueError, match="no"):
        await turns.take(fails)
    await turns.take(goes_on)

    assert taken == ["next"]
