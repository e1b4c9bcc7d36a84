"""Ed25519 signatures (RFC 8032), each for one purpose only.

Every signature covers a domain prefix, so that what was signed as one thing
can never be shown as another.
"""

from __future__ import annotations

from enum import Enum

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError

from crdt.errors import BadSignature

SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 32
SEED_BYTES = 32


class Domain(Enum):
    """What a signature is for; the value is the prefix that it covers."""

    ENTRY = b"meshnode 1 entry\x00"
    CERTIFICATE = b"meshnode 1 certificate\x00"
    ENROLMENT = b"meshnode 1 enrolment\x00"
    BINDING = b"meshnode 1 binding\x00"
    WITHDRAWAL = b"meshnode 1 withdrawal\x00"
    INVITE = b"meshnode 1 invite\x00"
    ACT = b"meshnode 1 act\x00"
    HELLO = b"meshnode 1 hello\x00"
    RECEIPT = b"meshnode 1 receipt\x00"


class SigningKey:
    """An Ed25519 key pair.

    Args:
        seed: 32 secret bytes.
    """

    __slots__ = ("_secret", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes")
        self.public, self._secret = crypto_sign_seed_keypair(seed)

    def sign(self, domain: Domain, message: bytes) -> bytes:
        """Return the 64-byte signature of a message for one purpose."""
        signed: bytes = crypto_sign(domain.value + message, self._secret)
        return signed[:SIGNATURE_BYTES]


def check_signature(public: bytes, domain: Domain, message: bytes, signature: bytes) -> None:
    """Make sure that a signature belongs to a key, a purpose and a message.

    Raises:
        BadSignature: It does not, or key or signature are not of the right length.
    """
    if len(public) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise BadSignature("wrong length")
    try:
        crypto_sign_open(signature + domain.value + message, public)
    except CryptoError as error:
        raise BadSignature from error
