"""Receipts: what they name, and that they always fit."""

from __future__ import annotations

from crdt.crypto.keys import DeviceKey
from crdt.ids import EntryId, LogId, LogKey
from crdt.store.rows import Run, Unfinished
from crdt.sync.receipts import (
    MAX_RECEIPT_BYTES,
    MAX_UNFINISHED,
    Receipt,
    fit_receipt,
    open_receipt,
    sign_receipt,
)
from tests.crdt.people import bytes_for
from tests.crdt.writers import SPACE

DEVICE = DeviceKey(bytes_for("device", 64))


WHOLE = Run(1, 5000, b"the last")


def log(name: object) -> LogKey:
    return SPACE, LogId(bytes_for(f"log {name}", 32))


def waiting(whose: object, count: int) -> list[Unfinished]:
    """Give unfinished withdrawals in a log, at its numbers 2, 4, 6, ..."""
    return [
        Unfinished(EntryId(bytes_for(f"withdrawal {whose} {n}", 32)), log(whose), 2 * n)
        for n in range(1, count + 1)
    ]


def signed(logs: list[LogKey], unfinished: list[Unfinished]) -> Receipt:
    named, waits = fit_receipt([(each, (WHOLE,)) for each in logs], unfinished)
    return open_receipt(sign_receipt(DEVICE, 1, 1, named, waits))


def test_a_receipt_of_few_logs_names_them_all() -> None:
    [one] = waiting("rosa", 1)

    receipt = signed([log("rosa"), log("ahmed")], [one])

    assert receipt.logs == {log("rosa"): (WHOLE,), log("ahmed"): (WHOLE,)}
    assert receipt.unfinished == {one.withdrawal}


def test_of_too_many_logs_a_receipt_names_the_first() -> None:
    logs = [log(n) for n in range(2000)]

    receipt = signed(logs, waiting(0, 5))

    assert 900 < len(receipt.logs) < 2000
    assert set(receipt.logs) == set(logs[: len(receipt.logs)])
    assert len(receipt.signed) > MAX_RECEIPT_BYTES - 256


def test_a_withdrawal_that_finds_no_room_among_the_unfinished_counts_as_not_here() -> None:
    few, many = waiting("rosa", 2), waiting("eve", MAX_UNFINISHED + 3)

    receipt = signed([log("eve"), log("rosa")], [*many, *few])

    assert len(receipt.unfinished) == MAX_UNFINISHED
    assert {each.withdrawal for each in few} <= receipt.unfinished
    assert receipt.logs[log("rosa")] == (WHOLE,)
    assert receipt.logs[log("eve")] == (WHOLE._replace(first=many[4].sequence + 1),)
    assert {each.withdrawal for each in many[5:]} < receipt.unfinished


def test_a_log_of_which_nothing_may_be_said_is_not_named() -> None:
    crowd = [each for n in range(MAX_UNFINISHED) for each in waiting(n, 1)]
    last = Unfinished(EntryId(b"w" * 32), log("eve"), 5000)

    receipt = signed([log("eve")], [*crowd, last, *waiting("eve", 1)])

    assert log("eve") not in receipt.logs
