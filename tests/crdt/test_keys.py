"""Keys: from words on paper to the log that a device signs."""

from __future__ import annotations

from dataclasses import replace

import pytest
import RNS
from hypothesis import given
from hypothesis import strategies as st

from crdt.crypto.keys import DeviceKey, MemberKey, seal_to_device
from crdt.crypto.recovery import entropy_of, words_of
from crdt.crypto.signing import Domain, SigningKey, check_signature
from crdt.errors import BadSignature, CannotOpen, CrdtError, Malformed
from tests.crdt.people import INCARNATION, REALM, bytes_for, device_keys


@given(st.binary(min_size=16, max_size=16))
def test_words_bring_the_same_member_back(entropy: bytes) -> None:
    words = words_of(entropy)

    assert len(words) == 12
    assert entropy_of("  " + " \n".join(words).upper()) == entropy


def test_words_with_a_slip_are_refused_and_the_slip_is_named() -> None:
    words = list(words_of(bytes(16)))

    with pytest.raises(Malformed, match="12 recovery words; these are 11"):
        entropy_of(" ".join(words[:-1]))
    with pytest.raises(Malformed, match="ridgeline"):
        entropy_of(" ".join([*words[:-1], "ridgeline"]))
    with pytest.raises(Malformed, match="swapped"):
        entropy_of(" ".join([words[-1], *words[:-1]]))


def test_a_device_is_a_reticulum_identity() -> None:
    key = DeviceKey(bytes_for("device", 64))

    identity = RNS.Identity.from_bytes(key.secret)

    assert identity.get_public_key() == key.public
    assert identity.hash == key.device
    assert identity.validate(key.sign(Domain.HELLO, b"x"), Domain.HELLO.value + b"x")


def test_what_is_sealed_to_a_device_only_that_device_opens() -> None:
    rosa, ahmed = device_keys("rosa").device, device_keys("ahmed").device
    box = seal_to_device(rosa.public, b"epoch key")

    assert rosa.open(box) == b"epoch key"
    with pytest.raises(CannotOpen):
        ahmed.open(box)
    with pytest.raises(CannotOpen):
        rosa.open(b"short")


def test_an_enrolment_is_good_for_one_device_of_one_member() -> None:
    enrolment = device_keys("rosa").enrolment
    enrolment.check()

    for forged in (
        replace(enrolment, member=device_keys("ahmed").enrolment.member),
        replace(enrolment, device_public=device_keys("rosa", "phone").device.public),
        replace(enrolment, device_public=b""),
    ):
        with pytest.raises(BadSignature):
            forged.check()


def test_all_devices_of_a_member_share_one_pseudonym_and_no_log() -> None:
    laptop = device_keys("rosa", "laptop").log(REALM, INCARNATION)
    phone = device_keys("rosa", "phone").log(REALM, INCARNATION)

    assert laptop.pseudonym == phone.pseudonym
    assert laptop.log != phone.log


def test_pseudonyms_of_two_realms_have_nothing_in_common() -> None:
    keys = device_keys("rosa")

    assert keys.log(REALM, INCARNATION).pseudonym != keys.log(b"q" * 17, INCARNATION).pseudonym


def test_a_new_incarnation_is_a_new_log_of_the_same_pseudonym() -> None:
    keys = device_keys("rosa")
    before, after = keys.log(REALM, b"1" * 16), keys.log(REALM, b"2" * 16)

    assert (before.log == after.log, before.pseudonym == after.pseudonym) == (False, True)


def test_a_signature_for_one_purpose_does_not_serve_another() -> None:
    key = SigningKey(bytes(32))
    signature = key.sign(Domain.INVITE, b"x")

    check_signature(key.public, Domain.INVITE, b"x", signature)
    with pytest.raises(BadSignature):
        check_signature(key.public, Domain.ENTRY, b"x", signature)


@given(st.binary(max_size=70), st.binary(max_size=70))
def test_garbage_is_no_signature(public: bytes, signature: bytes) -> None:
    with pytest.raises(CrdtError):
        check_signature(public, Domain.ENTRY, b"x", signature)


def test_the_root_is_not_among_what_a_device_keeps() -> None:
    entropy = bytes_for("rosa", 16)
    root = MemberKey(entropy)
    kept = device_keys("rosa")

    assert kept.withdrawal_seed == root.withdrawal_seed
    assert not hasattr(kept, "entropy")
    assert entropy not in kept.device.secret + kept.withdrawal_seed
