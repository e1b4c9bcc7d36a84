"""The weather is bad, but the same for the same seed, and links keep their promise."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transports.simulated_air import (
    CLEAR,
    DRIZZLE,
    STORM,
    AirLink,
    Awoke,
    FrameArrived,
    Happening,
    LinkCut,
    PacketArrived,
    SimulatedAir,
    Weather,
)

SEEDS = st.integers(0, 2**32)
RAINY = Weather(loss=0.5, echo=0.3, delay_s=1.0, jitter_s=60.0, bits_per_s=300.0)


def happenings(air: SimulatedAir[str]) -> list[Happening[str]]:
    return list(iter(air.step, None))


def frames_to(to: str, seen: list[Happening[str]]) -> list[bytes]:
    return [h.frame for h in seen if isinstance(h, FrameArrived) and h.to == to]


def talk(seed: int, weather: Weather, frames: int = 20) -> list[Happening[str]]:
    air = SimulatedAir[str](seed, weather)
    link = air.meet("rosa", "ahmed")
    for n in range(1, frames + 1):
        link.send("rosa", bytes([n]))
        link.send("ahmed", bytes([n]))
        air.send("rosa", "ahmed", bytes([n]))
    return happenings(air)


@given(SEEDS)
def test_a_seed_replays_the_same_weather(seed: int) -> None:
    first, second = ([repr(type(h)) for h in talk(seed, STORM)] for _ in range(2))

    assert first == second


@given(SEEDS)
def test_a_link_that_is_not_cut_delivers_everything_in_order(seed: int) -> None:
    seen = talk(seed, RAINY)

    for to in ("rosa", "ahmed"):
        assert frames_to(to, seen) == [bytes([n]) for n in range(1, 21)]


@given(SEEDS)
def test_a_cut_link_delivers_a_beginning_and_tells_each_end_once(seed: int) -> None:
    seen = talk(seed, STORM)

    for to in ("rosa", "ahmed"):
        arrived = frames_to(to, seen)
        assert arrived == [bytes([n]) for n in range(1, len(arrived) + 1)]
        cuts = [h for h in seen if isinstance(h, LinkCut) and h.to == to]
        assert len(cuts) == (1 if any(isinstance(h, LinkCut) for h in seen) else 0)


@given(SEEDS)
def test_time_never_runs_backwards(seed: int) -> None:
    air = SimulatedAir[str](seed, DRIZZLE)
    for n in range(30):
        air.send("rosa", "ahmed", bytes([n]))
    times = [air.now_s for _ in iter(air.step, None)]

    assert all(earlier <= later for earlier, later in pairwise(times))


def test_packets_are_lost_doubled_and_swapped() -> None:
    packets = [h.packet for h in talk(3, RAINY, frames=100) if isinstance(h, PacketArrived)]

    assert len(set(packets)) < 100
    assert len(packets) > len(set(packets))
    assert packets != sorted(packets)


def test_clear_air_loses_nothing() -> None:
    seen = talk(0, CLEAR)

    assert len(seen) == 60
    assert not any(isinstance(h, LinkCut) for h in seen)


def test_a_slow_node_sends_one_thing_after_the_other() -> None:
    air = SimulatedAir[str](0, Weather(delay_s=0.0, bits_per_s=1_000.0))
    for _ in range(3):
        air.send("rosa", "ahmed", bytes(125))

    times = [air.now_s for _ in iter(air.step, None)]

    assert times == [1.0, 2.0, 3.0]


def test_closing_lets_what_was_sent_arrive_first() -> None:
    air = SimulatedAir[str](1, Weather(loss=0.5, jitter_s=10.0))
    link = air.meet("rosa", "ahmed")
    link.send("rosa", b"last words")

    link.close("rosa")

    assert happenings(air) == [FrameArrived(link, "ahmed", b"last words"), LinkCut(link, "ahmed")]
    assert not link.send("ahmed", b"too late")


def test_a_node_is_woken_when_it_asked_to_be() -> None:
    air = SimulatedAir[str](0)
    air.wake_at(60.0, "rosa")

    assert (air.step(), air.now_s, air.step()) == (Awoke("rosa"), 60.0, None)


def test_a_link_in_hopeless_weather_is_cut_rather_than_retried_for_ever() -> None:
    air = SimulatedAir[str](0, Weather(loss=1.0))

    assert not air.meet("rosa", "ahmed").send("rosa", b"hello?")


def test_no_two_links_have_one_name() -> None:
    air = SimulatedAir[str](0)
    links: list[AirLink[str]] = [air.meet("rosa", "ahmed") for _ in range(3)]

    assert len({link.channel_id for link in links}) == 3


def test_a_stranger_cannot_send_on_a_link() -> None:
    with pytest.raises(ValueError, match="eve"):
        SimulatedAir[str](0).meet("rosa", "ahmed").send("eve", b"hi")
