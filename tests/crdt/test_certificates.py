"""Certificates, bindings and withdrawals: whose word each one needs."""

from __future__ import annotations

from dataclasses import replace as with_fields

import msgspec
import pytest

from crdt.certificates import bind, certify, check_binding, check_certificate
from crdt.codec import encode
from crdt.errors import BadCertificate, BadSignature
from crdt.ids import DocumentId, EntryId, EpochId, SpaceId
from crdt.withdrawals import check_withdrawal, withdraw
from tests.crdt.people import INCARNATION, REALM, SPACE, device_keys, entry_by, log_keys


def test_a_certificate_names_the_pseudonym_behind_a_log() -> None:
    certificate = certify(log_keys("rosa"), SPACE, 5)
    header = entry_by("rosa", encode(certificate)).header

    assert check_certificate(header, certificate) == log_keys("rosa").pseudonym


def test_a_certificate_serves_no_other_log_space_place_or_pseudonym() -> None:
    certificate = certify(log_keys("rosa"), SPACE, 5)
    header = entry_by("rosa", encode(certificate)).header
    forged = msgspec.structs.replace(certificate, pseudonym=log_keys("eve").pseudonym)

    for wrong_header in (
        with_fields(header, log=log_keys("eve").log),
        with_fields(header, space=SpaceId(bytes(32))),
        with_fields(header, sequence=2),
        with_fields(header, epoch=EpochId(b"e" * 16)),
    ):
        with pytest.raises(BadCertificate):
            check_certificate(wrong_header, certificate)
    with pytest.raises(BadCertificate):
        check_certificate(header, forged)


def test_a_binding_needs_the_word_of_member_and_device() -> None:
    keys = device_keys("rosa")
    binding = bind(keys, SPACE, keys.log(REALM, INCARNATION), 5)
    eve = device_keys("eve").enrolment

    assert check_binding(binding).member == keys.enrolment.member
    for change in (
        {"member": eve.member},
        {"device": eve.device_public},
        {"log": log_keys("eve").log},
        {"pseudonym": log_keys("eve").pseudonym},
        {"device": eve.device_public, "enrolment": eve.signature, "member": eve.member},
    ):
        with pytest.raises(BadSignature):
            check_binding(msgspec.structs.replace(binding, **change))


def test_a_withdrawal_is_signed_for_its_targets_and_document_only() -> None:
    targets = [EntryId(b"2" * 32), EntryId(b"1" * 32)]
    withdrawal = withdraw(log_keys("rosa").withdrawal, SPACE, targets, DocumentId(b"1" * 32), 5)

    assert check_withdrawal(SPACE, withdrawal) == log_keys("rosa").pseudonym
    for change in (
        {"targets": (b"3" * 32,)},
        {"document": None},
        {"pseudonym": log_keys("eve").pseudonym},
    ):
        with pytest.raises(BadSignature):
            check_withdrawal(SPACE, msgspec.structs.replace(withdrawal, **change))
    with pytest.raises(BadSignature):
        check_withdrawal(SpaceId(bytes(32)), withdrawal)
