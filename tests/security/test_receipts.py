"""Receipts: nobody keeps a node from saying, signed, what it holds and has erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.sync import receipts
from crdt.sync.receipts import open_receipt
from crdt.tickets import read_ticket
from meshnode.record.coverage import coverage_of
from meshnode.record.receipt_desk import keep_receipts, receipt_of, renew_receipt
from tests.crdt.village import Villager
from tests.security.test_quota import flood

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.ids import DocumentId
    from crdt.sync.receipts import Receipt


@pytest.fixture
def rosa(tmp_path: Path) -> Villager:
    villager = Villager(tmp_path, "rosa")
    villager.found()
    return villager


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
    log = rosa.space("commons").own.log
    begin_logs(ahmed, 12)
    rosa.meet(ahmed)
    whole = renewed(rosa)
    rosa.write("Another.")
    monkeypatch.setattr(receipts, "MAX_RECEIPT_BYTES", 450)

    receipt = renewed(rosa)

    assert len(whole.logs) > 12 > len(receipt.logs)
    assert log in receipt.logs
    assert {rosa.space("inner").own.log, ahmed.space("inner").own.log} <= receipt.logs.keys()
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
