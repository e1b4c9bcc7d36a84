"""What one wrong member or stranger cannot do to everybody: close, hide, displace, count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from crdt.entries.authoring import SALTS_BYTES, author
from crdt.entries.entry import Priority, decode_entry
from crdt.entries.keyring import write_epoch
from crdt.errors import SpaceClosed
from crdt.rights.authority import Role
from crdt.sync.greeting import Greeting
from crdt.sync.hello import Box, Direction, Introduction, read_introduction, tag_of
from crdt.sync.source import StoreSource
from meshnode.record.receipt_desk import renew_receipt
from meshnode.record.sharing import shared_spaces
from tests.crdt.village import START_MS, Villager
from tests.security.village_rules import join, remove

if TYPE_CHECKING:
    from pathlib import Path


def first_words_about(node: Villager, key: bytes) -> Introduction:
    """What a node that makes a link says at once to whoever knows a discovery key."""
    channel, nonce, speaks = b"channel", b"n" * 16, Direction.INITIATOR
    spaces = shared_spaces(node.replica)
    device = node.replica.keys.device
    greeting = Greeting(StoreSource(node.store), spaces, device, channel, speaks, nonce)
    named = [
        offer for offer in greeting.first_offers() if offer.tag == tag_of(key, speaks, channel)
    ]
    [inner] = [shared for shared in spaces if shared.needs_proof]
    box = Box(key, speaks, channel, nonce)
    return box.open(named[0].box, lambda said: read_introduction(speaks, inner, channel, said))


@pytest.mark.slow
def test_a_steward_who_closed_a_space_is_removed_and_the_space_opens_again(
    rosa: Villager, tmp_path: Path
) -> None:
    wrong = join(rosa, tmp_path, "wrong", Role.STEWARD)
    for level in ("commons", "inner"):
        wrong.write("A note.", level)
        wrong.give(rosa)
        held = wrong.space(level)
        unknown = msgspec.msgpack.encode([30, wrong.weather.now_ms(), list(held.heads)])
        position = wrong.store.logs.position(held.space, held.own.log)
        entry = author(
            held.own,
            position,
            Priority.URGENT,
            unknown,
            b"",
            salts=bytes(SALTS_BYTES),
            seal=held.writing_seal(),
        )
        rosa.replica.admit([decode_entry(entry.wire())])
        rosa.replica.react()
        with pytest.raises(SpaceClosed):
            rosa.write("Closed.", level)

    remove(rosa, wrong)

    for level in ("commons", "inner"):
        assert rosa.text(rosa.write("Open again.", level)) == "Open again."


def all_keys(node: Villager) -> tuple[bytes, ...]:
    epochs = node.space("inner").epochs
    assert epochs is not None
    return epochs.keys()


@pytest.mark.slow
def test_keys_that_a_stranger_hands_out_push_no_key_of_ours_aside(
    rosa: Villager, tmp_path: Path
) -> None:
    ahmed = join(rosa, tmp_path, "ahmed", Role.READER)
    inner, own = rosa.space("inner"), all_keys(rosa)
    discovery = inner.discovery_keys(START_MS)[0]
    junk = [bytes([turn]) * 32 for turn in range(1, 70)]
    public, theirs = rosa.replica.keys.device.public, ahmed.space("inner")
    for key in junk:
        epoch = write_epoch(
            key,
            [public],
            junk[:60],
            space=inner.space,
            author=theirs.own.pseudonym,
            cites=theirs.heads,
            stamp_ms=(1 << 53) - 1,
        )
        ahmed.replica.pen.write(theirs, epoch, priority=Priority.URGENT)
    ahmed.give(rosa)

    assert len(all_keys(rosa)) >= 70
    assert all_keys(rosa)[: len(own)] == own
    assert inner.discovery_keys(START_MS)[0] == discovery


@pytest.mark.slow
def test_who_was_removed_is_not_told_how_much_there_is(rosa: Villager, tmp_path: Path) -> None:
    ahmed = join(rosa, tmp_path, "ahmed")
    chidi = join(rosa, tmp_path, "chidi", Role.READER)  # may not begin a new key
    old = chidi.space("inner").discovery_keys(START_MS)[0]
    remove(rosa, ahmed)
    inner = rosa.space("inner").space
    for stored in rosa.store.entries.since(inner, 0):
        if stored.kind != 9:  # the removal has come, and the new key has not
            chidi.replica.admit([decode_entry(stored.entry.wire())])
    assert chidi.space("inner").discovery_keys(START_MS)[0] == old

    told = first_words_about(chidi, old)

    assert told.fingerprint is None
    assert told.count == 0
    assert first_words_about(rosa, rosa.space("inner").discovery_keys(START_MS)[0]).count > 0


def test_receipts_of_a_device_that_lost_its_database_are_news_again(rosa: Villager) -> None:
    first = renew_receipt(rosa.replica, rosa.space("inner"))
    assert first is not None
    counters = rosa.store.receipts.counters(rosa.space("inner").space)
    assert set(counters.values()) == {rosa.weather.time_ms}
