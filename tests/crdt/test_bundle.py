"""Bundles: everything for everybody, or what one peer lacks; twice, or half, is safe."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.entries.entry import verify
from crdt.errors import BadSignature, Malformed, MeshError
from crdt.sync.bundle import BundleRead, BundleReader, Reading, write_bundle
from crdt.sync.events import EntriesArrived, ReceiptsArrived
from crdt.sync.frames import MAX_FRAME_BYTES
from crdt.sync.receipts import open_receipt, sign_receipt
from tests.crdt.meeting import COMMONS, INNER, Node, meet
from tests.crdt.writers import OTHER_SPACE, SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.sync.receipts import Receipt

NONCE = b"n" * 16


def bundle(node: Node, known: Receipt | None = None) -> list[bytes]:
    return list(write_bundle(node.source, node.spaces, NONCE, known=known))


def read(node: Node, frames: Iterable[bytes]) -> list[BundleRead | ReceiptsArrived]:
    reader = BundleReader(node.spaces)
    told: list[BundleRead | ReceiptsArrived] = []
    for frame in frames:
        assert len(frame) <= MAX_FRAME_BYTES
        for event in reader.receive(frame):
            if isinstance(event, EntriesArrived):
                node.admit(verify(entry) for entry in event.entries)
            else:
                told.append(event)
    return told


def receipt_of(node: Node) -> Receipt:
    logs = {
        (shared.space, row.log): node.store.logs.runs(shared.space, row.log)
        for shared in node.spaces
        for row in node.store.logs.of_space(shared.space)
    }
    signed = sign_receipt(node.device, 1, 0, logs, ())
    with node.store.writing():
        node.store.receipts.put(OTHER_SPACE, node.device.device, 1, signed)
    return open_receipt(signed)


def filled(*names: str) -> list[Node]:
    nodes = [Node(name, COMMONS, INNER) for name in names]
    for turn in range(10):
        nodes[0].write(bytes([turn]) * 9000)
        nodes[0].write(b"inner %d" % turn, OTHER_SPACE)
    return nodes


def test_a_bundle_for_everybody_brings_everything() -> None:
    rosa, ahmed = filled("rosa", "ahmed")
    assert read(ahmed, bundle(rosa)) == [BundleRead(20, 0)]
    assert ahmed.holds() == rosa.holds() and ahmed.holds(OTHER_SPACE) == rosa.holds(OTHER_SPACE)


def test_reading_twice_or_half_is_safe() -> None:
    rosa, ahmed = filled("rosa", "ahmed")
    frames = bundle(rosa)
    read(ahmed, islice(frames, 2))
    assert ahmed.holds() < rosa.holds()
    read(ahmed, frames)
    read(ahmed, frames)
    assert ahmed.holds() == rosa.holds()


def test_a_bundle_for_a_known_peer_leaves_out_what_it_has() -> None:
    rosa, ahmed = filled("rosa", "ahmed")
    meet(rosa, ahmed)
    fresh = rosa.write(b"new")
    assert read(ahmed, bundle(rosa, receipt_of(ahmed))) == [BundleRead(1, 0)]
    assert fresh.id in ahmed.holds()


def test_spaces_that_are_not_held_are_skipped_and_counted() -> None:
    rosa = filled("rosa")[0]
    stranger = Node("stranger", COMMONS)
    receipt_of(rosa)
    assert read(stranger, bundle(rosa)) == [BundleRead(20, 10)]
    assert stranger.holds() == rosa.holds(SPACE)


def test_receipts_travel_sealed_and_open_for_the_community_only() -> None:
    rosa, ahmed = filled("rosa", "ahmed")
    receipt = receipt_of(rosa)
    frames = bundle(rosa)
    assert not any(rosa.device.public in frame for frame in frames)
    assert ReceiptsArrived(OTHER_SPACE, (receipt,)) in read(ahmed, frames)


def test_withdrawn_words_are_in_no_bundle_made_later() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    regret = rosa.write(b"a regret that is withdrawn")
    assert any(b"a regret" in frame for frame in bundle(rosa))
    rosa.withdraw(regret.id)
    frames = bundle(rosa)
    assert not any(b"a regret" in frame for frame in frames)
    read(ahmed, frames)
    assert ahmed.holds() == rosa.holds()


def test_pages_out_of_place_are_refused() -> None:
    rosa, ahmed = filled("rosa", "ahmed")
    opening, page, *_, closing = bundle(rosa)
    reader = BundleReader(ahmed.spaces)
    with pytest.raises(Malformed):
        reader.receive(page)
    reader.receive(opening)
    with pytest.raises(Malformed):
        reader.receive(opening)
    with pytest.raises(Malformed):
        reader.receive(closing)
    for frame in bundle(rosa)[1:]:
        reader.receive(frame)
    assert reader.reading is Reading.WHOLE
    with pytest.raises(Malformed):
        reader.receive(page)


def test_an_entry_changed_on_the_way_is_refused() -> None:
    rosa, ahmed = filled("rosa", "ahmed")
    frames = bundle(rosa)
    damaged = bytearray(frames[1])
    damaged[-1] ^= 1
    with pytest.raises(BadSignature):
        read(ahmed, [frames[0], bytes(damaged)])
    assert ahmed.holds() == set()


@given(st.binary(max_size=200))
def test_garbage_is_no_bundle(garbage: bytes) -> None:
    reader = BundleReader([COMMONS])
    try:
        reader.receive(garbage)
    except MeshError:
        assert reader.reading is Reading.NOTHING
