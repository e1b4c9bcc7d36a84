"""Epoch keys: who can open what, and that history stays readable for late joiners."""

from __future__ import annotations

from crdt.entries.keyring import Keyring, write_epoch, write_share
from tests.crdt.people import bytes_for, device_keys

ROSA, AHMED = device_keys("rosa").device, device_keys("ahmed").device
FIRST, SECOND, THIRD = (bytes_for(f"epoch {n}", 32) for n in range(3))


def test_each_device_that_an_epoch_is_sealed_to_learns_its_key() -> None:
    epoch = write_epoch(FIRST, [ROSA.public, AHMED.public], [], cites=(), stamp_ms=0)

    for device in (ROSA, AHMED):
        assert Keyring({}).learn(epoch, device) == (FIRST,)
    assert Keyring({}).learn(epoch, device_keys("eve").device) == ()


def test_a_late_joiner_reads_what_was_written_before() -> None:
    write_epoch(FIRST, [ROSA.public], [], cites=(), stamp_ms=0)
    second = write_epoch(SECOND, [ROSA.public, AHMED.public], [FIRST], cites=(), stamp_ms=0)

    assert Keyring({}).learn(second, AHMED) == (SECOND, FIRST)


def test_a_share_brings_the_key_and_the_epoch_then_brings_the_earlier_ones() -> None:
    second = write_epoch(SECOND, [ROSA.public], [FIRST], cites=(), stamp_ms=0)
    share = write_share(SECOND, [AHMED.public], cites=(), stamp_ms=0)
    keyring = Keyring({})

    assert keyring.learn(second, AHMED) == ()
    assert keyring.learn(share, AHMED) == (SECOND,)
    assert keyring.learn(second, AHMED) == (FIRST,)
    assert keyring.learn(second, AHMED) == ()


def test_a_box_with_another_key_than_the_epoch_names_is_not_learnt() -> None:
    honest = write_epoch(FIRST, [], [], cites=(), stamp_ms=0)
    swapped = write_share(SECOND, [AHMED.public], cites=(), stamp_ms=0)

    forged = type(swapped)(0, (), honest.epoch, swapped.boxes)

    assert Keyring({}).learn(forged, AHMED) == ()


def test_rubbish_among_the_earlier_keys_does_not_cost_the_epoch() -> None:
    epoch = write_epoch(THIRD, [AHMED.public], [FIRST], cites=(), stamp_ms=0)
    damaged = type(epoch)(0, (), epoch.epoch, epoch.boxes, epoch.earlier[:-1] + b"?")

    assert Keyring({}).learn(damaged, AHMED) == (THIRD,)
