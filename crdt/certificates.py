"""Who writes a log: the pseudonym's word in the log itself, and the binding in `inner`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crdt.crypto.keys import Enrolment, check_device_signature
from crdt.crypto.signing import Domain, check_signature
from crdt.entries.skeletons import Binding, Certificate
from crdt.errors import BadCertificate, BadSignature
from crdt.ids import LogId, MemberId, Pseudonym, SpaceId

if TYPE_CHECKING:
    from crdt.crypto.keys import DeviceKeys, LogKeys
    from crdt.entries.contents import Joiner
    from crdt.entries.entry import Header

NO_ERA = 0


def certify(keys: LogKeys, space: SpaceId, stamp_ms: int) -> Certificate:
    """Write the first skeleton of a log."""
    message = _certificate_message(space, keys.log, keys.incarnation, NO_ERA)
    return Certificate(
        stamp_ms=stamp_ms,
        cites=(),
        pseudonym=keys.pseudonym,
        incarnation=keys.incarnation,
        era=NO_ERA,
        proof=keys.withdrawal.sign(Domain.CERTIFICATE, message),
    )


def check_certificate(header: Header, certificate: Certificate) -> Pseudonym:
    """Make sure that a certificate belongs to the log whose entry it is.

    Returns:
        Who writes the log.

    Raises:
        BadCertificate: It is not the log's first entry, or the pseudonym did not sign it.
    """
    if header.sequence != 1 or header.is_sealed:
        raise BadCertificate("a certificate is the first entry of its log, and clear")
    message = _certificate_message(
        header.space, header.log, certificate.incarnation, certificate.era
    )
    try:
        check_signature(certificate.pseudonym, Domain.CERTIFICATE, message, certificate.proof)
    except BadSignature as error:
        raise BadCertificate("not signed by its pseudonym") from error
    return Pseudonym(certificate.pseudonym)


def _certificate_message(space: SpaceId, log: LogId, incarnation: bytes, era: int) -> bytes:
    return space + log + incarnation + era.to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class Writer:
    """The member and device behind a log."""

    member: MemberId
    device_public: bytes


def prove_device(keys: DeviceKeys, space: SpaceId, log: LogKeys) -> bytes:
    """Sign, as a device, that a log and its pseudonym are ours."""
    return keys.device.sign(Domain.BINDING, space + log.log + log.pseudonym)


def bind(keys: DeviceKeys, space: SpaceId, log: LogKeys, stamp_ms: int) -> Binding:
    """Say, for members' eyes only, that a log is this device's."""
    enrolment = keys.enrolment
    return Binding(
        stamp_ms=stamp_ms,
        cites=(),
        space=space,
        log=log.log,
        pseudonym=log.pseudonym,
        member=enrolment.member,
        device=enrolment.device_public,
        enrolment=enrolment.signature,
        proof=prove_device(keys, space, log),
        claim=log.withdrawal.sign(Domain.BINDING, space + enrolment.device_public),
    )


def check_binding(binding: Binding) -> Writer:
    """Make sure that the member enrolled the device, and device and pseudonym claim each other.

    Raises:
        BadSignature: One of them did not sign.
    """
    Enrolment(MemberId(binding.member), binding.device, binding.enrolment).check()
    message = binding.space + binding.log + binding.pseudonym
    check_device_signature(binding.device, Domain.BINDING, message, binding.proof)
    claimed = binding.space + binding.device
    check_signature(binding.pseudonym, Domain.BINDING, claimed, binding.claim)
    return Writer(MemberId(binding.member), binding.device)


def check_joiner(joiner: Joiner, space: SpaceId, log: LogId, pseudonym: Pseudonym) -> Writer:
    """Make sure that who joins is who wrote the join: an enrolment alone could be copied.

    Args:
        joiner: From the box of a join.
        space: Where the join stands.
        log: In which log.
        pseudonym: Who wrote it, by the log's certificate.

    Raises:
        BadSignature: The member did not enrol the device, or the device did not sign this log.
    """
    member = MemberId(joiner.member)
    Enrolment(member, joiner.device, joiner.enrolment).check()
    message = space + log + pseudonym
    check_device_signature(joiner.device, Domain.BINDING, message, joiner.proof)
    return Writer(member, joiner.device)
