"""Authenticated encryption under keys that are used once: XChaCha20-Poly1305.

Source: draft-irtf-cfrg-xchacha-03, through libsodium. The nonce is zero unless
given, because every key here is derived for a single message.
"""

from __future__ import annotations

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from crdt.errors import CannotOpen

KEY_BYTES = 32
NONCE_BYTES = 24
TAG_BYTES = 16
ZERO_NONCE = bytes(NONCE_BYTES)


def seal(key: bytes, plain: bytes, bound: bytes = b"", nonce: bytes = ZERO_NONCE) -> bytes:
    """Encrypt; the result is 16 bytes longer.

    Args:
        key: 32 bytes.
        plain: Any length.
        bound: Clear data that the result is bound to.
        nonce: 24 bytes; give one wherever the key may see more than one message.
    """
    sealed: bytes = crypto_aead_xchacha20poly1305_ietf_encrypt(plain, bound, nonce, key)
    return sealed


def unseal(key: bytes, sealed: bytes, bound: bytes = b"", nonce: bytes = ZERO_NONCE) -> bytes:
    """Decrypt.

    Raises:
        CannotOpen: Another key, other bound data, damaged or too short.
    """
    if len(sealed) < TAG_BYTES:
        # PyNaCl would answer with a ValueError about an array.
        raise CannotOpen
    try:
        plain: bytes = crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, bound, nonce, key)
    except CryptoError as error:
        raise CannotOpen from error
    return plain
