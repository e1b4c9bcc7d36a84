"""Epoch keys as entries carry them: who can open what, and whose word an epoch is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from crdt.entries.keyring import Keyring, write_epoch, write_share
from crdt.errors import CannotOpen, CrdtError
from crdt.ids import Pseudonym, SpaceId
from tests.crdt.people import bytes_for, device_keys

if TYPE_CHECKING:
    from crdt.entries.skeletons import Epoch

ROSA, AHMED = device_keys("rosa").device, device_keys("ahmed").device
FIRST, SECOND, THIRD = (bytes_for(f"epoch {n}", 32) for n in range(3))
SPACE = SpaceId(bytes_for("space", 32))
AUTHOR = Pseudonym(bytes_for("author", 32))


def begun(key: bytes, devices: list[bytes], earlier: list[bytes] | None = None) -> Epoch:
    return write_epoch(
        key, devices, earlier or [], space=SPACE, author=AUTHOR, cites=(), stamp_ms=0
    )


def holding(*keys: bytes) -> Keyring:
    keyring = Keyring(SPACE, {})
    for key in keys:
        keyring.add(key)
    return keyring


def test_each_device_that_an_epoch_is_sealed_to_learns_its_key() -> None:
    epoch = begun(FIRST, [ROSA.public, AHMED.public])

    for device in (ROSA, AHMED):
        assert holding().unbox(epoch, device) == FIRST
    assert holding().unbox(epoch, device_keys("eve").device) is None


def test_a_late_joiner_reads_what_was_written_before() -> None:
    second = begun(SECOND, [AHMED.public], [FIRST])

    assert holding(SECOND).earlier(second, AUTHOR) == (FIRST,)
    with pytest.raises(CannotOpen):
        holding(FIRST).earlier(second, AUTHOR)


def test_a_share_brings_the_key_to_who_came_later() -> None:
    share = write_share(SECOND, [AHMED.public], cites=(), stamp_ms=0)

    assert holding().unbox(share, AHMED) == SECOND
    assert holding().unbox(share, ROSA) is None


def test_a_key_is_new_once() -> None:
    keyring = Keyring(SPACE, {})

    assert keyring.add(FIRST)
    assert not keyring.add(FIRST)
    assert keyring.keys == (FIRST,)


def test_a_box_with_another_key_than_the_epoch_names_is_not_learnt() -> None:
    honest = begun(FIRST, [])
    swapped = write_share(SECOND, [AHMED.public], cites=(), stamp_ms=0)

    forged = type(swapped)(0, (), honest.epoch, swapped.boxes)

    assert holding().unbox(forged, AHMED) is None


@pytest.mark.parametrize(
    "copied",
    [
        lambda epoch: replace(epoch, cites=(bytes_for("cites", 32),)),
        lambda epoch: replace(epoch, stamp_ms=1),
        lambda epoch: replace(epoch, boxes=epoch.boxes[:1]),
        lambda epoch: replace(epoch, earlier=epoch.earlier[:-1] + b"?"),
    ],
    ids=["older heads", "another stamp", "fewer boxes", "rubbish"],
)
def test_who_does_not_know_the_key_cannot_change_an_epoch(copied: object) -> None:
    epoch = begun(THIRD, [ROSA.public, AHMED.public], [FIRST])
    assert callable(copied)

    with pytest.raises(CrdtError):
        holding(THIRD).earlier(copied(epoch), AUTHOR)
    assert holding(THIRD).earlier(epoch, AUTHOR) == (FIRST,)


def test_nobody_passes_somebody_elses_epoch_off_as_their_own() -> None:
    epoch = begun(THIRD, [AHMED.public], [FIRST])

    with pytest.raises(CannotOpen):
        holding(THIRD).earlier(epoch, Pseudonym(bytes_for("eve", 32)))
