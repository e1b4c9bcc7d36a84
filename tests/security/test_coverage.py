"""Coverage: nobody is told that words are gone while a node of the community has them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from crdt.entries.entry import decode_entry
from crdt.entries.skeletons import Kind
from crdt.sync.bundle import write_bundle
from crdt.sync.source import StoreSource
from meshnode.record.coverage import coverage_of
from meshnode.record.receipt_desk import receipt_of
from meshnode.record.sharing import shared_spaces
from tests.security.test_receipts import ahmed, renewed, tell

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.entries.entry import SignedEntry
    from crdt.ids import DocumentId
    from tests.crdt.village import Villager

__all__ = ["ahmed"]

WORDS = "The house by the mill."


def has_words(node: Villager) -> bool:
    entries = node.store.entries.since(node.space("commons").space, 0)
    return any(b"by the mill" in (stored.entry.content or b"") for stored in entries)


def said_of(node: Villager, note: DocumentId) -> dict[str, str]:
    return {each.name: each.state for each in coverage_of(node.replica, note, "").nodes}


def of_log(node: Villager, *kinds: Kind) -> list[SignedEntry]:
    commons = node.space("commons")
    return [
        decode_entry(stored.entry.wire())
        for stored in node.store.entries.since(commons.space, 0)
        if stored.entry.header.log == commons.own.log and stored.kind in kinds
    ]


def test_whoever_keeps_a_certificate_back_hides_no_words_from_coverage(
    rosa: Villager, ahmed: Villager
) -> None:
    rosa.replica.pen.reincarnate(rosa.space("commons"))
    note = rosa.write(WORDS)
    certificate, words = of_log(rosa, Kind.CERTIFICATE), of_log(rosa, Kind.BEGIN, Kind.EDIT)
    rosa.withdraw(note)

    assert not ahmed.replica.admit([*words, *of_log(rosa, Kind.WITHDRAWAL)]).refused
    tell(ahmed, rosa)
    before, had_words = said_of(rosa, note), has_words(ahmed)
    ahmed.replica.admit(certificate)
    tell(ahmed, rosa)

    assert had_words and before["Ahmed"] == "waiting"
    assert not has_words(ahmed)
    assert said_of(rosa, note)["Ahmed"] == "erased"


@pytest.fixture
def note(rosa: Villager, ahmed: Villager, tmp_path: Path) -> DocumentId:
    """A note that both hold; Rosa's node is a copy from before she wrote another, for Ahmed."""
    written = rosa.write(WORDS)
    rosa.meet(ahmed)
    rosa.store.checkpoint()
    rosa.store.close()
    shutil.copy(rosa.path, tmp_path / "copy.db")
    rosa._reopen()
    rosa.write("Something else.")
    rosa.give(ahmed)
    rosa.store.checkpoint()
    rosa.store.close()
    shutil.copy(tmp_path / "copy.db", rosa.path)
    rosa._reopen()
    return written


def test_a_number_that_says_something_else_elsewhere_covers_nothing(
    rosa: Villager, ahmed: Villager, note: DocumentId
) -> None:
    rosa.withdraw(note)

    tell(ahmed, rosa)

    assert has_words(ahmed)
    assert said_of(rosa, note)["Ahmed"] == "waiting"


def test_a_withdrawal_in_a_log_that_forked_is_covered_once_it_has_come(
    rosa: Villager, ahmed: Villager, note: DocumentId
) -> None:
    rosa.withdraw(note)
    rosa.meet(ahmed)

    tell(ahmed, rosa)
    tell(rosa, ahmed)
    tell(ahmed, ahmed)
    tell(rosa, rosa)

    assert rosa.store.logs.forks(rosa.space("commons").space)
    assert not has_words(ahmed)
    for node in (rosa, ahmed):
        assert said_of(node, note) == {"Rosa": "erased", "Ahmed": "erased"}


def test_a_bundle_for_a_peer_leaves_out_nothing_that_it_may_lack(
    rosa: Villager, ahmed: Villager, note: DocumentId
) -> None:
    rosa.withdraw(note)
    tell(ahmed, rosa)
    device = ahmed.replica.keys.device.device
    known = receipt_of(rosa.replica, rosa.space("inner").space, device)

    frames = list(
        write_bundle(StoreSource(rosa.store), shared_spaces(rosa.replica), bytes(16), known=known)
    )

    [withdrawal] = of_log(rosa, Kind.WITHDRAWAL)
    assert any(withdrawal.header in frame for frame in frames)
    assert renewed(ahmed).signed == (known.signed if known else b"")
