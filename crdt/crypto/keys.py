"""Keys of people and machines, and everything that is derived from them.

    recovery words ─ entropy ─┬─ member root key     signs enrolments; kept on paper only
                              └─ withdrawal seed ─── withdrawal key per realm = pseudonym
    device secret (64 B, Reticulum identity layout) ─ log key per realm and incarnation

A *realm* is what a space is called before it has an id: the community's nonce
and the kind of space. Keys are derived from the realm, because the space's id
is a hash that already covers its founders' pseudonyms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from nacl.bindings import crypto_scalarmult_base
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from crdt.crypto.signing import Domain, SigningKey, check_signature
from crdt.errors import BadSignature, CannotOpen
from crdt.ids import DeviceId, LogId, MemberId, Pseudonym, device_id

if TYPE_CHECKING:
    from crdt.ids import EntryId

DEVICE_SECRET_BYTES = 64
DEVICE_PUBLIC_BYTES = 64
INCARNATION_BYTES = 16
ENTROPY_BYTES = 16


def derive(secret: bytes, purpose: bytes, *context: bytes) -> bytes:
    """Derive 32 bytes from a secret for one purpose (keyed BLAKE2b).

    Args:
        secret: 16 to 64 bytes.
        purpose: At most 16 bytes; the BLAKE2b personalisation.
        context: What the derived key is bound to; all but the last of fixed length.
    """
    state = blake2b(digest_size=32, key=secret, person=purpose)
    for part in context:
        state.update(part)
    return state.digest()


class MemberKey:
    """A member's root: what the recovery words stand for.

    Args:
        entropy: The 16 bytes behind the words.
    """

    __slots__ = ("_root", "withdrawal_seed")

    def __init__(self, entropy: bytes) -> None:
        if len(entropy) != ENTROPY_BYTES:
            raise ValueError(f"recovery words stand for {ENTROPY_BYTES} bytes")
        self._root = SigningKey(derive(entropy, b"mesh root"))
        self.withdrawal_seed = derive(entropy, b"mesh withdraw")

    @property
    def member(self) -> MemberId:
        """Who this is."""
        return MemberId(self._root.public)

    def enrol(self, device_public: bytes) -> Enrolment:
        """Vouch for a device."""
        signature = self._root.sign(Domain.ENROLMENT, device_public)
        return Enrolment(self.member, device_public, signature)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A member's word that a device is theirs.

    Attributes:
        device_public: 64 bytes: X25519, then Ed25519.
        signature: By the member's root key, 64 bytes.
    """

    member: MemberId
    device_public: bytes
    signature: bytes

    def check(self) -> None:
        """Make sure the member signed it.

        Raises:
            BadSignature: They did not.
        """
        if len(self.device_public) != DEVICE_PUBLIC_BYTES:
            raise BadSignature("a device has 64 public bytes")
        check_signature(self.member, Domain.ENROLMENT, self.device_public, self.signature)

    @property
    def device(self) -> DeviceId:
        """Which device."""
        return device_id(self.device_public)


class DeviceKey:
    """A device's secret: X25519 to receive, Ed25519 to sign, as in a Reticulum identity.

    Args:
        secret: 64 bytes: the X25519 private key, then the Ed25519 seed.
    """

    __slots__ = ("_box", "_secret", "_signing", "public")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != DEVICE_SECRET_BYTES:
            raise ValueError(f"a device secret has {DEVICE_SECRET_BYTES} bytes")
        self._secret = secret
        self._box = SealedBox(PrivateKey(secret[:32]))
        self._signing = SigningKey(secret[32:])
        self.public: bytes = crypto_scalarmult_base(secret[:32]) + self._signing.public

    @property
    def secret(self) -> bytes:
        """The 64 secret bytes, for the keystore and for Reticulum."""
        return self._secret

    @property
    def device(self) -> DeviceId:
        """Which device this is."""
        return device_id(self.public)

    def sign(self, domain: Domain, message: bytes) -> bytes:
        """Sign as this device."""
        return self._signing.sign(domain, message)

    def open(self, box: bytes) -> bytes:
        """Open what was sealed to this device.

        Raises:
            CannotOpen: It was sealed to another, or damaged.
        """
        try:
            return self._box.decrypt(box)
        except (CryptoError, ValueError, TypeError) as error:
            raise CannotOpen from error

    def log_key(self, realm: bytes, incarnation: bytes) -> SigningKey:
        """Derive the key of this device's log in a realm and incarnation."""
        return SigningKey(derive(self._secret, b"mesh log", incarnation, realm))


def check_device_signature(
    device_public: bytes, domain: Domain, message: bytes, signature: bytes
) -> None:
    """Make sure that a device signed a message.

    Raises:
        BadSignature: It did not.
    """
    check_signature(device_public[32:], domain, message, signature)


def seal_to_device(device_public: bytes, secret: bytes) -> bytes:
    """Seal a secret so that only one device opens it; 48 bytes longer than the secret."""
    return SealedBox(PublicKey(device_public[:32])).encrypt(secret)


def withdrawal_key(withdrawal_seed: bytes, realm: bytes) -> SigningKey:
    """Derive a member's withdrawal key in a realm; its public half is the pseudonym there."""
    return SigningKey(derive(withdrawal_seed, b"mesh pseudonym", realm))


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """What a device keeps to act for its member: everything but the root.

    Attributes:
        withdrawal_seed: 32 bytes shared by all devices of the member.
    """

    device: DeviceKey = field(repr=False)
    withdrawal_seed: bytes = field(repr=False)
    enrolment: Enrolment

    def log(self, realm: bytes, incarnation: bytes) -> LogKeys:
        """Derive the keys of our log in a realm and incarnation."""
        return LogKeys(
            self.device.log_key(realm, incarnation),
            withdrawal_key(self.withdrawal_seed, realm),
            incarnation,
        )


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys that write one log: its own, and the member's pseudonym in that space."""

    signing: SigningKey = field(repr=False)
    withdrawal: SigningKey = field(repr=False)
    incarnation: bytes

    @property
    def log(self) -> LogId:
        """Which log these keys write."""
        return LogId(self.signing.public)

    @property
    def pseudonym(self) -> Pseudonym:
        """Who writes it, in that space."""
        return Pseudonym(self.withdrawal.public)

    def sign(self, entry: EntryId) -> bytes:
        """Sign an entry of this log."""
        return self.signing.sign(Domain.ENTRY, entry)
