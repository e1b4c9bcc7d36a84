"""Receipts: nobody keeps a node from saying, signed, what it holds and has erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.certificates import bind
from crdt.crypto.keys import DeviceKey, DeviceKeys, MemberKey
from crdt.entries.entry import Priority
from crdt.store import caches
from crdt.sync import receipts
from crdt.sync.receipts import open_receipt, sign_receipt
from crdt.tickets import read_ticket
from meshnode.record.coverage import coverage_of
from meshnode.record.receipt_desk import keep_receipts, receipt_of, renew_receipt
from tests.crdt.people import bytes_for
from tests.crdt.village import Villager
from tests.security.test_quota import flood

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.ids import DocumentId
    from crdt.sync.receipts import Receipt


@pytest.fixture
def ahmed(rosa: Villager, tmp_path: Path) -> Villager:
    villager = Villager(tmp_path, "ahmed")
    [community] = rosa.replica.membership.communities()
    villager.replica.membership.redeem(read_ticket(rosa.ticket(community)))
    rosa.meet(villager)
    return villager


def renewed(node: Villager) -> Receipt:
    inner = node.space("inner")
    renew_receipt(node.replica, inner)
    receipt = receipt_of(node.replica, inner.space, node.replica.keys.device.device)
    assert receipt is not None
    return receipt


def tell(node: Villager, other: Villager) -> None:
    keep_receipts(other.replica, other.space("inner").space, (open_receipt(renewed(node).signed),))


def begin_logs(node: Villager, count: int) -> list[DocumentId]:
    """Write notes, each in a log of its own."""
    notes = []
    for n in range(count):
        node.replica.pen.reincarnate(node.space("commons"))
        notes.append(node.write(f"Note {n}."))
    return notes


def test_a_receipt_does_not_name_what_strangers_write(rosa: Villager) -> None:
    commons = rosa.space("commons")
    own = renewed(rosa)

    for n in range(5):
        assert not rosa.replica.admit(flood(commons, f"m{n}", 2)).refused

    assert renewed(rosa) == own
    rosa.write("Something new.")
    assert renewed(rosa).logs.keys() == own.logs.keys()


def test_who_begins_many_logs_takes_no_room_from_others(
    rosa: Villager, ahmed: Villager, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = rosa.write("A note.")
    log = rosa.space("commons").space, rosa.space("commons").own.log
    begin_logs(ahmed, 12)
    rosa.meet(ahmed)
    whole = renewed(rosa)
    rosa.write("Another.")
    monkeypatch.setattr(receipts, "MAX_RECEIPT_BYTES", 450)

    receipt = renewed(rosa)

    assert len(whole.logs) > 12 > len(receipt.logs)
    assert log in receipt.logs
    inner = rosa.space("inner").space
    assert (inner, rosa.space("inner").own.log) in receipt.logs
    assert (inner, ahmed.space("inner").own.log) in receipt.logs
    assert coverage_of(rosa.replica, note, "").done == 1


def test_what_a_receipt_leaves_out_is_waited_for(
    rosa: Villager, ahmed: Villager, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = begin_logs(ahmed, 12)
    rosa.meet(ahmed)
    tell(rosa, ahmed)
    tell(ahmed, ahmed)
    assert coverage_of(ahmed.replica, notes[0], "").done == 2
    monkeypatch.setattr(receipts, "MAX_RECEIPT_BYTES", 450)
    rosa.write("Another.")

    tell(rosa, ahmed)

    states = {node.name: node.state for node in coverage_of(ahmed.replica, notes[0], "").nodes}
    assert states == {"Rosa": "waiting", "Ahmed": "erased"}


def enrol(node: Villager, count: int) -> list[Receipt]:
    """Bind devices to a member, and sign a receipt with each."""
    inner, member = node.space("inner"), MemberKey(bytes_for(node.name, 16))
    signed = []
    for n in range(count):
        device = DeviceKey(bytes_for(f"{node.name} device {n}", 64))
        keys = DeviceKeys(device, member.withdrawal_seed, member.enrol(device.public))
        binding = bind(keys, inner.space, inner.own, node.weather.now_ms())
        node.replica.pen.write(inner, binding, priority=Priority.URGENT)
        signed.append(open_receipt(sign_receipt(device, 1, 1, {}, ())))
    return signed


def test_who_has_many_devices_takes_no_place_on_the_shelf_from_others(
    rosa: Villager, ahmed: Villager, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = enrol(ahmed, 8)
    rosa.meet(ahmed)
    inner = rosa.space("inner").space
    monkeypatch.setattr(caches, "MAX_DEVICES", 6)

    newer = [keep_receipts(rosa.replica, inner, (receipt,)) for receipt in crowd]
    own = renewed(rosa)
    shelf = rosa.store.receipts.counters(inner)

    assert all(newer[:6])
    assert len(shelf) == 6
    assert own.device in shelf
    assert renew_receipt(rosa.replica, rosa.space("inner")) is None


def test_a_full_shelf_holds_the_same_receipts_whatever_came_first(
    rosa: Villager, ahmed: Villager, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [*enrol(ahmed, 8), *enrol(rosa, 2)]
    rosa.meet(ahmed)
    inner = rosa.space("inner").space
    monkeypatch.setattr(caches, "MAX_DEVICES", 6)

    shelves = []
    for turn in range(len(crowd)):
        keep_receipts(rosa.replica, inner, tuple(crowd[turn:] + crowd[:turn]))
        shelves.append(rosa.store.receipts.counters(inner))
        with rosa.store.writing():
            for device in shelves[-1]:
                rosa.store.receipts.drop(inner, device)

    assert all(shelf == shelves[0] for shelf in shelves)
    assert len(shelves[0]) == 6
    assert {receipt.device for receipt in crowd[8:]} <= shelves[0].keys()


def test_a_device_that_may_not_read_any_more_makes_room(
    rosa: Villager, ahmed: Villager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "MAX_DEVICES", 2)
    tell(ahmed, rosa)
    [gone] = rosa.store.receipts.counters(rosa.space("inner").space)
    more = enrol(rosa, 2)
    [community] = rosa.replica.membership.communities()
    rosa.replica.standing.remove(community, ahmed.replica.keys.enrolment.member)

    keep_receipts(rosa.replica, rosa.space("inner").space, tuple(more))

    shelf = rosa.store.receipts.counters(rosa.space("inner").space)
    assert gone not in shelf
    assert shelf.keys() == {receipt.device for receipt in more}
