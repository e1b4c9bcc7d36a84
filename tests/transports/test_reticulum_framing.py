"""Frames come out as they went in, whichever way they went, and strangers cannot fill us up."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transports.errors import FrameTooLarge, LinkClosed, TransportError
from transports.link import MAX_FRAME_BYTES
from transports.reticulum_framing import (
    WINDOW_BYTES,
    Arrived,
    Credit,
    Reassembly,
    frame_cost,
    grant_message,
    resource_body,
    split,
)

LARGEST = bytes(MAX_FRAME_BYTES)


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=900), st.booleans()), max_size=20),
    st.integers(20, 500),
    st.randoms(use_true_random=False),
)
def test_frames_keep_their_order_though_resources_overtake(
    frames: list[tuple[bytes, bool]], message_bytes: int, chance: Random
) -> None:
    messages: list[bytes] = []
    resources: list[bytes] = []
    for number, (frame, as_resource) in enumerate(frames):
        if as_resource:
            resources.append(resource_body(frame, number))
        else:
            messages += split(frame, number, message_bytes)
    assembly = Reassembly()
    arrived: list[bytes] = []

    while messages or resources:
        if messages and (not resources or chance.random() < 0.5):
            arrived += assembly.take_message(messages.pop(0)).frames
        else:
            arrived += assembly.take_resource(resources.pop(0)).frames

    assert arrived == [frame for frame, _ in frames]


@given(st.binary(min_size=1, max_size=2000), st.integers(20, 500))
def test_no_message_is_longer_than_the_channel_carries(frame: bytes, message_bytes: int) -> None:
    assert all(len(message) <= message_bytes for message in split(frame, 0, message_bytes))


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_bytes_are_taken_or_refused_with_our_error(messages: list[bytes]) -> None:
    assembly = Reassembly()

    for message in messages:
        for take in (assembly.take_message, assembly.take_resource):
            try:
                arrived = take(message)
            except TransportError:
                continue
            assert sum(map(len, arrived.frames)) <= sum(map(len, messages))


def test_a_frame_that_never_ends_is_refused_at_the_bound() -> None:
    assembly = Reassembly()
    parts = split(bytes(MAX_FRAME_BYTES + 1), 0, 1005)

    for part in parts[:-1]:
        assert assembly.take_message(part) == Arrived()
    with pytest.raises(FrameTooLarge):
        assembly.take_message(parts[-1])


def test_a_flood_is_refused_when_the_credit_is_used() -> None:
    assembly = Reassembly()
    for number in range(4):
        assembly.take_resource(resource_body(LARGEST, number))

    with pytest.raises(FrameTooLarge):
        assembly.check_resource(5)
    with pytest.raises(FrameTooLarge):
        assembly.take_resource(resource_body(b"x", 4))


def test_frames_far_ahead_count_against_the_credit_too() -> None:
    assembly = Reassembly()

    with pytest.raises(FrameTooLarge):
        for number in range(1, 10_000):
            assembly.take_message(split(b"x", number, 100)[0])


def test_a_sender_and_a_reader_go_on_for_ever() -> None:
    assembly, credit = Reassembly(), Credit()
    unread: list[bytes] = []

    for number in range(200):
        frame = bytes(Random(number).randint(1, MAX_FRAME_BYTES))
        while not credit.allows(frame):
            granted = assembly.read(unread.pop(0))
            if granted is not None:
                arrived = assembly.take_message(grant_message(granted))
                assert arrived.credit is not None
                credit.grant(arrived.credit)
        credit.use(frame)
        unread += assembly.take_resource(resource_body(frame, number)).frames

        assert sum(frame_cost(len(frame)) for frame in unread) <= WINDOW_BYTES


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([b""], id="nothing"),
        pytest.param([b"\x00\x00\x00\x00\x00"], id="an empty frame"),
        pytest.param([b"\x07\x00\x00\x00\x00x"], id="an unknown kind"),
        pytest.param([b"\x02\x00"], id="half a grant"),
        pytest.param([*split(b"x", 0, 100), *split(b"y", 0, 100)], id="a frame twice"),
        pytest.param([split(b"xyz", 0, 6)[0], *split(b"y", 1, 100)], id="a frame inside another"),
    ],
)
def test_what_breaks_the_rules_closes_the_link(messages: list[bytes]) -> None:
    assembly = Reassembly()
    for message in messages[:-1]:
        assembly.take_message(message)

    with pytest.raises(LinkClosed):
        assembly.take_message(messages[-1])


def test_a_grant_beyond_reason_is_refused_and_an_old_one_ignored() -> None:
    credit = Credit()

    credit.grant(1)
    assert credit.allows(LARGEST)
    with pytest.raises(LinkClosed):
        credit.grant(2 * WINDOW_BYTES)
